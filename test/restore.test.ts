// One upset of what outlasts a round of a soak, an input or the verified output, is found once, named, and put right.

import { expect, it, vi } from 'vitest';
import { loadNative } from '../src/index.js';
import type { Fault, Shape } from '../src/schema.js';

vi.setConfig({ testTimeout: 60_000 });

const native = loadNative();
const { devices } = await native.inventory();
const cache = devices.find(({ backend }) => backend === 'cpu')?.l2Bytes || 2 ** 26;
/** No cache holds them, however many arrays there are. */
const arrays = { bytes: Math.ceil((4 * cache) / 64) * 64 };
const matrices = { m: 64, n: 64, k: 64 };
/** Of each core: beyond the least that is allocated, in the middle of which the fault would lie. */
const set = { bytes: 2 ** 22 };

/** A step of two rounds or more after one of a single round. */
async function soaked(operation: string, shape: Shape, fault: Fault) {
  const request = { device: 'cpu', operation, shape, provider: 'builtin', data: 'uniform', seed: 7 } as const;
  const first = await native.soak({ ...request, fault, seconds: 0 });
  const later = await native.soak({ ...request, fault, seconds: 0.01 });
  return { first, later };
}

const matrix = /^row 32, column \d+ of A, buffer set \d+$/;
const array = new RegExp(`^input 1, 64-bit word ${arrays.bytes / 16}$`);
it.each([
  ['gemm.fp32', matrices, matrix],
  ['gemm.fp64', matrices, matrix],
  ['gemm.fp16', matrices, matrix],
  ['gemm.int8', matrices, matrix],
  ['memory.read', arrays, array],
  ['memory.copy', arrays, array],
  ['memory.triad', arrays, array],
  ['memory.dot', arrays, array],
  ['cache.read.core', set, /^64-bit word \d+ of the working set$/],
  ['cache.copy.core', set, /^64-bit word \d+ of the working set$/],
])('an input of %s', async (operation, shape, place) => {
  const { first, later } = await soaked(operation, shape, 'flippedInput');
  expect(first).toMatchObject({ wrongRounds: 1, failure: null });
  expect(first.errors).toEqual([
    {
      seconds: expect.any(Number),
      damaged: 'input',
      differences: 1,
      first: { at: expect.stringMatching(place), expected: expect.any(String), actual: expect.any(String) },
    },
  ]);
  expect(later).toMatchObject({ wrongRounds: 0, errors: [], failure: null });
  expect(later.launches).toBeGreaterThan(0);
});

it.each([
  ['gemm.fp32', matrices, /^row 3[12], column \d+$/],
  ['gemm.fp16', matrices, /^row 3[12], column \d+$/],
  ['memory.write', arrays, /^64-bit word \d+$/],
  ['memory.copy', arrays, /^64-bit word \d+$/],
  ['memory.triad', arrays, /^64-bit word \d+$/],
])('the verified output of %s', async (operation, shape, place) => {
  const { first, later } = await soaked(operation, shape, 'flippedVerified');
  expect(first).toMatchObject({
    wrongRounds: 1,
    errors: [{ damaged: 'verified', differences: 1, first: { at: expect.stringMatching(place) } }],
  });
  expect(later).toMatchObject({ wrongRounds: 0, errors: [], failure: null });
  expect(later.launches).toBeGreaterThan(0);
});

it.each([
  ['gemm.fp32', matrices],
  ['memory.copy', arrays],
  ['cache.copy.core', set],
])('an output of %s is taken for neither, in whichever round', async (operation, shape) => {
  const { first, later } = await soaked(operation, shape, 'flippedBit');
  for (const { wrongRounds, launches, work, errors } of [first, later]) {
    expect(wrongRounds).toBe(launches / work.rotations);
    expect(new Set(errors.map(({ damaged }) => damaged))).toEqual(new Set(['output']));
  }
});

it.each([
  ['flippedInput', 'memory.write'],
  ['flippedVerified', 'memory.dot'],
] as const)('where a row has none, %s is refused: %s', async (fault, operation) => {
  await expect(soaked(operation, arrays, fault)).rejects.toThrow(/nothing that this fault could damage/);
});
