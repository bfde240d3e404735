// The CUDA kernels without a GPU: their source runs on the CPU, thread by thread, against plain loops; and where nvcc is, the
// images of every architecture are there.

import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { loadNative } from '../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'nameplate-kernels-'));
afterAll(() => rmSync(folder, { recursive: true }));

const execute = promisify(execFile);
const files = (path: string, ending: string): string[] =>
  readdirSync(path)
    .filter((name) => name.endsWith(ending))
    .map((name) => join(path, name));

describe('the kernels, emulated on the CPU', () => {
  it('are right at every edge, for every format, whatever the order of the threads', async () => {
    const program = join(folder, 'emulate');
    const flags = [
      '-std=c++20',
      '-O2',
      '-fsanitize=undefined',
      '-fno-sanitize-recover',
      '-fno-strict-aliasing',
    ];
    const places = [
      '-Wno-unknown-pragmas',
      '-I',
      'native',
      '-I',
      'test/kernels/cuda',
      '-include',
      'test/kernels/shim.h',
    ];
    const sources = [...files('native/kernels', '.cu'), ...files('test/kernels', '.cc')];
    await execute('g++', [...flags, ...places, '-x', 'c++', ...sources, '-o', program]);
    const { stdout } = await execute(program, { timeout: 200_000 });
    expect(stdout).toMatch(/gemm_mma_fp8e4m3/);
  }, 300_000);
});

const nvcc = ['nvcc', '/usr/local/cuda/bin/nvcc'].find((path) => spawnSync(path, ['--version']).status === 0);

// Without CMake, node-gyp builds the addon, and builds no kernels.
const builtByCmake = existsSync('build/cmake/Release/nameplate.node');

describe('the images', () => {
  it.skipIf(!nvcc || !builtByCmake)(
    'hold every family for every architecture, where nvcc and CMake are',
    async () => {
      const { build } = await loadNative().inventory();
      const version = spawnSync(nvcc ?? '', ['--version'], { encoding: 'utf8' }).stdout;
      const major = Number(/release (\d+)/.exec(version)?.[1]);
      const architectures = ['75', '80', '86', '89', '90a', '100f', '120'].filter(
        (a) => major >= 13 || !/^1\d\d/.test(a),
      );
      for (const family of ['simt', 'wmma', 'stream', 'sweep', 'chase'])
        for (const architecture of architectures)
          expect(build.images).toContain(`${family}.sm_${architecture}.cubin`);
      for (const architecture of architectures.filter((a) => Number.parseInt(a, 10) >= 89))
        expect(build.images).toContain(`mma.sm_${architecture}.cubin`);
      for (const family of ['simt', 'wmma', 'stream', 'sweep', 'chase'])
        expect(build.images).toContain(`${family}.compute_70.ptx`);
      expect(build.images).toContain('mma.compute_89.ptx');
    },
  );
});
