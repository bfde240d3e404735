// The oldest g++ that builds the addon is 11, the default of Ubuntu 22.04 and RHEL 9; it cannot choose among clones by the
// names of levels (x86-64-v3).

import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const execute = promisify(execFile);
const oldest = 'g++-11';
const present = spawnSync(oldest, ['--version']).status === 0;

it.skipIf(!present).each(['native/reference.cc', 'native/cpu/encode.cc'])(
  `${oldest} compiles %s with its clones (skipped where ${oldest} is not installed)`,
  async (source) => {
    const object = join(mkdtempSync(join(tmpdir(), 'nameplate-older-')), `${basename(source)}.o`);
    const options = ['-std=c++20', '-O3', '-Wall', '-Wextra', '-Werror', '-I', 'native'];
    await execute(oldest, [...options, '-c', source, '-o', object]);
    if (process.arch !== 'x64') return;
    const { stdout } = await execute('nm', [object]);
    expect(stdout).toMatch(/ i _Z\S+$/m);
    for (const clone of ['avx512f', 'avx2', 'default']) expect(stdout).toMatch(new RegExp(`\\.${clone}`));
  },
  180_000,
);
