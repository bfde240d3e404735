// What a comparison of two reports says: the schema of `nameplate compare --json`. The rule is compare.ts.

import * as z from 'zod';
import { Report, Row } from '../row.js';
import { Change } from './changes.js';

const finite = z.number();
const Figure = z.strictObject({
  rate: finite,
  low: finite.describe('of the 95 % interval of the median, as is high'),
  high: finite,
});
export type Figure = z.infer<typeof Figure>;

const both = {
  before: Figure,
  after: Figure,
  change: finite.describe('of the rate, relative; of a latency, a rise is a loss'),
  overlap: z.boolean().describe('whether the intervals overlap'),
  changes: z.array(Change).describe('of the conditions'),
};
const Outcome = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('slower'), ...both }),
  z.strictObject({ status: z.literal('faster'), ...both }),
  z.strictObject({ status: z.literal('unchanged'), ...both }),
  z
    .strictObject({ status: z.literal('lost'), before: Figure, why: z.string() })
    .describe('measured before, now not'),
  z.strictObject({ status: z.literal('wrong'), why: z.string() }).describe('corrupted or implausible now'),
  z.strictObject({ status: z.literal('incomparable'), why: z.string() }),
]);
export type Outcome = z.infer<typeof Outcome>;

/** A row that had the device for itself met another temperature and clock than one that took turns with the vendor's. */
const Alone = z
  .strictObject({
    report: z.enum(['before', 'after']),
    code: z.string().describe('of what failed while the providers took turns'),
    why: z.string(),
  })
  .nullable()
  .describe('set where one of the two rows alone was asked alone, after a failure');
export type Alone = z.infer<typeof Alone>;

const Side = z.strictObject({
  startedAt: z.string(),
  host: z.string(),
  version: z.string(),
  ...Report.pick({ state: true }).shape,
});

export const Comparison = z.strictObject({
  comparisonVersion: z.literal(1),
  tolerance: finite.describe('least relative difference of the medians that counts'),
  simulated: z.boolean(),
  before: Side,
  after: Side,
  changes: z.array(Change).describe('of the runs'),
  devices: z.array(
    z.strictObject({
      name: z.string(),
      before: z.string(),
      after: z.string(),
      specimen: z.enum(['same', 'another', 'unknown']).describe('whether it is the same board, by its uuid'),
      changes: z.array(Change),
    }),
  ),
  unreached: z
    .int()
    .nonnegative()
    .describe('rows that the earlier report measured and the later one did not come to before it ended'),
  rows: z.array(
    z.strictObject({
      ...Row.pick({ id: true, provider: true, shape: true, dtype: true, unit: true }).shape,
      device: z.string().describe('its id in the report that has the row, the earlier one first'),
      alone: Alone,
      outcome: Outcome,
    }),
  ),
});
export type Comparison = z.infer<typeof Comparison>;
