// How large and how long, level by level: the answer to "how long does it take?".
//
// A launch must be long enough to be timed and an array large enough to leave the cache; sizes.ts makes the shapes of a
// device of it. Nothing outside these two files knows a number.

import type { Level } from './options.js';
import type { Budget, DeviceFacts, DType, OperationRow } from './schema.js';

type Backend = DeviceFacts['backend'];
type Family = OperationRow['family'];

const KiB = 2 ** 10;
const MiB = 2 ** 20;
const GiB = 2 ** 30;

/** Half-width of the confidence interval at which sampling stops, relative. */
const precision = 0.005;

const budget = (warmupSeconds: number, burstSeconds: number, sustainedSeconds: number): Budget => ({
  warmupSeconds,
  burstSeconds,
  sustainedSeconds,
  precision,
});

export interface Effort {
  budget: Record<Family, Budget>;
  /** Sides of square GEMMs; a format that is not named has those of `others`. */
  gemm: Partial<Record<DType, number[]>> & { others: number[] };
  /** Threads of a CPU that these sides keep busy; with more they grow. Absent: they stay as they are. */
  gemmThreads?: number;
  /** Least bytes of one array; the cache and the memory of the device decide with it, see `arrayBytes`. */
  memory: number[];
  link: number[];
  /** Sizes per octave of a sweep through caches and memory; null: none, unless its rows are asked for by name. */
  sweep: number | null;
}

/** A sweep is many short rows; what it finds is in their differences, which are large. */
const swept = budget(0.02, 0.02, 0.08);

/**
 * A processor is also its own referee: most of a row's time goes into filling, the float64 reference and the comparison,
 * so sizes and budgets are small. Most formats are emulated besides.
 */
const onCpu: Record<Level, Effort> = {
  quick: {
    budget: {
      gemm: budget(0.02, 0.05, 0.1),
      memory: budget(0.02, 0.05, 0.1),
      cache: swept,
      dpx: swept,
      latency: swept,
      launch: swept,
      link: budget(0.02, 0.05, 0.1),
      peer: budget(0.02, 0.05, 0.1),
    },
    gemm: { fp64: [512], fp32: [512], others: [256] },
    gemmThreads: 4,
    memory: [128 * MiB],
    link: [64 * MiB],
    sweep: null,
  },
  default: {
    budget: {
      gemm: budget(0.03, 0.05, 0.17),
      memory: budget(0.02, 0.03, 0.1),
      cache: swept,
      dpx: swept,
      latency: swept,
      launch: swept,
      link: budget(0.05, 0.1, 0.25),
      peer: budget(0.05, 0.1, 0.25),
    },
    gemm: { fp64: [1024], fp32: [1024], others: [512] },
    gemmThreads: 4,
    memory: [128 * MiB],
    link: [256 * MiB],
    sweep: null,
  },
  thorough: {
    budget: {
      gemm: budget(0.5, 1, 3),
      memory: budget(0.5, 1, 3),
      cache: budget(0.05, 0.05, 0.2),
      dpx: budget(0.05, 0.05, 0.2),
      latency: budget(0.05, 0.05, 0.2),
      launch: budget(0.05, 0.05, 0.2),
      link: budget(0.5, 1, 3),
      peer: budget(0.5, 1, 3),
    },
    gemm: { others: [256, 512, 1024, 2048] },
    memory: [256 * MiB, GiB],
    link: [256 * MiB],
    sweep: 3,
  },
};

/**
 * A GPU reaches its rate from about 4096^3 on; fp64 runs at 1/64 of fp32 on many cards and takes half the side.
 * `warmupSeconds` is a ceiling: warming up ends when the clock has settled.
 */
const onCuda: Record<Level, Effort> = {
  quick: {
    budget: {
      gemm: budget(0.1, 0.05, 0.15),
      memory: budget(0.05, 0.05, 0.1),
      cache: swept,
      dpx: swept,
      latency: swept,
      launch: swept,
      link: budget(0.05, 0.05, 0.1),
      peer: budget(0.05, 0.05, 0.1),
    },
    gemm: { fp64: [2048], others: [4096] },
    memory: [GiB],
    link: [256 * MiB],
    sweep: null,
  },
  default: {
    budget: {
      gemm: budget(0.3, 0.2, 0.7),
      memory: budget(0.2, 0.2, 0.5),
      cache: swept,
      dpx: swept,
      latency: swept,
      launch: swept,
      link: budget(0.1, 0.2, 0.5),
      peer: budget(0.1, 0.2, 0.5),
    },
    gemm: { fp64: [4096], others: [8192] },
    memory: [GiB],
    link: [256 * MiB],
    sweep: null,
  },
  thorough: {
    budget: {
      gemm: budget(1, 0.5, 3),
      memory: budget(0.5, 0.5, 2),
      cache: budget(0.05, 0.05, 0.2),
      dpx: budget(0.05, 0.05, 0.2),
      latency: budget(0.05, 0.05, 0.2),
      launch: budget(0.05, 0.05, 0.2),
      link: budget(0.05, 0.1, 0.3),
      peer: budget(0.05, 0.1, 0.3),
    },
    gemm: { fp64: [1024, 2048, 4096, 8192], others: [1024, 2048, 4096, 8192, 16384] },
    memory: [GiB, 4 * GiB],
    link: Array.from({ length: 19 }, (_, octave) => 4 * KiB * 2 ** octave),
    sweep: 3,
  },
};

export const efforts: Record<Backend, Record<Level, Effort>> = { cpu: onCpu, cuda: onCuda };

/** How long a row may take, its verification apart. */
export const budgetOf = ({ backend }: DeviceFacts, { family }: OperationRow, level: Level): Budget =>
  efforts[backend][level].budget[family];
