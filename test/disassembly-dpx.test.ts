// The machine code of the DPX loops: one instruction a call where the hardware has it, several where it has not, and no
// call left out.

import { describe, expect, it } from 'vitest';
import { kernelsOf, missing } from './disassembler.js';

/** Of one round of the loop: eight chains, sixteen steps. */
const calls = 8 * 16;

/** How often each instruction stands between a backward branch and where it goes, in the longest such loop. */
function loopOf(sass: string): Map<string, number> {
  const lines = sass.matchAll(/\/\*([0-9a-f]{4,})\*\/\s+(?:@!?U?P\w+ )?([A-Z][\w.]*)([^;]*);/g);
  const all = [...lines].map(([, address = '', name = '', operands = '']) => ({
    address: Number.parseInt(address, 16),
    name,
    // Of Blackwell, what an instruction waits for stands behind: "UP0, 0x170 ?trans6".
    target: name.startsWith('BRA')
      ? Number.parseInt(/0x([0-9a-f]+)\s*(?:\?\w+)?\s*$/.exec(operands)?.[1] ?? '', 16)
      : NaN,
  }));
  const loops = all
    .filter(({ address, target }) => target < address)
    .map((end) => all.filter(({ address }) => end.target <= address && address <= end.address));
  const longest = loops.reduce((most, loop) => (loop.length > most.length ? loop : most), []);
  const counts = new Map<string, number>();
  for (const { name } of longest) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

const sum = (counts: Map<string, number>, wanted: RegExp) =>
  [...counts].reduce((total, [name, count]) => total + (wanted.test(name) ? count : 0), 0);

const native = ['90a', '100f'].flatMap((architecture) => [
  { architecture, kernel: 'dpx_viaddmax_s32', instruction: 'VIADDMNMX' },
  { architecture, kernel: 'dpx_viaddmax_s16x2', instruction: 'VIADDMNMX.S16x2' },
  { architecture, kernel: 'dpx_viaddmax_s16x2_relu', instruction: 'VIADDMNMX.S16x2.RELU' },
  { architecture, kernel: 'dpx_vimax3_s32', instruction: 'VIMNMX3' },
]);

/** Minima and maxima that a call takes where it is several instructions; sm_120 still takes both halves at once. */
const emulated = ['75', '80', '86', '89', '120'].flatMap((architecture) => {
  const packed = architecture === '120';
  return [
    { architecture, kernel: 'dpx_viaddmax_s32', each: 1 },
    { architecture, kernel: 'dpx_viaddmax_s16x2', each: packed ? 1 : 2 },
    { architecture, kernel: 'dpx_viaddmax_s16x2_relu', each: packed ? 1 : 4 },
    { architecture, kernel: 'dpx_vimax3_s32', each: 2 },
  ];
});

const codeOf = (architecture: string, kernel: string) =>
  kernelsOf(`dpx.sm_${architecture}.cubin`).get(kernel) ?? '';

describe('the DPX loops', () => {
  it.skipIf(missing !== '').each(native)(
    'are $instruction on sm_$architecture, and nothing besides but their end',
    ({ architecture, kernel, instruction }) => {
      const code = codeOf(architecture, kernel);
      const counts = loopOf(code);
      expect(counts.get(instruction)).toBe(calls);
      expect(sum(counts, /./)).toBeLessThanOrEqual(calls + 3);
      expect(code).not.toMatch(/\b(LDL|STL)\b/);
    },
  );

  it.skipIf(missing !== '').each(emulated)(
    'of $kernel on sm_$architecture are several instructions a call, and lose none',
    ({ architecture, kernel, each }) => {
      const code = codeOf(architecture, kernel);
      const counts = loopOf(code);
      expect(sum(counts, /^VIADDMNMX|^VIMNMX3/)).toBe(0);
      expect(sum(counts, /^V?IMNMX/)).toBe(each * calls);
      expect(sum(counts, /./)).toBeGreaterThanOrEqual(2 * calls);
      expect(code).not.toMatch(/\b(LDL|STL)\b/);
    },
  );
});
