// Products of an A with 2:4 sparsity on simulated cards, through the real command: A is pruned and compressed here, and the
// simulated driver reads it back by the tables of the PTX ISA.

import { describe, expect, it, vi } from 'vitest';
import { loadNative } from '../src/index.js';
import { parseReport } from '../src/report/index.js';
import type { Row } from '../src/row.js';
import { cli } from './command.js';
import { simulate, statusOf } from './simulation.js';

vi.setConfig({ testTimeout: 60_000 });

const formats = ['tf32', 'fp16', 'bf16', 'fp8e4m3', 'int8'];

/** The rows of the formats on a card, at one shape. */
async function measured(card: string, shape: string, only = 'gemm.*.sparse') {
  const args = ['run', '--quick', '--only', only, '--shape', shape, '--json', '-'];
  const { code, stdout } = await simulate({ NAMEPLATE_SIMULATE: card }, cli, ...args);
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
    const blackwell = await measured('unknown-100', '128', 'gemm.fp8e4m3.sparse');
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
