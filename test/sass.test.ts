// The machine code of the Hopper kernels, where a disassembler is: NAMEPLATE_CUOBJDUMP, or cuobjdump on the PATH or in the
// toolkit's folder. The compiler may take another path than the source asks for, and the result is right all the same.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const image = 'build/cmake/Release/kernels/wgmma.sm_90a.cubin';
const cuobjdump = [process.env.NAMEPLATE_CUOBJDUMP, 'cuobjdump', '/usr/local/cuda/bin/cuobjdump'].find(
  (path) => path !== undefined && spawnSync(path, ['--version']).status === 0,
);
const missing = cuobjdump === undefined ? 'no cuobjdump' : existsSync(image) ? '' : `no ${image}`;

/** The multiply of each format, for tiles of so many columns. */
const multiplies: Record<string, (columns: number) => string> = {
  bf16: (n) => `HGMMA.64x${n}x16.F32.BF16`,
  fp16: (n) => `HGMMA.64x${n}x16.F32`,
  fp16_acc16: (n) => `HGMMA.64x${n}x16.F16`,
  tf32: (n) => `HGMMA.64x${n}x8.F32.TF32`,
  int8: (n) => `IGMMA.64x${n}x32.S8.S8`,
  fp8e4m3: (n) => `QGMMA.64x${n}x32.F32.E4M3.E4M3`,
  fp8e4m3_fast: (n) => `QGMMA.64x${n}x32.F32.E4M3.E4M3`,
  fp8e5m2: (n) => `QGMMA.64x${n}x32.F32.E5M2.E5M2`,
  fp8e5m2_fast: (n) => `QGMMA.64x${n}x32.F32.E5M2.E5M2`,
};

/** How often each instruction, with what narrows it, stands in each kernel. */
function instructions(sass: string): Map<string, Map<string, number>> {
  const kernels = new Map<string, Map<string, number>>();
  for (const part of sass.split(/\n\s*Function : /).slice(1)) {
    const counts = new Map<string, number>();
    for (const [, name = ''] of part.matchAll(/^\s+\/\*[0-9a-f]{4,}\*\/\s+(?:@!?\w+ )?\s*([A-Z][\w.]*)/gm))
      counts.set(name, (counts.get(name) ?? 0) + 1);
    kernels.set(part.slice(0, part.search(/\s/)), counts);
  }
  return kernels;
}

describe('the machine code for Hopper', () => {
  it.skipIf(missing !== '')(
    `multiplies by wgmma, moves by TMA, and keeps its sums in registers ${missing && `(skipped: ${missing})`}`,
    () => {
      const listing = spawnSync(cuobjdump ?? '', ['-sass', image], { encoding: 'utf8', maxBuffer: 2 ** 28 });
      const kernels = instructions(listing.stdout);
      expect(kernels.size).toBeGreaterThanOrEqual(40);
      for (const [kernel, counts] of kernels) {
        const [, format = '', m = '', n = ''] = /^gemm_wgmma_(\w+)_(\d+)x(\d+)$/.exec(kernel) ?? [];
        const of = (start: string): [string, number][] =>
          [...counts].filter(([name]) => name.startsWith(start)).sort();
        // Four multiplies for the 128 bytes of a stage, and for each 64 rows of a consumer's half of the tile.
        const multiply = multiplies[format]?.(Number(n));
        expect([kernel, of('HGMMA'), of('IGMMA'), of('QGMMA')].flat()).toEqual([
          kernel,
          [multiply, (4 * Number(m)) / 128],
        ]);
        const names = [...counts.keys()];
        const alone = kernel.endsWith('_128x64');
        expect(names, kernel).toContain('UTMALDG.2D');
        expect(names.includes('UTMALDG.2D.MULTICAST'), kernel).toBe(!alone);
        expect(names, kernel).toContain('UTMASTG.2D');
        expect(of('USETMAXREG').length, kernel).toBe(2);
        // Sums in local memory, or multiplies on the older path.
        for (const wrong of ['LDL', 'STL', 'HMMA', 'IMMA', 'QMMA']) expect(of(wrong), kernel).toEqual([]);
        // One fence of the whole device at each of the two waits for the cluster, and none in between.
        expect(counts.get('MEMBAR.ALL.GPU'), kernel).toBe(2);
      }
    },
  );
});
