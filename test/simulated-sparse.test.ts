// Products of an A with 2:4 sparsity on simulated cards, through the real command: A is pruned and compressed here, and the
// simulated driver reads it back by the tables of the PTX ISA. cuSPARSELt has a form of its own for it.

import { describe, expect, it, vi } from 'vitest';
import { loadNative } from '../src/index.js';
import { parseReport } from '../src/report/index.js';
import type { Row } from '../src/row.js';
import { cli } from './command.js';
import { type Environment, folder, simulate, statusOf } from './simulation.js';

vi.setConfig({ testTimeout: 60_000 });

const formats = ['tf32', 'fp16', 'bf16', 'fp8e4m3', 'int8'];

/** The rows of the formats on a card, at one shape, by own kernels or by cuSPARSELt (vendor). */
async function measured(
  card: string,
  shape: string,
  { only = 'gemm.*.sparse', provider = 'builtin', ...environment }: Environment = {},
) {
  const args = ['run', '--quick', '--only', only, '--shape', shape, '--provider', provider, '--json', '-'];
  const { code, stdout } = await simulate({ NAMEPLATE_SIMULATE: card, ...environment }, cli, ...args);
  return { code, rows: parseReport(stdout).rows };
}

const whyOf = ({ verdict }: Row) => ('why' in verdict ? verdict.why : '');

describe.concurrent('sparse rows', () => {
  it.each([
    ['a100-sxm4-80gb', ['fp8e4m3']],
    ['rtx-4090', []],
    ['l40', []],
  ])('of %s are right, and held against the sparse figures of its documents', async (card, lacking) => {
    const { code, rows } = await measured(card, '129x65x256');
    expect(code).toBe(0);
    const has = (format: string) => !(lacking as string[]).includes(format);
    expect(rows.map(statusOf)).toEqual(
      formats.map((format) => `gemm.${format}.sparse builtin ${has(format) ? 'unjudged' : 'unsupported'}`),
    );
    for (const { dtype, work, kernel, verification, documented, attribution } of rows.filter(
      (row) => row.rate !== null,
    )) {
      const resource = `tensor.${dtype === 'fp8e4m3' ? 'fp8' : dtype}.sparse`;
      expect(kernel).toMatchObject({ resource, name: expect.stringMatching(/^gemm_sparse_/) });
      expect(documented).toMatchObject({ resource, sparse: true });
      // The zeros count, as in the documents.
      expect(work).toMatchObject({
        flop: 2 * 129 * 65 * 256,
        flopCounted: expect.stringMatching(/zeros of A/),
      });
      expect(verification).toMatchObject({ differences: 0, timedLaunchesCompared: true });
      expect(verification?.compared).toBeGreaterThan(129 * 65);
      // Twice the dense rate at the model's efficiency.
      expect(attribution?.ofClock).toBeCloseTo(0.9, 2);
    }
  });

  it('say what a device or a shape lacks', async () => {
    const old = await measured('v100-sxm2-16gb', '64');
    expect(old.rows.map(whyOf)).toEqual(
      formats.map((format) =>
        format === 'fp8e4m3'
          ? 'sparse fp8 tensor cores need compute capability 8.9; this device has 7.0'
          : 'sparse tensor cores need compute capability 8.0; this device has 7.0',
      ),
    );
    const { code, rows } = await measured('l40', '64x64x1000');
    expect(rows.map(whyOf)).toEqual([
      'tf32 with 2:4 sparsity takes K in multiples of 32',
      'fp16 with 2:4 sparsity takes K in multiples of 64',
      'bf16 with 2:4 sparsity takes K in multiples of 64',
      'fp8e4m3 with 2:4 sparsity takes K in multiples of 128',
      'int8 with 2:4 sparsity takes K in multiples of 128',
    ]);
    expect(code).toBe(3);
    const blackwell = await measured('unknown-100', '128', { only: 'gemm.fp8e4m3.sparse' });
    expect(blackwell.rows.map(whyOf)).toEqual([
      'no kernel of ours multiplies fp8e4m3 with 2:4 sparsity on compute capability 10.0',
    ]);
  });

  it('are told from dense ones where operations are counted', async () => {
    const { stdout } = await simulate(
      { NAMEPLATE_SIMULATE: 'a100-sxm4-80gb' },
      cli,
      ...['run', '--quick', '--only', 'gemm.bf16,gemm.bf16.sparse,gemm.int8.sparse', '--shape', '128'],
    );
    expect(stdout).toMatch(
      /^operations of gemm\.bf16\.sparse, gemm\.int8\.sparse: as if the zeros of A were multiplied too\.$/m,
    );
  });

  it('are none of a CPU', async () => {
    const native = loadNative();
    const answer = await native.run({
      device: 'cpu',
      operation: 'gemm.bf16.sparse',
      shape: { m: 64, n: 64, k: 64 },
      providers: ['builtin'],
      data: 'uniform',
      seed: 1,
      telemetry: false,
      fault: 'none',
      threads: 1,
      budget: { warmupSeconds: 0, burstSeconds: 0.001, sustainedSeconds: 0.001, precision: 0.1 },
    });
    expect(answer.results).toEqual([
      { outcome: 'unsupported', provider: 'builtin', reason: 'there is no sparse GEMM on a CPU' },
    ]);
  });
});

