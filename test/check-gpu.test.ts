// bench/check-gpu.mjs on a simulated card: what one session on a rented GPU hangs on.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { tiles } from '../bench/tiles.mjs';
import { kernelsOf } from './driver/images.mjs';
import { type Environment, scratch, simulate } from './simulation.js';

const script = fileURLToPath(new URL('../bench/check-gpu.mjs', import.meta.url));

const Record = z.object({
  checks: z.array(
    z.object({
      row: z.string(),
      shape: z.array(z.number()),
      provider: z.string(),
      product: z.string().optional(),
      kernel: z.string().optional(),
      outcome: z.enum(['right', 'wrong', 'failed', 'lost', 'unsupported', 'skipped']),
      reason: z.string().optional(),
    }),
  ),
});

async function check(environment: Environment, ...args: string[]) {
  const out = scratch();
  const { code, stdout } = await simulate(environment, script, '--out', out, ...args);
  const [file] = readdirSync(out).filter((name) => /^simulated-gpu-check-.*\.json$/.test(name));
  const { checks } = Record.parse(JSON.parse(readFileSync(join(out, file ?? 'no record'), 'utf8')));
  return { code, stdout, checks };
}

describe.concurrent('the GPU check', () => {
  it('verifies each format by each provider, and each tile by itself', async () => {
    const { code, checks } = await check(
      {},
      ...['--stages', 'formats,tiles', '--only', 'gemm.fp64,gemm.bf16', '--shape', '64,33x65x31'],
    );
    expect(checks.filter(({ outcome }) => outcome !== 'right')).toEqual([]);
    const formats = checks.filter(({ shape }) => ['64,64,64', '33,65,31'].includes(shape.join()));
    expect(formats).toHaveLength(2 * 2 * 2);
    const kernels = new Set(checks.filter((each) => !formats.includes(each)).map(({ kernel }) => kernel));
    // Of bf16 eight by wgmma and four by mma; of fp64 three by DMMA and one by FMA.
    expect(kernels.size).toBe(12 + 4);
    expect(code).toBe(0);
  });

  it('asks for each kernel of a Hopper by itself', () => {
    const all = ['wgmma', 'dmma', 'simt', 'mma', 'sparse_wgmma', 'sparse'].flatMap((family) =>
      kernelsOf(family, '90a'),
    );
    expect(all.length).toBeGreaterThan(66);
    const asked = all.map((name) => tiles.filter(([part]) => name.includes(part)).map(([part]) => part));
    expect(all.filter((_, index) => asked[index]?.length !== 1)).toEqual([]);
    // Of one format no two have the same part; a kernel's name begins with its family and format.
    const format = (name: string, part: string) => name.slice(0, name.indexOf(part) + part.length);
    const each = all.map((name, index) => format(name, asked[index]?.[0] ?? ''));
    expect(new Set(each).size).toBe(each.length);
  });

  it('multiplies permutations and repeats products, in each format by each provider, and names the kernels', async () => {
    const { code, stdout, checks } = await check(
      {},
      '--stages',
      'products',
      '--product-shape',
      '129,16x48x32',
    );
    const formats = new Set(checks.map(({ row, provider }) => `${row} ${provider}`));
    expect(formats.size).toBe(22);
    expect(checks).toHaveLength(22 * 2 * 3);
    const shapeOf = (product: string) =>
      new Set(checks.filter((each) => each.product === product).map(({ shape }) => shape.join('x')));
    expect(shapeOf('permutation in A')).toEqual(new Set(['129x129x129', '16x48x16']));
    expect(shapeOf('permutation in B')).toEqual(new Set(['129x129x129', '16x48x48']));
    expect(shapeOf('repeats')).toEqual(new Set(['129x129x129', '16x48x32']));
    // The library's FP8 and int8 take no odd sides, and it multiplies no e5m2 by e5m2.
    const lacked = checks.filter(({ outcome }) => outcome !== 'right');
    expect(new Set(lacked.map(({ outcome, provider }) => `${provider} ${outcome}`))).toEqual(
      new Set(['cublaslt unsupported']),
    );
    expect(lacked.every(({ row, shape }) => row.includes('e5m2') || shape[0] === 129)).toBe(true);
    for (const { provider, kernel } of checks.filter(({ outcome }) => outcome === 'right'))
      expect(kernel).toMatch(
        provider === 'builtin' ? /^gemm_\w+ \(\w+\.sm_90a\.cubin\)$/ : /^cuBLASLt .*algo/,
      );
    expect(stdout).toMatch(/gemm\.fp16\.acc16 builtin products +6 right$/m);
    expect(code).toBe(0);
  });

  it('counts a product that failed', async () => {
    const { code, stdout, checks } = await check(
      { NAMEPLATE_FAULT: 'cuLaunchKernel:10:sticky' },
      ...['--stages', 'products', '--only', 'gemm.fp32', '--product-shape', '64'],
    );
    // The failure costs its provider the process; the next one has another, where launches count anew.
    const found = checks.map(({ provider, outcome }) => `${provider} ${outcome}`);
    expect(found).toEqual(
      ['builtin', 'cublaslt'].flatMap((name) =>
        ['right', 'right', 'failed'].map((outcome) => `${name} ${outcome}`),
      ),
    );
    expect(stdout).toMatch(/gemm\.fp32 64x64x64, repeats: CUDA_ERROR_ILLEGAL_ADDRESS: /);
    expect(code).toBe(4);
  });

  it('loses one provider to a context that is lost, and goes on in a new process', async () => {
    const { code, stdout, checks } = await check(
      { NAMEPLATE_FAULT: 'cuLaunchKernel:100:sticky' },
      ...['--stages', 'formats', '--only', 'gemm.fp32', '--shape', '128,129,130,131'],
    );
    const of = (name: string) =>
      checks.filter(({ provider }) => provider === name).map(({ outcome }) => outcome);
    expect(of('builtin')).toEqual(['failed', 'failed']);
    expect(of('cublaslt')).toEqual(['right', 'right', 'right', 'right']);
    expect(stdout).toContain('CUDA_ERROR_ILLEGAL_ADDRESS');
    expect(code).toBe(4);
  });

  it('loses one provider to a kernel that hangs, and has on disk what it found', async () => {
    const { code, checks } = await check(
      { NAMEPLATE_FAULT: 'hang:cuLaunchKernel:100' },
      ...['--stages', 'formats', '--only', 'gemm.fp32', '--shape', '128,129,130', '--row-seconds', '5'],
    );
    expect(checks[0]).toMatchObject({
      provider: 'builtin',
      outcome: 'lost',
      reason: 'no answer within 10 s',
    });
    expect(checks.filter(({ outcome }) => outcome === 'lost')).toHaveLength(1);
    expect(checks.filter(({ outcome }) => outcome === 'right')).toHaveLength(3);
    expect(code).toBe(4);
  });
});
