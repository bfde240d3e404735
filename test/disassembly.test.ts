// The machine code of the kernels, read: what the compiler made of the inner loops, and that nothing went to local
// memory.

import { describe, expect, it } from 'vitest';
import { kernelsOf, missing } from './disassembler.js';

interface Expected {
  /** `family.sm_90a.cubin` in the folder of images. */
  image: string;
  kernel: string;
  /** What the kernel is for. */
  multiplies: RegExp;
  /** Its least share of the instructions of the inner loop. */
  share: number;
  /** What else stands in that loop, and tells it from the one for the last elements of K. */
  feeds: RegExp[];
}

const loads = /^LDS\.128$/;
const copies = /^LDGSTS\.E\.BYPASS\.128$/;
const simt = { multiplies: /^FFMA$/, share: 0.92, feeds: [loads, copies] };

const table: Expected[] = [
  ...['80', '86', '89', '90a', '100f', '120'].flatMap((architecture) =>
    ['128x256', '128x128'].map((tile) => ({
      image: `simt.sm_${architecture}.cubin`,
      kernel: `gemm_simt_fp32_${tile}`,
      ...simt,
    })),
  ),
  { image: 'simt.sm_90a.cubin', kernel: 'gemm_simt_fp32_64x64', ...simt, share: 0.84 },
  { image: 'simt.sm_80.cubin', kernel: 'gemm_simt_fp64_64x64', ...simt, multiplies: /^DFMA$/, share: 0.7 },
  ...['128x128', '128x64', '64x64'].flatMap((tile) => [
    {
      image: 'dmma.sm_90a.cubin',
      kernel: `gemm_dmma_fp64_${tile}`,
      multiplies: /^DMMA\.16x8x16$/,
      share: 0.05,
      feeds: [/^LDS\.64$/, copies],
    },
    {
      image: 'dmma.sm_80.cubin',
      kernel: `gemm_dmma_fp64_${tile}`,
      multiplies: /^DMMA\.884$/,
      share: 0.4,
      feeds: [/^LDS\.64$/, copies],
    },
    {
      image: 'dmma.sm_100f.cubin',
      kernel: `gemm_dmma_fp64_${tile}`,
      multiplies: /^DMMA\.8x8x4$/,
      share: 0.3,
      feeds: [/^LDS\.64$/, copies],
    },
  ]),
  ...[
    ['80', 'bf16', 'HMMA.16816.F32.BF16'],
    ['80', 'fp16', 'HMMA.16816.F32'],
    ['80', 'fp16_acc16', 'HMMA.16816.F16'],
    ['80', 'tf32', 'HMMA.1688.F32.TF32'],
    ['80', 'int8', 'IMMA.16832.S8.S8'],
    ['86', 'bf16', 'HMMA.16816.F32.BF16'],
    ['89', 'fp8e4m3_fast', 'QMMA.16832.F32.E4M3.E4M3'],
    ['89', 'fp8e5m2_fast', 'QMMA.16832.F32.E5M2.E5M2'],
    ['120', 'fp16', 'HMMA.16816.F32'],
    ['120', 'int8', 'IMMA.16832.S8.S8'],
    ['120', 'fp8e4m3_fast', 'QMMA.16832.F32.E4M3.E4M3'],
  ].flatMap(([architecture, format, instruction = '']) =>
    ['128x256_64x64', '256x128_64x64', '128x128_64x64', '64x64_32x32'].map((tile) => ({
      image: `mma.sm_${architecture}.cubin`,
      kernel: `gemm_mma_${format}_${tile}`,
      multiplies: new RegExp(`^${instruction.replaceAll('.', '\\.')}$`),
      share: tile === '64x64_32x32' ? 0.2 : 0.35,
      feeds: [/^LDSM\.16\.M88\.4$/, /^LDGSTS\.E\.BYPASS\.LTC128B\.128$/],
    })),
  ),
  ...[
    ['80', 'bf16', 'HMMA.SP.16832.F32.BF16'],
    ['80', 'fp16', 'HMMA.SP.16832.F32'],
    ['80', 'tf32', 'HMMA.SP.16816.F32.TF32'],
    ['80', 'int8', 'IMMA.SP.16864.S8.S8'],
    ['89', 'fp8e4m3_fast', 'QMMA.SP.16864.F32.E4M3.E4M3'],
    ['120', 'bf16', 'HMMA.SP.16832.F32.BF16'],
  ].flatMap(([architecture, format, instruction = '']) =>
    ['128x128_64x64', '64x64_32x32'].map((tile) => ({
      image: `sparse.sm_${architecture}.cubin`,
      kernel: `gemm_sparse_${format}_${tile}`,
      multiplies: new RegExp(`^${instruction.replaceAll('.', '\\.')}$`),
      share: tile === '64x64_32x32' ? 0.12 : 0.28,
      feeds: [/^LDSM\.16\.M88\.4$/, /^LDGSTS\.E\.BYPASS\.128$/],
    })),
  ),
];

interface Instruction {
  address: number;
  name: string;
  /** The address that a branch goes to. */
  target: number | undefined;
}

/** The instructions of one kernel, in order. */
function disassemble(image: string, kernel: string): Instruction[] {
  const code = kernelsOf(image).get(kernel) ?? '';
  const lines = code.matchAll(/\/\*([0-9a-f]{4,})\*\/\s+(?:@!?U?P\w+ )?([A-Z][\w.]*)([^;]*);/g);
  return [...lines].map(([, address = '', name = '', operands = '']) => {
    const target = name.startsWith('BRA') ? /\b0x([0-9a-f]+)\b/.exec(operands)?.[1] : undefined;
    return {
      address: Number.parseInt(address, 16),
      name,
      target: target === undefined ? undefined : Number.parseInt(target, 16),
    };
  });
}

const shareOf = (instructions: Instruction[], wanted: RegExp) =>
  instructions.filter(({ name }) => wanted.test(name)).length / Math.max(instructions.length, 1);

/** What lies between a branch and the earlier place that it goes to. */
const loopsOf = (all: Instruction[]): Instruction[][] =>
  all.flatMap(({ address, target }) =>
    target !== undefined && target < address
      ? [all.filter((one) => target <= one.address && one.address <= address)]
      : [],
  );

describe('the machine code', () => {
  it.skipIf(missing !== '').each(table)(
    'of $kernel in $image',
    ({ image, kernel, multiplies, share, feeds }) => {
      const all = disassemble(image, kernel);
      expect(all.length, 'instructions').toBeGreaterThan(0);
      expect(all.filter(({ name }) => /^(LDL|STL)\b/.test(name))).toEqual([]);
      const fed = loopsOf(all).filter((loop) => feeds.every((feed) => shareOf(loop, feed) > 0));
      expect(Math.max(...fed.map((loop) => shareOf(loop, multiplies)))).toBeGreaterThanOrEqual(share);
    },
    60_000,
  );
});