describe.concurrent('cuSPARSELt', () => {
  const vendor = { provider: 'vendor' };

  it.each([
    ['a100-sxm4-80gb', ['fp8e4m3']],
    ['l40', []],
    ['h200-sxm-141gb', []],
  ])('computes the same rows on %s, by the fastest of its algorithms', async (card, lacking) => {
    const { code, rows } = await measured(card, '128x64x256', vendor);
    expect(code).toBe(0);
    const has = (format: string) => !(lacking as string[]).includes(format);
    expect(rows.map(statusOf)).toEqual(
      formats.map((format) => `gemm.${format}.sparse cusparselt ${has(format) ? 'unjudged' : 'unsupported'}`),
    );
    for (const { dtype, kernel, verification, attribution } of rows.filter((row) => row.rate !== null)) {
      expect(kernel).toMatchObject({
        resource: `tensor.${dtype === 'fp8e4m3' ? 'fp8' : dtype}.sparse`,
        name: "cuSPARSELt 0.8.1 algorithm 1, best of 3 timed; the heuristic's first pick took 1.11x its time",
        note: expect.stringMatching(/rate on a healthy card/),
      });
      expect(verification).toMatchObject({ differences: 0, timedLaunchesCompared: true });
      expect(verification?.compared).toBeGreaterThan(128 * 64);
      expect(attribution?.ofClock).toBeCloseTo(0.9, 2);
    }
  });

  it('says what it does not take', async () => {
    const sides = await measured('l40', '129x64x256', { ...vendor, only: 'gemm.bf16.sparse' });
    expect(sides.rows.map(whyOf)).toEqual([
      'cuSPARSELt 0.8.1 does not multiply bf16 with 2:4 sparsity of M 129, N 64, K 256 (leading dimensions 128, ' +
        '256, 64): cusparseLtStructuredDescriptorInit says CUSPARSE_STATUS_NOT_SUPPORTED',
    ]);
    expect(sides.code).toBe(3);
    const old = await measured('v100-sxm2-16gb', '128', { ...vendor, only: 'gemm.int8.sparse' });
    expect(old.rows.map(whyOf)).toEqual([
      expect.stringMatching(
        /^cuSPARSELt 0\.8\.1 at .*libcusparseLt\.so\.0 does not start on this device: CUSPARSE_STATUS_NOT_SUPP/,
      ),
    ]);
  });

  const own = ['libcuda.so.1', 'libnvidia-ml.so.1'];
  it.each([
    [
      'where it is not there',
      own,
      {},
      /^no libcusparseLt\.so\.0 was found .*; install it with "pip install nvidia-cuspar/,
    ],
    [
      'of a version whose numbers are others',
      [...own, 'libcusparseLt.so.0'],
      { NAMEPLATE_SIMULATE_CUSPARSELT: '602' },
      /libcusparseLt\.so\.0 cannot be used: it is of version 0\.6\.2, and what is known here is 0\.7 and later/,
    ],
    [
      'that is none',
      own,
      { NAMEPLATE_CUSPARSELT: '/bin/true' },
      /^NAMEPLATE_CUSPARSELT names \/bin\/true, which cannot be used: /,
    ],
  ])('%s leaves own kernels alone with the row, and says why', async (_, whole, environment, why) => {
    const { code, rows } = await measured('l40', '128', {
      only: 'gemm.bf16.sparse',
      provider: 'both',
      LD_LIBRARY_PATH: folder({ whole }),
      ...environment,
    });
    expect(code).toBe(0);
    expect(rows.map(statusOf)).toEqual([
      'gemm.bf16.sparse builtin unjudged',
      'gemm.bf16.sparse cusparselt unsupported',
    ]);
    expect(rows.map(whyOf).at(-1)).toMatch(why);
  });
});
