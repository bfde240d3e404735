// What is said of many devices of one card beside each other: the schema of `nameplate fleet --json`. The rule is fleet.ts.

import * as z from 'zod';
import { Row } from '../row.js';

const finite = z.number();
const count = z.int().nonnegative();

const Member = z.strictObject({
  host: z.string(),
  id: z.string(),
  uuid: z.string().nullable(),
  pciBusId: z.string().nullable(),
  startedAt: z.string().describe('of the report that it is known from'),
});
export type Member = z.infer<typeof Member>;

const line = {
  ...Row.pick({ id: true, provider: true, shape: true, dtype: true, unit: true, data: true }).shape,
};

const Ranked = z.strictObject({
  ...line,
  devices: count.describe('that measured it'),
  median: finite.describe('of their rates'),
  mad: finite.describe('median absolute deviation of them, unscaled'),
  lowest: finite,
  highest: finite,
});
export type Ranked = z.infer<typeof Ranked>;

const Finding = z.strictObject({
  ...line,
  device: count.describe('its place in the group'),
  status: z
    .enum(['slow', 'fast', 'wrong', 'lost'])
    .describe('wrong: corrupted or implausible; lost: not measured, where most of its like did'),
  rate: finite.nullable(),
  change: finite.nullable().describe('rate / median of its like, less 1; of a latency, a rise is slow'),
  score: finite
    .nullable()
    .describe('0.6745 (rate - median) / median absolute deviation; null where all others are equal'),
  why: z.string().describe('what its own report says of the row'),
});
export type Finding = z.infer<typeof Finding>;

const Standing = z.strictObject({
  ...Member.shape,
  rows: count.describe('in which it is ranked'),
  standing: finite
    .nullable()
    .describe('median over its rows of its rate over that of its like, inverted for latencies'),
});
export type Standing = z.infer<typeof Standing>;

const Group = z.strictObject({
  name: z.string(),
  card: z.string().nullable(),
  devices: z.array(Standing),
  rows: z.array(Ranked),
  findings: z.array(Finding),
});
export type Group = z.infer<typeof Group>;

export const Fleet = z.strictObject({
  fleetVersion: z.literal(1),
  tolerance: finite.describe('least relative difference from the median that counts'),
  simulated: z.boolean(),
  reports: count,
  groups: z.array(Group).describe('of one card each'),
  superseded: z.array(Member).describe('measured again in a later report, which counts'),
});
export type Fleet = z.infer<typeof Fleet>;
