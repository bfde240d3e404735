// A limit on the address space (ulimit -v) costs the rows that have no room, and nothing hangs.

import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { loadNative } from '../src/native.js';
import { parseReport } from '../src/report/index.js';
import { cli } from './command.js';

const kibibytes = 1_500_000;
const limited = (...args: string[]) => {
  const command = 'ulimit -v "$1"; shift; exec "$@"';
  return spawnSync('bash', ['-c', command, 'bash', `${kibibytes}`, process.execPath, ...args], {
    encoding: 'utf8',
    timeout: 50_000,
  });
};
const { libraries } = await loadNative().inventory();
const possible = libraries.some(({ name }) => name === 'OpenBLAS') && limited('--version').status === 0;

it.skipIf(!possible)(
  'OpenBLAS, which would ask for its buffers for ever, is left out with the reason',
  () => {
    const row = ['--only', 'gemm.fp32', '--shape', '64', '--quick', '--wait', '--json', '-'];
    const { stdout, status } = limited(cli, 'run', '--device', 'cpu', ...row);
    expect(status).not.toBeNull();
    const verdicts = Object.fromEntries(
      parseReport(stdout).rows.map((each) => [each.provider, each.verdict]),
    );
    expect(verdicts.builtin?.status).toBe('unjudged');
    expect(verdicts.openblas).toMatchObject({
      status: 'unsupported',
      why: expect.stringMatching(/address space.*ulimit -v/),
    });
  },
);
