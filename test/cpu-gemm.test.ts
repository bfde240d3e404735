// The CPU's GEMM on every instruction set that this processor has, one after the other, against plain loops: the product's
// own choice would only ever show the last.

import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { loadNative, NativeError, openDevice, Product } from '../src/index.js';
import { withRatios } from '../src/rows.js';
import { measured, row } from './testCard.js';

const folder = mkdtempSync(join(tmpdir(), 'nameplate-cpu-'));
afterAll(() => rmSync(folder, { recursive: true }));

const execute = promisify(execFile);
const tiles = readdirSync('native/cpu').filter((name) => /^tile.*\.cc$/.test(name));
const sources = [
  ...tiles,
  'blocking.cc',
  'gemm.cc',
  'encode.cc',
  'memory.cc',
  'caches.cc',
  'threads.cc',
  'cgroup.cc',
  'placement.cc',
  'processor.cc',
].map((name) => join('native/cpu', name));

/** Instruction sets as the kernel lists them; none where it lists them otherwise. */
const flags = new Set(/^flags\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(' '));

describe('the GEMM of the CPU', () => {
  it('is right at every edge, in every format, on every instruction set that is here', async () => {
    const program = join(folder, 'gemm');
    const options = ['-std=c++20', '-O2', '-Wall', '-Wextra', '-Werror', '-I', 'native', '-pthread'];
    await execute('g++', [...options, 'test/cpu/gemm.cc', ...sources, '-o', program]);
    const { stdout } = await execute(program, { timeout: 200_000 });
    expect(stdout).toMatch(/^baseline: \d{4} products right$/m);
    for (const [flag, path] of Object.entries({
      avx: 'AVX',
      avx2: 'AVX2',
      avx_vnni: 'AVX_VNNI',
      avx512f: 'AVX-512',
      avx512_bf16: 'AVX512_BF16',
      avx512_vnni: 'AVX512_VNNI',
    }))
      expect(stdout.includes(`${path}: `)).toBe(flags.has(flag));
  }, 300_000);
});

describe('every provider of a product on the CPU', () => {
  it.each(['fp32', 'fp64', 'int8'] as const)('%s: is right, or says that it is absent', async (dtype) => {
    const operation = loadNative()
      .operations()
      .find(({ id }) => id === `gemm.${dtype}`);
    const device = await openDevice('cpu');
    const [m, n, k] = [37, 65, 19];
    const Elements = { fp32: Float32Array, fp64: Float64Array, int8: Int8Array }[dtype];
    // All that int8 holds, up to where pairs of products do not fit in 16 bits; small whole numbers elsewhere, whose sums are exact.
    const [step, count, least] = dtype === 'int8' ? [73, 256, -128] : [31, 101, -50];
    const values = (length: number) => Array.from({ length }, (_, i) => ((i * step) % count) + least);
    const a = await device.matrix(dtype, m, k, Elements.from(values(m * k)) as never);
    const b = await device.matrix(dtype, k, n, Elements.from(values(k * n)) as never);
    const expected = await (await device.multiply(a, b)).read();
    const named = { builtin: /^blocked /, openblas: /OpenBLAS/, onednn: /oneDNN/ };
    expect(operation?.providers.cpu.length).toBeGreaterThan(1);
    for (const provider of operation?.providers.cpu ?? []) {
      const found = await device.multiply(a, b, { provider }).catch((error: unknown) => error);
      if (found instanceof NativeError) {
        const reason = dtype === 'int8' ? /is absent: |they saturate$/ : /is absent: /;
        expect([found.code, found.message]).toEqual(['ENOTSUP', expect.stringMatching(reason)]);
        continue;
      }
      if (!(found instanceof Product)) throw found;
      expect(await found.read()).toEqual(expected);
      expect(found.kernel).toMatch(named[provider as keyof typeof named]);
    }
    await device.close();
  });
});

describe('a sum of FP8 on the CPU', () => {
  const budget = { warmupSeconds: 0, burstSeconds: 0, sustainedSeconds: 0, precision: 1 };
  const base = { device: 'cpu', providers: ['builtin'], data: 'uniform' as const, seed: 1, telemetry: false };
  it.each([
    ['keeps the 23 bits of fp32', 'gemm.fp8e4m3', 96, 23],
    ['keeps them in the other format', 'gemm.fp8e5m2', 96, 23],
    ['is not asked where there is no room to', 'gemm.fp8e4m3', 16, null],
    ['is the only one that is asked', 'gemm.bf16', 96, null],
  ])('%s', async (_, operation, side, sumBits) => {
    const shape = { m: side, n: side, k: side };
    const { results } = await loadNative().run({
      ...base,
      operation,
      shape,
      fault: 'none',
      threads: null,
      budget,
    });
    expect(results).toMatchObject([{ outcome: 'measured', verification: { differences: 0, sumBits } }]);
  });
});

describe('an own kernel', () => {
  it('is set beside the fastest of several vendors', () => {
    const rates = { builtin: 1, openblas: 1.25, onednn: 2 };
    const rows = Object.entries(rates).map(([provider, rate]) => row(measured(1), { provider, rate }));
    expect(withRatios(rows).map(({ ratioToVendor }) => ratioToVendor)).toEqual([0.5, null, null]);
  });
});
