// The machine code of the kernels as text, where a disassembler is: NAMEPLATE_CUOBJDUMP, or cuobjdump on the PATH or in the
// toolkit's folder. The compiler may take another path than the source asks for, and the result is right all the same.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const folder = 'build/cmake/Release/kernels';
const cuobjdump = [process.env.NAMEPLATE_CUOBJDUMP, 'cuobjdump', '/usr/local/cuda/bin/cuobjdump'].find(
  (path) => path !== undefined && spawnSync(path, ['--version']).status === 0,
);

/** Why there is nothing to read; empty where there is. */
export const missing = cuobjdump === undefined ? 'no cuobjdump' : existsSync(folder) ? '' : `no ${folder}`;

const texts = new Map<string, string>();

/** The machine code of each kernel of an image, `family.sm_90a.cubin`, by the kernel's name. */
export function kernelsOf(image: string): Map<string, string> {
  const known = texts.get(image);
  const asked = ['-sass', join(folder, image)];
  const text =
    known ?? spawnSync(cuobjdump ?? '', asked, { encoding: 'utf8', maxBuffer: 2 ** 28 }).stdout ?? '';
  texts.set(image, text);
  const parts = text.split(/\n\s*Function : /).slice(1);
  return new Map(parts.map((part) => [part.slice(0, part.search(/\s/)), part]));
}
