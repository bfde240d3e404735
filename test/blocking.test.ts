// How C is dealt to more threads than any machine of the tests has: the real code, and what its blocks would take. And
// what becomes of the blocks of a thread that is slow.

import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'nameplate-deal-'));
const program = join(folder, 'deal'),
  queue = join(folder, 'queue');
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  const flags = ['-std=c++20', '-O2', '-Wall', '-Wextra', '-Werror', '-I', 'native'];
  const compile = (source: string, output: string) =>
    promisify(execFile)('g++', [...flags, source, 'native/cpu/blocking.cc', '-pthread', '-o', output]);
  await Promise.all([compile('test/cpu/deal.cc', program), compile('test/cpu/queue.cc', queue)]);
}, 60_000);

/** Rows, columns and lanes of the fp32 tile, and the bytes of a core's first and second cache, and of all threads' last. */
const machines = {
  'AVX2, 512 KiB': { tile: [6, 16, 8], caches: [32 << 10, 512 << 10, 32 << 20] },
  'AVX-512, 1 MiB': { tile: [8, 48, 16], caches: [32 << 10, 1 << 20, 32 << 20] },
  'AVX-512, 2 MiB': { tile: [8, 48, 16], caches: [48 << 10, 2 << 20, 105 << 20] },
  'NEON, 1 MiB': { tile: [8, 12, 4], caches: [64 << 10, 1 << 20, 0] },
} as const;
type Machine = keyof typeof machines;
const names = Object.keys(machines) as Machine[];

/** Blocks of C, the share of work that packing the same columns again adds, and the share of the time in which cores work. */
function deals(name: Machine, [m, n, k]: readonly number[], ...unlike: number[]) {
  const { tile, caches } = machines[name];
  const text = execFileSync(program, [m, n, k, ...tile, ...caches, ...unlike].map(String), {
    encoding: 'utf8',
  });
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [threads = 0, workers = 0, rows = 0, columns = 0, packing = 0, busy = 0] = line
        .split(' ')
        .map(Number);
      // What a thread gets, in tiles one vector wide.
      const share = (Math.ceil((m ?? 0) / tile[0]) * Math.ceil((n ?? 0) / tile[2])) / workers;
      return {
        threads,
        workers,
        cut: `${rows}x${columns}`,
        packing,
        busy,
        scaling: busy / (1 + packing),
        share,
      };
    });
}

const cubes = [512, 768, 1000, 1024, 1536, 2048, 3072, 4096, 8192].map((side) => [side, side, side]);
const skinny = [
  [64, 8192, 1024],
  [8192, 64, 1024],
  [4096, 512, 512],
  [512, 4096, 512],
];
const all = names.flatMap((name) => [...cubes, ...skinny].map((shape) => [name, shape] as const));

describe('1 to 256 threads', () => {
  // Blocks are whole tiles and vectors: of a small C there is no even cut, and no row of blocks is packed for nothing.
  // 1024 tiles one vector wide are 1024^3 on 21 threads with AVX2, and 2048^3 on 85.
  it.each(all)('%s, %j: work nine tenths of the time where C is large enough', (name, shape) => {
    const large = deals(name, shape).filter(({ share }) => share >= 1024);
    expect(large.filter(({ busy, packing }) => busy < 0.9 || packing > 0.1)).toEqual([]);
  });

  it.each(all)('%s, %j: lose to uneven blocks and to packing what a small C explains', (name, shape) => {
    const due = (share: number) => (share >= 512 ? 0.86 : share >= 128 ? 0.75 : 0.64);
    expect(deals(name, shape).filter(({ scaling, share }) => scaling < due(share))).toEqual([]);
  });

  it('are few and wide blocks for one or two', () => {
    const cuts = (name: Machine) =>
      [512, 1024, 2048, 4096].map((side) =>
        deals(name, [side, side, side])
          .slice(0, 2)
          .map(({ cut }) => cut),
      );
    expect(cuts('AVX2, 512 KiB')).toEqual([
      ['1x1', '1x2'],
      ['1x2', '1x2'],
      ['2x4', '2x4'],
      ['4x8', '4x8'],
    ]);
    expect(cuts('AVX-512, 1 MiB')).toEqual([
      ['1x3', '1x4'],
      ['1x11', '1x12'],
      ['2x43', '2x43'],
      ['4x86', '4x86'],
    ]);
  });

  // Slices are twice as deep then, and panels of B take turns one by one.
  it('are narrow where each thread has 8 MiB of the last level, as four of 32 MiB have', () => {
    const cuts = deals('AVX-512, 1 MiB', [4096, 4096, 4096]).map(({ cut }) => cut);
    expect(cuts.slice(0, 8)).toEqual('4x86 4x86 4x86 4x86 4x45 4x43 4x43 4x44'.split(' '));
  });

  it('get none of a C that has no elements', () => {
    expect(deals('AVX2, 512 KiB', [0, 512, 512])[63]?.cut).toBe('0x0');
    expect(deals('AVX2, 512 KiB', [512, 0, 512])[63]?.cut).toBe('0x0');
  });
});

// One block each would leave the quick cores waiting: 8 of them beside 16 that are half as quick, 0.64 of the time.
describe('8 quick cores and 16 slow ones', () => {
  const unlike = all.filter(([name]) => name === 'AVX2, 512 KiB' || name === 'NEON, 1 MiB');
  it.each(unlike)('%s, %j: work three quarters of the time', (name, shape) => {
    const found = [1.5, 2, 2.5].flatMap((times) => deals(name, shape, 8, 16, times));
    expect(found.filter(({ busy }) => busy < 0.75)).toEqual([]);
  });
});

describe('beside a thread that is slow, others multiply parts of its blocks', () => {
  const through = (...sizes: number[]) => {
    const words = execFileSync(queue, sizes.map(String), { encoding: 'utf8', timeout: 30_000 }).trimEnd();
    const [blocks, slices, sliceBySlice, helped] = words.split(' ').map(Number);
    return { blocks, slices, sliceBySlice: sliceBySlice === 1, helped };
  };
  const some = expect.toSatisfy((parts: number) => parts > 0);

  it('of two threads, and of more than there are blocks', () => {
    expect(through(512, 512, 512, 2)).toEqual({ blocks: 4, slices: 1, sliceBySlice: false, helped: some });
    expect(through(512, 512, 512, 4)).toEqual({ blocks: 4, slices: 1, sliceBySlice: false, helped: some });
  });

  it('slice after slice of K, and of one that all blocks have gone through', () => {
    expect(through(128, 2048, 2048, 8)).toEqual({ blocks: 24, slices: 2, sliceBySlice: false, helped: some });
    expect(through(2048, 2048, 2048, 2)).toEqual({ blocks: 44, slices: 2, sliceBySlice: true, helped: some });
  });

  it('not of a block that is too small to share, nor where there is no other thread, nor of an empty C', () => {
    expect(through(64, 64, 64, 4)).toMatchObject({ blocks: 1, helped: 0 });
    expect(through(1024, 1024, 1024, 1)).toMatchObject({ helped: 0 });
    expect(through(0, 512, 512, 4)).toMatchObject({ blocks: 0, helped: 0 });
  });
});
