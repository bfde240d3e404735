// The words that all others are made of: formats, families, units.

import * as z from 'zod';

export const dtypes = ['fp64', 'fp32', 'tf32', 'fp16', 'bf16', 'fp8e4m3', 'fp8e5m2', 'int8'] as const;
export const DType = z.enum(dtypes);
export type DType = z.infer<typeof DType>;

/** The families of operations. What is asked of a row's kind is asked of these, never of the words in its id. */
export const Family = z.enum(['gemm', 'memory', 'cache', 'dpx', 'latency', 'launch', 'link', 'peer']);
export type Family = z.infer<typeof Family>;

/** What tells operations of one name and format apart, of all families. */
export const Variant = z.enum([
  // Accumulators of a GEMM, and an A of which half is zero, 2:4.
  'acc16',
  'fast',
  'sparse',
  // Whose caches: one core's, or those that the whole device shares.
  'core',
  'device',
  // DPX on pairs, and with a floor of zero.
  's16x2',
  's16x2.relu',
  // The host's memory of a copy.
  'pinned',
  'pageable',
  'far',
]);
export type Variant = z.infer<typeof Variant>;

/** SI. Of a latency the seconds; of operations that are no FLOP, such as those of DPX, op/s. */
export const Unit = z.enum(['FLOP/s', 'B/s', 'op/s', 's']);
export type Unit = z.infer<typeof Unit>;

export const dataPatterns = ['uniform', 'normal', 'integers', 'zeros'] as const;
export const DataPattern = z.enum(dataPatterns);
export type DataPattern = z.infer<typeof DataPattern>;
