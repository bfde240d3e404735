// Part of a report: rows of one operation at several sizes, with the levels and the half-rate size found in them.

import * as z from 'zod';
import { Unit } from './schema.js';

const finite = z.number();
const count = z.int().nonnegative();

/** A size at which a curve leaves one level for the next, slower one; the last level has none. */
export const CurveLevel = z.strictObject({
  name: z.string().nullable().describe('L1, L2, L3 or memory; null where no cache of that size is reported'),
  from: count.describe('bytes of the smallest working set on it'),
  to: count.describe('bytes of the largest'),
  points: count,
  rate: finite.describe('median over its sizes'),
  clocks: finite.nullable().describe('of a latency'),
  reportedBytes: finite.nullable().describe('what the system says of this cache, for a set of this kind'),
});
export type CurveLevel = z.infer<typeof CurveLevel>;

/** What the rows of one operation at several sizes say together. */
export const Curve = z.strictObject({
  id: z.string(),
  provider: z.string(),
  device: z.string(),
  peer: z.string().nullable().default(null).describe('of copies to another GPU: which one'),
  unit: Unit,
  sizes: count,
  levels: z.array(CurveLevel).describe('empty where the kind of row has none, or none were found'),
  half: z
    .strictObject({ bytes: finite, rate: finite.describe('at the largest sizes, of which it is the half') })
    .nullable()
    .describe('of copies: the size from which on half of the rate of large ones is reached, n_1/2'),
});
export type Curve = z.infer<typeof Curve>;
