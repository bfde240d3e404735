// The C++ side's formatter, as part of `npm run lint`; its linter is the compiler, with -Wall -Wextra -Werror.
//   node test/format.mjs [--write]

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const formatter = join(dirname(require.resolve('clang-format-node/package.json')), 'build/cli.js');
const sources = ['native', 'test', 'bench'].flatMap((folder) =>
  readdirSync(folder, { recursive: true })
    .filter((path) => /\.(cc|h|cu)$/.test(path))
    .map((path) => join(folder, path)),
);
const mode = process.argv.includes('--write') ? ['-i'] : ['--dry-run', '-Werror'];
const result = spawnSync(process.execPath, [formatter, ...mode, ...sources], { stdio: 'inherit' });
process.exitCode = result.status ?? 1;
