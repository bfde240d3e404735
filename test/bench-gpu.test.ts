// The benches for a GPU on simulated cards: what a rented hour hangs on beside the check. Their figures mean nothing here.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type Environment, scratch, simulate } from './simulation.js';

const bench = (name: string) => fileURLToPath(new URL(`../bench/${name}.mjs`, import.meta.url));

/** What a bench printed, and the one record that it left. */
async function record<Found>(
  found: z.ZodType<Found>,
  environment: Environment,
  name: string,
  ...args: string[]
) {
  const out = scratch();
  const { code, stdout, stderr } = await simulate(environment, bench(name), '--out', out, ...args);
  expect(stderr).toBe('');
  const files = readdirSync(out);
  expect(files).toEqual([expect.stringMatching(new RegExp(`^simulated-${name}-.*\\.json$`))]);
  return { code, stdout, found: found.parse(JSON.parse(readFileSync(join(out, files[0] ?? ''), 'utf8'))) };
}

const Side = z.object({
  kernel: z.string().nullable(),
  burst: z.number().nullable(),
  sustained: z.number().nullable(),
  verdict: z.string(),
  why: z.string(),
});
const Products = z.object({
  results: z.array(
    z.object({
      operation: z.string(),
      shape: z.object({ m: z.number(), n: z.number(), k: z.number() }),
      own: Side,
      vendor: Side,
      burstRatio: z.number().nullable(),
      sustainedRatio: z.number().nullable(),
      wrong: z.number(),
    }),
  ),
});
const products = ['--only', 'gemm.bf16,gemm.fp64', '--shape', '64,64x128x32'];

describe.concurrent('own kernels beside cuBLASLt', () => {
  it('each product by both, with the kernels, and their ratio in each phase', async () => {
    const { code, stdout, found } = await record(Products, {}, 'gpu-gemm', ...products);
    const asked = found.results.map(({ operation, shape: { m, n, k } }) => `${operation} ${m}x${n}x${k}`);
    expect(asked.sort()).toEqual([
      'gemm.bf16 64x128x32',
      'gemm.bf16 64x64x64',
      'gemm.fp64 64x128x32',
      'gemm.fp64 64x64x64',
    ]);
    for (const { own, vendor, burstRatio, sustainedRatio, wrong } of found.results) {
      expect(own.kernel).toMatch(/^gemm_\w+ \(\w+\.sm_90a\.cubin\)$/);
      expect(vendor.kernel).toMatch(/^cuBLASLt /);
      expect(burstRatio).toBeCloseTo((own.burst ?? 0) / (vendor.burst ?? 0));
      expect(sustainedRatio).toBeCloseTo((own.sustained ?? 0) / (vendor.sustained ?? 0));
      expect(wrong).toBe(0);
    }
    expect(stdout).toMatch(/SIMULATED: these are no measurements/);
    expect(stdout).toMatch(/0 wrong or failed; recorded as /);
    expect(code).toBe(0);
  });

  it('a result that is spoilt while it is timed has no ratio and fails the bench', async () => {
    const { code, stdout, found } = await record(
      Products,
      { NAMEPLATE_FAULT: 'flip' },
      'gpu-gemm',
      ...products,
    );
    const spoilt = found.results.filter(({ wrong }) => wrong > 0);
    expect(spoilt.length).toBeGreaterThan(0);
    for (const { own, vendor } of spoilt) expect([own.verdict, vendor.verdict]).toContain('corrupted');
    expect(stdout).toMatch(/[1-9]\d* wrong or failed; recorded as /);
    expect(code).toBe(4);
  });

  it('without a GPU of that name says which devices are here, and leaves no record', async () => {
    const out = scratch();
    const { code, stdout } = await simulate({}, bench('gpu-gemm'), '--device', 'cuda:7', '--out', out);
    expect(stdout).toMatch(/^no GPU cuda:7; here: .*cuda:0/);
    expect(readdirSync(out)).toEqual([]);
    expect(code).toBe(3);
  });
});

describe.concurrent('the ladder to the bf16 kernel', () => {
  const Steps = z.object({
    steps: z.array(
      z.object({
        kernel: z.string(),
        wrong: z.string().nullable(),
        predicted: z.tuple([z.number(), z.number()]),
        teraflops: z.array(z.number()),
      }),
    ),
  });
  const small = ['--size', '64', '--rounds', '2', '--burst', '0.05'];

  it('verifies and times each step', async () => {
    const { code, found } = await record(Steps, {}, 'gpu-ladder', ...small);
    expect(found.steps.map(({ kernel }) => kernel)).toEqual([
      ...[1, 2, 3, 4, 5, 6, 7, 8].map((step) => `gemm_ladder_bf16_${step}`),
      'gemm_wgmma_bf16_128x256_2x1',
    ]);
    for (const { wrong, teraflops } of found.steps) {
      expect(wrong).toBeNull();
      expect(teraflops).toHaveLength(2);
    }
    expect(code).toBe(0);
  });

  it('has no kernel for another architecture, and says so', async () => {
    const environment = { NAMEPLATE_SIMULATE: 'a100-sxm4-80gb' };
    const { code, found } = await record(Steps, environment, 'gpu-ladder', ...small);
    for (const { wrong, teraflops } of found.steps) {
      expect(wrong).not.toBeNull();
      expect(teraflops).toEqual([]);
    }
    expect(code).toBe(4);
  });
});

describe('what watching costs', () => {
  it('the same rows with and without, in pairs', async () => {
    const rows = ['--device', 'cuda:0', '--rows', 'dpx.vimax3', '--pairs', '1'];
    const { code, stdout, stderr } = await simulate({}, bench('telemetry'), ...rows);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^SIMULATED: these are no measurements$/m);
    expect(stdout).toMatch(/^cuda:0 dpx\.vimax3 .*: with \/ without \d+\.\d+ \(.*, 1 pairs\)$/m);
    expect(code).toBe(0);
  });
});
