// The CUDA kernels without a GPU: their source runs on the CPU, thread by thread, against plain loops, and mistakes put into it
// are found. Those for Hopper need a machine of their own: kernels-hopper.test.ts.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

const folder = mkdtempSync(join(tmpdir(), 'nameplate-kernels-'));
afterAll(() => rmSync(folder, { recursive: true }));

const execute = promisify(execFile);
const files = (path: string, ending: string): string[] =>
  readdirSync(path)
    .filter((name) => name.endsWith(ending))
    .map((name) => join(path, name));

// wmma.cu comes as Volta has it.
const elsewhere = /\/(wgmma|sparse_wgmma|ladder|wmma)\.cu$/;
const kernels = files('native/kernels', '.cu').filter((path) => !elsewhere.test(path));
const sources = [...kernels, 'native/pruning.cc', ...files('test/kernels', '.cc')];

const flags = ['-std=c++20', '-fno-strict-aliasing', '-Wno-unknown-pragmas', '-x', 'c++'];
const places = ['-I', 'native', '-I', 'test/kernels/cuda', '-include', 'test/kernels/shim.h'];

/** Of a source to an object; `first` are folders whose headers come before ours. */
async function compile(source: string, object: string, ...first: string[]): Promise<string> {
  await execute('g++', ['-O2', ...first, ...places, ...flags, '-c', source, '-o', object]);
  return object;
}

/** Each a part of a header of the kernels for mma and mma.sp, and what somebody could have written instead. */
const mistakes: Record<string, [header: string, right: string, wrong: string]> = {
  'a step is multiplied before it has come': [
    'pipeline.h',
    'waitForGroups<ahead - 2>()',
    'waitForGroups<ahead - 1>()',
  ],
  'a stage is filled before all have read it': [
    'pipeline.h',
    'waitForGroups<ahead - 2>();\n      __syncthreads();',
    'waitForGroups<ahead - 2>();',
  ],
  'a stage is filled a step early': [
    'pipeline.h',
    'start(step + ahead, held == 0 ? stage :',
    'start(step + ahead, held != 0 ? stage :',
  ],
  'the wrong slab is multiplied': [
    'pipeline.h',
    'multiply(stage, slab, slab % 2)',
    'multiply(stage, slab, (slab + 1) % 2)',
  ],
  'rows are read where their neighbours lie': [
    'mma_gemm.h',
    'placeOf(rowOfB, lane / 8 % 2)',
    'placeOf(rowOfB + 1, lane / 8 % 2)',
  ],
  'half of the metadata is never used': [
    'sparse_gemm.h',
    'if (blocks == slabs || slab == 0)',
    'if (slab < slabs)',
  ],
  'metadata is copied a step late': [
    'sparse_gemm.h',
    'step * chunksOfRows',
    '(step - (step > 0)) * chunksOfRows',
  ],
  'metadata is read below the last rows': ['sparse_gemm.h', 'wanted < last ? wanted : last', 'wanted'],
};

describe('the kernels, emulated on the CPU', () => {
  const object = (source: string) => join(folder, `${basename(source)}.o`);
  beforeAll(async () => {
    const left = [...sources];
    const sanitised = ['-fsanitize=undefined', '-fno-sanitize-recover'];
    const some = async () => {
      for (let next = left.pop(); next; next = left.pop()) await compile(next, object(next), ...sanitised);
    };
    await Promise.all([some(), some()]);
  }, 600_000);

  /** What the program of these objects says of kernels with that part in their names; of all with none. */
  async function emulate(name: string, objects: readonly string[], ...part: string[]): Promise<unknown> {
    const program = join(folder, name);
    await execute('g++', ['-fsanitize=undefined', ...objects, '-o', program]);
    return execute(program, part, { timeout: 500_000 }).catch((error: unknown) => error);
  }

  it('are right at every edge, for every format, whatever the order of the threads', async () => {
    const said = await emulate('all', sources.map(object));
    expect(said).toMatchObject({
      stdout: expect.stringMatching(/ok gemm_mma_fp8e4m3_128x128_64x32 +promotes/),
    });
    expect(said).toMatchObject({
      stdout: expect.stringMatching(/ok gemm_sparse_tf32_128x128_64x64 12 shapes/),
    });
    expect(said).not.toHaveProperty('code');
  }, 600_000);

  it.each(Object.entries(mistakes))(
    'would be found wrong: %s',
    async (name, [header, right, wrong]) => {
      const place = mkdtempSync(join(folder, 'mistake-'));
      mkdirSync(join(place, 'kernels'));
      const source = readFileSync(join('native/kernels', header), 'utf8');
      expect(source).toContain(right);
      writeFileSync(join(place, 'kernels', header), source.replace(right, wrong));
      const family = header.startsWith('sparse') ? 'sparse' : 'mma';
      const mistaken = await compile(`native/kernels/${family}.cu`, join(place, 'mistaken.o'), '-I', place);
      const others = sources.map(object).filter((path) => !path.endsWith(`/${family}.cu.o`));
      const said = await emulate(
        name.replaceAll(' ', '-'),
        [...others, mistaken],
        `gemm_${family}_bf16_128x128`,
      );
      // Behind a buffer lies a page that may not be touched.
      const { stdout, signal } = z.object({ stdout: z.string(), signal: z.string().nullable() }).parse(said);
      expect(signal ?? stdout).toMatch(/^SIGSEGV$|^FAILED: gemm_/m);
    },
    300_000,
  );
});
