// What a terminal is shown while work goes on: script (util-linux) stands for one.

import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { cli } from './command.js';

vi.setConfig({ testTimeout: 60_000 });

const missing = spawnSync('script', ['--version']).status !== 0;

const usual = 'cols 100 rows 30';

/** All that a command writes to a terminal of that name and size, whichever stream it takes. */
async function shown(terminal: string, size: string, ...args: string[]): Promise<string> {
  const command = `stty ${size}; ${[process.execPath, cli, ...args].join(' ')}`;
  const cwd = mkdtempSync(join(tmpdir(), 'nameplate-terminal-'));
  const { NO_COLOR: _, CI: __, ...env } = process.env;
  const options = { cwd, env: { ...env, TERM: terminal } };
  return (await promisify(execFile)('script', ['-qec', command, '/dev/null'], options)).stdout;
}

const small = ['--device', 'cpu', '--wait'];
const soak = ['soak', ...small, '--minutes', '0.02', '--shape', '64', '--no-save'];
const work: [string, string[]][] = [
  [
    'run',
    [
      'run',
      ...small,
      '--quick',
      '--only',
      'gemm.fp32',
      '--provider',
      'builtin',
      '--shape',
      '64',
      '--no-save',
    ],
  ],
  ['soak', soak],
  ['selftest', ['selftest', ...small]],
];

describe.skipIf(missing)(
  `work on a terminal${missing ? ' (skipped: there is no script command)' : ''}`,
  () => {
    const control = String.fromCharCode(27);

    it.each(work)('is shown in a line that rewrites itself: %s', async (_, args) => {
      expect(await shown('xterm', usual, ...args)).toContain(`${control}[2K`);
    });

    it('is shown where the terminal does not tell its size', async () => {
      expect(await shown('xterm', 'cols 0 rows 0', ...soak)).toMatch(/gemm\.fp32 on cpu · 0 s of 1\.20 s/);
    });

    it.each(work)('leaves a dumb terminal as it is, which cannot go back in a line: %s', async (_, args) => {
      expect(await shown('dumb', usual, ...args)).not.toContain(control);
    });
  },
);
