// The faults that the native side seeds, and what is to be found of each. See native/fault.h.

import type { Fault, SoakError } from '../schema.js';

export interface DataFault {
  fault: Fault;
  operation: string;
  seeded: string;
}

const control = { fault: 'none', seeded: 'nothing, as a control' } as const;
const idle = { fault: 'idle', seeded: 'launches that do nothing' } as const;
const idleBatch = { fault: 'idleBatch', seeded: 'timed launches that do nothing' } as const;
const flippedBit = {
  fault: 'flippedBit',
  seeded: 'one bit flipped in what the timed launches left',
} as const;

/** In a row; all but the controls make it corrupted. */
export const dataFaults: readonly DataFault[] = [
  { ...control, operation: 'gemm.fp32' },
  { ...flippedBit, operation: 'gemm.fp32' },
  { fault: 'nan', operation: 'gemm.fp32', seeded: 'one NaN among the results' },
  { fault: 'skippedTile', operation: 'gemm.fp32', seeded: 'a tile of 64 x 64 results that is never written' },
  {
    fault: 'overrun',
    operation: 'gemm.fp32',
    seeded: '16 bytes written behind a buffer that is too small for them',
  },
  { ...idle, operation: 'gemm.fp32' },
  { ...idleBatch, operation: 'gemm.fp32' },
  // By tensor cores, on a GPU, and of elements half as wide.
  { ...control, operation: 'gemm.fp16' },
  { ...flippedBit, operation: 'gemm.fp16' },
  { fault: 'nan', operation: 'gemm.fp16', seeded: 'one NaN among the results' },
  { ...control, operation: 'memory.copy' },
  { ...flippedBit, operation: 'memory.copy' },
  { ...idle, operation: 'memory.copy' },
  { ...idleBatch, operation: 'memory.copy' },
  // Integers, whose products are compared bit by bit, and each other way to verify a row, where the device has such rows.
  { ...flippedBit, operation: 'gemm.int8' },
  { ...flippedBit, operation: 'cache.read.core' },
  { ...idle, operation: 'cache.read.core' },
  { ...control, operation: 'dpx.viaddmax' },
  { ...flippedBit, operation: 'dpx.viaddmax' },
  { ...idle, operation: 'dpx.viaddmax' },
  { ...control, operation: 'link.h2d.pinned' },
  { ...flippedBit, operation: 'link.h2d.pinned' },
  { ...idle, operation: 'link.h2d.pinned' },
  { ...flippedBit, operation: 'link.d2h.pinned' },
];

export const damagedNames: Record<SoakError['damaged'], string> = {
  output: 'an output',
  input: 'an input',
  verified: 'the verified output',
};

export interface SoakFault extends DataFault {
  expected: string;
  /** Of so many rounds, how many are wrong. */
  wrong: (rounds: number) => number;
  damaged: SoakError['damaged'] | null;
}

const upsetInput = {
  fault: 'flippedInput',
  seeded: 'one bit of an input flipped, once',
  expected: 'one error, in an input',
  wrong: () => 1,
  damaged: 'input',
} as const;
const upsetVerified = {
  fault: 'flippedVerified',
  seeded: 'one bit flipped, once, in the output that others are compared with',
  expected: 'one error, in the verified output',
  wrong: () => 1,
  damaged: 'verified',
} as const;

export const soakFaults: readonly SoakFault[] = [
  { ...control, operation: 'gemm.fp32', expected: 'no error', wrong: () => 0, damaged: null },
  {
    fault: 'flippedBit',
    operation: 'gemm.fp32',
    seeded: 'one bit flipped after each round',
    expected: 'an error in every round',
    wrong: (rounds) => rounds,
    damaged: 'output',
  },
  { ...upsetInput, operation: 'gemm.fp32' },
  { ...upsetVerified, operation: 'gemm.fp32' },
  { ...upsetInput, operation: 'memory.copy' },
  { ...upsetVerified, operation: 'memory.copy' },
];
