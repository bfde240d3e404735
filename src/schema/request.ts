// What is asked of the native side.

import * as z from 'zod';
import { DataPattern } from './words.js';

const count = z.int().nonnegative();
const seconds = z.number().nonnegative();

const GemmShape = z.strictObject({ m: count, n: count, k: count });
const BytesShape = z.strictObject({
  bytes: count.describe('of one array, of one copy, or of a working set'),
});
const KernelsShape = z.strictObject({ kernels: count.describe('in one launch') });
const StepsShape = z.strictObject({
  steps: count.describe('of each chain of instructions, in one launch'),
});
const PeerShape = z.strictObject({
  bytes: count.describe('of one copy'),
  peer: z.string().nullable().describe('the other device; null where there is none'),
});
export const Shape = z.union([GemmShape, BytesShape, PeerShape, KernelsShape, StepsShape], {
  error: 'expected { m, n, k }, { bytes }, { bytes, peer }, { kernels } or { steps }',
});
export type Shape = z.infer<typeof Shape>;

export const InventoryRequest = z.strictObject({
  threads: z.int().positive().nullable().describe('that a run on the CPU will use; null: one per core'),
});
export type InventoryRequest = z.infer<typeof InventoryRequest>;

export const Budget = z.strictObject({
  warmupSeconds: seconds,
  burstSeconds: seconds,
  sustainedSeconds: seconds,
  precision: z.number().positive().describe('half-width of the confidence interval to stop at, relative'),
});
export type Budget = z.infer<typeof Budget>;

/** Faults that can be seeded, to prove that they are noticed: see native/fault.h. */
export const faults = [
  'none',
  'flippedBit',
  'flippedInput',
  'flippedVerified',
  'nan',
  'skippedTile',
  'overrun',
  'idle',
  'idleBatch',
] as const;
export const Fault = z.enum(faults);
export type Fault = z.infer<typeof Fault>;

export const RunRequest = z.strictObject({
  device: z.string(),
  operation: z.string(),
  shape: Shape,
  providers: z.array(z.string()),
  data: DataPattern,
  seed: count,
  telemetry: z.boolean().describe('whether clocks, watts and errors are asked for while a window is timed'),
  fault: Fault.describe('anything but none: the answer is no measurement'),
  threads: z.int().positive().nullable().describe('of a CPU; null: one per core'),
  budget: Budget,
});
export type RunRequest = z.infer<typeof RunRequest>;

/** A stretch of a soak. The same request again goes on with the same buffers; another begins anew. */
export const SoakRequest = z.strictObject({
  device: z.string(),
  operation: z.string(),
  shape: Shape,
  provider: z.string(),
  data: DataPattern,
  seed: count,
  fault: Fault,
  seconds: seconds.describe('of this stretch'),
});
export type SoakRequest = z.infer<typeof SoakRequest>;
