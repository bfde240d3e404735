// The device code that is built where nvcc is: every family for every architecture, and none that would run badly.

import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { loadNative } from '../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'nameplate-images-'));
afterAll(() => rmSync(folder, { recursive: true }));

const execute = promisify(execFile);

/** The CUDA version of an nvcc that compiles here, as native/kernels/CMakeLists.txt asks of it; else 0. */
function release(path: string): number {
  const compiled = [
    '-std=c++20',
    '-I',
    'native',
    '-DNAMEPLATE_TARGET=75',
    '-cubin',
    'native/kernels/chase.cu',
  ];
  if (spawnSync(path, [...compiled, '-o', join(folder, 'probe.cubin')]).status !== 0) return 0;
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return Number(/release (\d+\.\d+)/.exec(stdout)?.[1]);
}

// Without CMake, node-gyp builds the addon, and builds no kernels.
const cache = 'build/cmake/CMakeCache.txt';
const builtByCmake = existsSync(cache);
const compilers = builtByCmake
  ? [...readFileSync(cache, 'utf8').matchAll(/^(?:NAMEPLATE_NVCC|nvcc):[A-Z]+=(.*)$/gm)].map(
      ([, path = '']) => path,
    )
  : ['nvcc', '/usr/local/cuda/bin/nvcc'];
const nvcc = compilers.find((path) => release(path) >= 12);

describe('the images', () => {
  it.skipIf(!nvcc || !builtByCmake)(
    'hold every family for every architecture, where nvcc and CMake are',
    async () => {
      const { build } = await loadNative().inventory();
      const version = release(nvcc ?? '');
      const architectures = ['75', '80', '86', '89', '90a', '100f', '120'].filter(
        (a) => version >= 13 || !/^1\d\d/.test(a),
      );
      for (const family of ['simt', 'stream', 'buffer', 'sweep', 'chase', 'dpx', 'link'])
        for (const architecture of architectures)
          expect(build.images).toContain(`${family}.sm_${architecture}.cubin`);
      for (const family of ['dmma', 'mma'])
        for (const architecture of architectures.filter((a) => Number.parseInt(a, 10) >= 80))
          expect(build.images).toContain(`${family}.sm_${architecture}.cubin`);
      // What mma has from Turing on.
      expect(build.images.filter((image) => image.startsWith('wmma.')).sort()).toEqual([
        'wmma.compute_70.ptx',
      ]);
      for (const image of ['mma.sm_75.cubin', 'mma.compute_75.ptx']) expect(build.images).toContain(image);
      for (const family of ['simt', 'wmma', 'stream', 'buffer', 'sweep', 'chase', 'dpx', 'link'])
        expect(build.images).toContain(`${family}.compute_70.ptx`);
      for (const image of ['dmma.compute_80.ptx', 'dmma.compute_90.ptx', 'mma.compute_80.ptx'])
        expect(build.images).toContain(image);
      // FP8's instruction came with CUDA 12.4.
      if (version >= 12.4) expect(build.images).toContain('mma.compute_89.ptx');
      // mma.sp::ordered_metadata with 12.5.
      for (const image of version >= 12.5 ? ['sparse.sm_80.cubin', 'sparse.compute_89.ptx'] : [])
        expect(build.images).toContain(image);
      for (const family of ['wgmma', 'ladder', ...(version >= 12.5 ? ['sparse_wgmma'] : [])])
        for (const image of [`${family}.sm_90a.cubin`, `${family}.compute_90a.ptx`])
          expect(build.images).toContain(image);
      for (const image of ['dpx.compute_90a.ptx', 'stream.compute_90.ptx'])
        expect(build.images).toContain(image);
    },
  );

  /** What the assembler remarks on, and makes an image of all the same. */
  const ruined: Record<string, string> = {
    'registers are spilled': `extern "C" __global__ void __launch_bounds__(1024, 2) ruined(float* p) {
      float x[64];
      for (int i = 0; i < 64; ++i) x[i] = p[i * 1024 + threadIdx.x];
      __syncthreads();
      for (int i = 0; i < 64; ++i) p[i * 1024 + threadIdx.x] = x[i] * x[(i + 5) % 64];
    }`,
    'wgmma runs one after the other': `extern "C" __global__ void ruined(float* p, unsigned long long a) {
      float x[4] = {};
      for (int i = 0; i < 4; ++i) {
        asm volatile(
            "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%0, %1, %2, %3}, %4, %4, 1, 1, 1, 0, 0;"
            : "+f"(x[0]), "+f"(x[1]), "+f"(x[2]), "+f"(x[3]) : "l"(a));
        asm volatile("wgmma.commit_group.sync.aligned;");
        x[0] *= 2;
      }
      p[threadIdx.x] = x[0] + x[1] + x[2] + x[3];
    }`,
  };
  it.skipIf(!nvcc || !builtByCmake).each(Object.keys(ruined))('are not built where %s', async (name) => {
    mkdirSync(join(folder, 'ruined'), { recursive: true });
    const place = mkdtempSync(join(folder, 'ruined', 'kernel-'));
    const [source, image] = [join(place, 'ruined.cu'), join(place, 'ruined.cubin')];
    writeFileSync(source, ruined[name] ?? '');
    const given = { NVCC: nvcc, SOURCE: source, OUTPUT: image, REPORT: join(place, 'report') };
    const asked = Object.entries({ ...given, COMPILE: '90a', TARGET: '90' }).map(
      ([key, value]) => `-D${key}=${value}`,
    );
    const failure = await execute('cmake', [...asked, '-P', 'native/kernels/image.cmake']).catch(
      (error) => error,
    );
    expect(failure).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('a kernel that would run badly'),
    });
    expect(existsSync(image)).toBe(false);
  });
});
