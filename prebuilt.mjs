// What a package brings with it, so that a machine with a driver needs neither a compiler nor a CUDA toolkit: the addon
// as it was built where the package was made, and the CUDA kernels as device code, which is the same for every processor.
//
//   node prebuilt.mjs pack [FOLDER]   gathers them from build/, into prebuilt/ or FOLDER (npm does so when it packs)
//   node prebuilt.mjs unpack          removes prebuilt/: a clone builds its own

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { argv, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const folder = join(root, 'prebuilt');
const built = join(root, 'build/cmake/Release');

const say = (text) => process.stderr.write(`nameplate: ${text}\n`);
const images = (place) =>
  existsSync(place) ? readdirSync(place).filter((name) => /\.(cubin|ptx)$/.test(name)) : [];

/** Whether the package brought kernels. A clone does not use what was packed from it: its sources may have changed since. */
export const bringsKernels = () =>
  !existsSync(join(root, '.git')) && images(join(folder, 'kernels')).length > 0;

/** Whether the package's own addon loads here. Asked of a process of its own: what cannot be loaded may end it. */
export function bringsAddon() {
  const addon = join(folder, 'nameplate.node');
  if (existsSync(join(root, '.git')) || !existsSync(addon)) return false;
  const { status } = spawnSync(execPath, ['-e', `require(${JSON.stringify(addon)})`], { stdio: 'ignore' });
  return status === 0;
}

/** Puts the package's kernels beside an addon that was built here. */
export function placeKernels(beside) {
  cpSync(join(folder, 'kernels'), join(beside, 'kernels'), { recursive: true });
}

function pack(to) {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  const kernels = images(join(built, 'kernels'));
  if (kernels.length === 0 && process.env.npm_command === 'publish') {
    say('a package is published with CUDA kernels: build it where nvcc is');
    process.exitCode = 1;
    return;
  }
  for (const part of ['nameplate.node', ...kernels.map((name) => join('kernels', name))])
    cpSync(join(built, part), join(to, part));
  say(
    `packed the addon for ${process.platform}-${process.arch} and ${kernels.length} images of CUDA kernels`,
  );
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  if (argv[2] === 'pack') pack(argv[3] ?? folder);
  else if (argv[2] === 'unpack') rmSync(folder, { recursive: true, force: true });
  else {
    say('usage: node prebuilt.mjs pack [FOLDER] | unpack');
    process.exitCode = 2;
  }
}
