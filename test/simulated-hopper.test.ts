// Which of our own kernels takes a product on Hopper: wgmma where the copy engine can address the matrices, an older one
// elsewhere, never without a word.

import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { measure, simulate } from './simulation.js';

const Answer = z.strictObject({ kernel: z.string(), wrong: z.number() });

async function multiplied(environment: Record<string, string>, ...cases: object[]) {
  const { code, stdout, stderr } = await simulate(
    environment,
    'test/driver/multiplies.mjs',
    JSON.stringify(cases),
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout
    .trim()
    .split('\n')
    .map((line) => Answer.parse(JSON.parse(line)));
}

const whole = { m: 33, n: 48, k: 64, extra: 0, offset: 0 };

describe.concurrent('a product on Hopper', () => {
  it('is taken by wgmma where rows and matrices begin on 16-byte boundaries', async () => {
    const cases = [whole, { ...whole, extra: 16 }, { ...whole, offset: 16 }, { ...whole, k: 0 }];
    for (const { kernel, wrong } of await multiplied({}, ...cases)) {
      expect(kernel).toMatch(/^gemm_wgmma_int8_\d+x\d+ \(wgmma\./);
      expect(wrong).toBe(0);
    }
  });

  it('is taken by an older kernel where they do not, and its name says so', async () => {
    const cases = [
      { ...whole, k: 63 },
      { ...whole, n: 47 },
      { ...whole, offset: 1 },
      { ...whole, extra: 3 },
    ];
    for (const { kernel, wrong } of await multiplied({}, ...cases)) {
      expect(kernel).toMatch(/^gemm_wmma_int8 /);
      expect(wrong).toBe(0);
    }
  });

  it('has wgmma first of every tensor format, and the row says what is not known of it', async () => {
    const { report } = await measure({}, '--only', 'gemm.*', '--provider', 'builtin');
    const own = report.rows.filter(({ dtype }) => dtype !== 'fp64' && dtype !== 'fp32');
    expect(own).toHaveLength(9);
    for (const { id, kernel, verdict } of own) {
      expect(kernel?.name, id).toMatch(/^gemm_wgmma_/);
      expect(kernel, id).toMatchObject({
        tuned: false,
        note: expect.stringContaining('not yet run on a GPU'),
      });
      expect(verdict.status, id).not.toMatch(/failed|corrupted/);
    }
  });

  it('is left to the older kernels by a driver that knows no tensor maps, and the note says why', async () => {
    const { report } = await measure(
      { NAMEPLATE_FAULT: 'missing:cuTensorMapEncodeTiled' },
      ...['--only', 'gemm.bf16', '--provider', 'builtin'],
    );
    expect(report.rows[0]?.kernel).toMatchObject({
      name: expect.stringMatching(/^gemm_wmma_bf16 /),
      note: expect.stringContaining('wgmma: the driver cannot describe matrices to the copy engine'),
    });
  });
});
