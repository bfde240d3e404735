// Which of our own kernels takes a product on Hopper: wgmma where the copy engine can address the matrices, an older one
// elsewhere, never without a word.

import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { measure, scratch, simulate } from './simulation.js';

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
      expect(kernel).toMatch(/^gemm_wgmma_int8_\d+x\d+_\dx\d \(wgmma\./);
      expect(wrong).toBe(0);
    }
  });

  // A Node program times nothing. On 132 multiprocessors 128 x 256 would take 1536 and 3072 in turns of 72 and 96 blocks;
  // 128 x 64 would fill the turns of 6144, each at little more than half the speed.
  it.each([
    [2048, '128x256'],
    [1536, '128x192'],
    [3072, '128x192'],
    [6144, '256x192'],
    [64, '64x128'],
  ])('that nobody times, %d squared, gets the tile whose turns take least', async (size, tile) => {
    const [answer] = await multiplied({}, { m: size, n: size, k: 16, extra: 0, offset: 0 });
    expect(answer?.kernel).toMatch(new RegExp(`^gemm_wgmma_int8_${tile}_\\d`));
    expect(answer?.wrong).toBe(0);
  });

  it('has K split where C has few tiles and K is long, and the row says so', async () => {
    const { report } = await measure(
      {},
      ...['--only', 'gemm.bf16', '--provider', 'builtin', '--shape', '64x64x8192'],
    );
    const [square, long] = report.rows;
    expect(square?.kernel?.note).not.toContain('parts');
    expect(long).toMatchObject({
      shape: { k: 8192 },
      kernel: { note: expect.stringMatching(/; K in \d+ parts; best of .* with K in \d+ parts \S+ ms/) },
    });
    expect(long?.verdict.status).not.toMatch(/failed|corrupted/);
  });

  it('is taken by an older kernel where they do not, and its name says so', async () => {
    const cases = [
      { ...whole, k: 63 },
      { ...whole, n: 47 },
      { ...whole, offset: 1 },
      { ...whole, extra: 3 },
    ];
    for (const { kernel, wrong } of await multiplied({}, ...cases)) {
      expect(kernel).toMatch(/^gemm_mma_int8_/);
      expect(wrong).toBe(0);
    }
  });

  it('has wgmma first of every tensor format, and the row says what is not known of it', async () => {
    const { report } = await measure({}, '--only', 'gemm.*', '--provider', 'builtin');
    const own = report.rows.filter(
      ({ id, dtype }) => !/^fp(64|32)$/.test(dtype ?? '') && !id.endsWith('.sparse'),
    );
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

  it('is taken by wgmma.sp where A is sparse, in every format, and by mma.sp where there are no tensor maps', async () => {
    const sparse = ['--only', 'gemm.*.sparse', '--provider', 'builtin'];
    const shapes = ['256', '65x200x384', '200x33x8192'].flatMap((shape) => ['--shape', shape]);
    const { report } = await measure({}, ...sparse, ...shapes);
    const rows = report.rows.filter(({ shape }) => 'k' in shape && shape.k !== 64); // which 8 bits do not take
    expect(rows).toHaveLength(5 * 3);
    for (const { id, kernel, verdict } of rows) {
      expect(kernel?.name, id).toMatch(/^gemm_sparse_wgmma_\w+ \(sparse_wgmma\.sm_90a\.cubin/);
      expect(kernel?.note, id).toContain('not yet run on a GPU');
      expect(verdict.status, id).not.toMatch(/failed|corrupted/);
    }
    const long = rows.filter(({ shape }) => 'k' in shape && shape.k === 8192);
    for (const { id, kernel } of long) expect(kernel?.note, id).toMatch(/; K in \d+ parts; best of 5 timed/);
    const without = await measure({ NAMEPLATE_FAULT: 'missing:cuTensorMapEncodeTiled' }, ...sparse);
    const older = without.report.rows.flatMap(
      ({ kernel }) => kernel?.name.match(/^gemm_sparse_[a-z]+\d+_/) ?? [],
    );
    expect(older).toEqual(['gemm_sparse_tf32_', 'gemm_sparse_fp16_', 'gemm_sparse_bf16_']);
  });

  it('is never taken by a step of the ladder, unless it is asked for by its name', async () => {
    const row = async (environment: Record<string, string>) => {
      const { report } = await measure(environment, '--only', 'gemm.bf16', '--provider', 'builtin');
      return report.rows[0];
    };
    const ordinary = await row({});
    expect(ordinary?.kernel?.name).toMatch(/^gemm_wgmma_bf16_/);
    expect(ordinary?.kernel?.note).not.toContain('ladder');
    for (const step of [1, 4, 8]) {
      const asked = await row({ NAMEPLATE_KERNEL: `gemm_ladder_bf16_${step}` });
      expect(asked?.kernel).toMatchObject({
        name: expect.stringMatching(new RegExp(`^gemm_ladder_bf16_${step} \\(ladder\\.`)),
        note: expect.stringContaining('not yet run on a GPU'),
      });
      expect(asked?.verdict.status).not.toMatch(/failed|corrupted/);
    }
  });

  it('climbs the ladder by one command, which verifies each step and holds it against its prediction', async () => {
    const out = scratch();
    const { code, stdout } = await simulate(
      {},
      'bench/gpu-ladder.mjs',
      ...['--size', '64', '--rounds', '1', '--burst', '0.01', '--out', out],
    );
    expect(stdout.match(/^gemm_\S+ +right$/gm)).toHaveLength(9);
    expect(stdout).toMatch(/^producer, 5 stages +480-520 +\d+\.\d +(below|inside|above)$/m);
    expect(code).toBe(0);
    expect(readdirSync(out)).toEqual([expect.stringMatching(/^simulated-gpu-ladder-.*\.json$/)]);
  });

  it('is left to the older kernels by a driver that knows no tensor maps, and the note says why', async () => {
    const { report } = await measure(
      { NAMEPLATE_FAULT: 'missing:cuTensorMapEncodeTiled' },
      ...['--only', 'gemm.bf16', '--provider', 'builtin'],
    );
    expect(report.rows[0]?.kernel).toMatchObject({
      name: expect.stringMatching(/^gemm_mma_bf16_/),
      note: expect.stringContaining('wgmma: the driver cannot describe matrices to the copy engine'),
    });
  });
});
