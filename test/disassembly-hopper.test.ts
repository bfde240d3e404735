// The machine code of the Hopper kernels: wgmma, TMA and nothing in local memory.

import { describe, expect, it } from 'vitest';
import { kernelsOf, missing } from './disassembler.js';

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

/** The same of an A with 2:4 sparsity. */
const sparseMultiplies: Record<string, (columns: number) => string> = {
  bf16: (n) => `HGMMA.SP.64x${n}x32.F32.BF16`,
  fp16: (n) => `HGMMA.SP.64x${n}x32.F32`,
  tf32: (n) => `HGMMA.SP.64x${n}x16.F32.TF32`,
  int8: (n) => `IGMMA.SP.64x${n}x64.S8.S8`,
  fp8e4m3_fast: (n) => `QGMMA.SP.64x${n}x64.F32.E4M3.E4M3`,
};

/** How often each instruction, with what narrows it, stands in a kernel. */
function instructions(sass: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [, name = ''] of sass.matchAll(/^\s+\/\*[0-9a-f]{4,}\*\/\s+(?:@!?\w+ )?\s*([A-Z][\w.]*)/gm))
    counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

describe('the machine code for Hopper', () => {
  it.skipIf(missing !== '')(
    `multiplies by wgmma, moves by TMA, and keeps its sums in registers ${missing && `(skipped: ${missing})`}`,
    () => {
      const kernels = kernelsOf('wgmma.sm_90a.cubin');
      expect(kernels.size).toBeGreaterThanOrEqual(40);
      for (const [kernel, sass] of kernels) {
        const counts = instructions(sass);
        const [, format = '', m = '', n = ''] = /^gemm_wgmma_(\w+)_(\d+)x(\d+)_\dx\d$/.exec(kernel) ?? [];
        const of = (start: string): [string, number][] =>
          [...counts].filter(([name]) => name.startsWith(start)).sort();
        // Four multiplies for the 128 bytes of a stage, and for each 64 rows of a consumer's half of the tile.
        const multiply = multiplies[format]?.(Number(n));
        expect([kernel, of('HGMMA'), of('IGMMA'), of('QGMMA')].flat()).toEqual([
          kernel,
          [multiply, Math.max(4, (4 * Number(m)) / 128)],
        ]);
        const names = [...counts.keys()];
        const alone = kernel.endsWith('_1x1');
        expect(names, kernel).toContain('UTMALDG.2D');
        expect(names.includes('UTMALDG.2D.MULTICAST'), kernel).toBe(!alone);
        expect(names, kernel).toContain('UTMASTG.2D');
        expect(of('USETMAXREG').length, kernel).toBe(m === '64' ? 0 : 2);
        // Sums in local memory, or multiplies on the older path.
        for (const wrong of ['LDL', 'STL', 'HMMA', 'IMMA', 'QMMA']) expect(of(wrong), kernel).toEqual([]);
        // A fence of the whole device where a part of K has come, and where a cluster ends, but for a block that is alone.
        expect(counts.get('MEMBAR.ALL.GPU') ?? 0, kernel).toBe(alone ? 1 : 2);
        // The sums of other parts past the L1 cache, four words at once.
        expect(of('LDG'), kernel).toEqual([['LDG.E.128.STRONG.GPU', expect.any(Number)]]);
      }
    },
  );

  it.skipIf(missing !== '')('multiplies a sparse A by wgmma.sp, with its metadata in registers', () => {
    const kernels = kernelsOf('sparse_wgmma.sm_90a.cubin');
    expect(kernels.size).toBe(5 * 5);
    for (const [kernel, sass] of kernels) {
      const counts = instructions(sass);
      const [, format = '', m = '', n = ''] =
        /^gemm_sparse_wgmma_(\w+)_(\d+)x(\d+)_\dx\d$/.exec(kernel) ?? [];
      const of = (start: string): [string, number][] =>
        [...counts].filter(([name]) => name.startsWith(start)).sort();
      // Two stages in turns, each with registers of its own for the metadata, and for each stage and 64 rows four multiplies.
      const pieces = Math.max(1, Number(m) / 128);
      expect([kernel, of('HGMMA'), of('IGMMA'), of('QGMMA')].flat()).toEqual([
        kernel,
        [sparseMultiplies[format]?.(Number(n)), 2 * 4 * pieces],
      ]);
      // The second multiply of a word, of 16-bit formats and tf32, reads those of lanes 2 and 3 of every four.
      const wide = !/int8|fp8/.test(format);
      const others = sass.match(/GMMA\.SP.*, 0x1(, gsb0)? ;/g) ?? [];
      expect(others, kernel).toHaveLength(wide ? 4 * pieces : 0);
      // Words of metadata of the first stage and of those in turns, none of them twice.
      const words = (wide ? 2 : 4) * pieces;
      expect(counts.get('LDG.E.CONSTANT'), kernel).toBe(3 * words);
      expect([...counts.keys()], kernel).toContain('UTMASTG.2D');
      for (const wrong of ['LDL', 'STL', 'HMMA', 'IMMA', 'QMMA']) expect(of(wrong), kernel).toEqual([]);
    }
  });

  it.skipIf(missing !== '')('has what each step of the ladder is about, and nothing in local memory', () => {
    const steps = kernelsOf('ladder.sm_90a.cubin');
    expect(steps.size).toBe(8);
    for (const [kernel, sass] of steps) {
      const names = [...instructions(sass).keys()];
      const step = Number(kernel.at(-1));
      const columns = [64, 128, 128][step - 1] ?? 256;
      expect(
        names.filter((name) => /^[HIQ]GMMA/.test(name)),
        kernel,
      ).toEqual([`HGMMA.64x${columns}x16.F32.BF16`]);
      expect(
        ['USETMAXREG.TRY_ALLOC.CTAPOOL', 'UTMALDG.2D.MULTICAST'].map((name) => names.includes(name)),
        kernel,
      ).toEqual([step >= 4, step >= 7]);
      expect(
        ['UTMASTG.2D', 'STSM.16.M88.4', 'LDL', 'STL'].filter((name) => names.includes(name)),
        kernel,
      ).toEqual(step === 8 ? ['UTMASTG.2D', 'STSM.16.M88.4'] : []);
    }
  });
});
