// What we declare of NVIDIA's interfaces by hand, held against the real headers where a toolkit is.

import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const compilers = [...(process.env.PATH ?? '').split(':'), '/usr/local/cuda/bin'].map((folder) =>
  join(folder, 'nvcc'),
);
const [headers] = compilers
  .filter((path) => existsSync(path))
  .map((path) => join(dirname(realpathSync(path)), '../include'))
  .filter((folder) => existsSync(join(folder, 'cuda.h')));

it.skipIf(headers === undefined)(
  'the tables of native/cuda agree with the headers of the toolkit',
  async () => {
    const flags = ['-std=c++20', '-fsyntax-only', '-Wall', '-Wextra', '-Werror', '-I', 'native'];
    const compiled = promisify(execFile)('g++', [
      ...flags,
      '-idirafter',
      headers ?? '',
      'native/cuda/api_check.cc',
    ]);
    await expect(compiled).resolves.toEqual({ stdout: '', stderr: '' });
  },
);
