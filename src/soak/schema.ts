// What a soak says: how long under which load, what was compared, and every error with its place.

import * as z from 'zod';
import { Host } from '../host.js';
import { DeviceOfReport } from '../row.js';
import { Build, Conditions, DataPattern, DType, KernelFacts, Shape, SoakError } from '../schema.js';

const finite = z.number();
const count = z.int().nonnegative();
/** Of the medians of the steps: the least, the middle and the greatest. */
const Range = z.strictObject({ min: finite, median: finite, max: finite });

export const SoakOptions = z.strictObject({
  device: z.string().nullable().describe('id or uuid; null: the only GPU, or the CPU where there is none'),
  operation: z.string(),
  provider: z
    .string()
    .nullable()
    .describe("null: cublaslt where it is found and has the row, else the row's first"),
  shape: Shape.nullable().describe('null: that of the level'),
  data: DataPattern,
  seed: count,
  minutes: z.number().positive(),
  timeoutSeconds: z
    .number()
    .positive()
    .max(86_400)
    .describe('after which a step that has not answered is ended; from 0.1, with or without a fraction'),
});
export type SoakOptions = z.infer<typeof SoakOptions>;

/** clean: no wrong bit; corrupted: some; failed: it could not go on, with what it had found until then. */
export const SoakVerdict = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('clean'), why: z.string() }),
  z.strictObject({ status: z.literal('corrupted'), why: z.string() }),
  z.strictObject({ status: z.literal('failed'), code: z.string(), why: z.string() }),
]);
export type SoakVerdict = z.infer<typeof SoakVerdict>;

export const soakSchemaVersion = 1;

/** A report of an earlier version looked at outputs alone. */
const ReportedError = SoakError.extend({ damaged: SoakError.shape.damaged.default('output') });

export const SoakReport = z.strictObject({
  soakSchemaVersion: z.literal(soakSchemaVersion),
  tool: z.strictObject({ name: z.literal('nameplate'), build: Build }),
  host: Host,
  startedAt: z.iso.datetime(),
  state: z.enum(['running', 'complete', 'interrupted']),
  simulated: z.boolean(),
  device: DeviceOfReport,
  options: SoakOptions.extend({ provider: z.string().describe('who computed') }),
  shape: Shape,
  dtype: DType.nullable().default(null).describe('null of a row without one, and of an earlier version'),
  kernel: KernelFacts.nullable(),
  seconds: finite,
  busyShare: finite.nullable().describe('share of the time in launches; comparing takes the rest'),
  launches: count.describe('every one of them compared with the verified first one'),
  rate: finite.nullable().describe('FLOP/s, B/s or op/s while busy'),
  rates: Range.nullable().default(null).describe('of the steps, which are of about a second'),
  last: z
    .strictObject({
      rate: finite.nullable(),
      clockHz: finite.nullable(),
      powerWatts: finite.nullable(),
      temperatureCelsius: finite.nullable(),
    })
    .nullable()
    .default(null)
    .describe('the last step by itself'),
  unit: z.enum(['FLOP/s', 'B/s', 'op/s']),
  wrongRounds: count.describe('rounds through the buffer sets that left other bits'),
  errorsPerHour: finite.nullable().describe('wrong rounds per hour'),
  errors: z.array(ReportedError).describe('the first hundred of each second, a thousand at most'),
  clockHz: Range.nullable(),
  powerWatts: Range.nullable(),
  temperatureCelsius: Range.nullable(),
  memoryTemperatureCelsius: Range.nullable(),
  correctedErrors: finite.nullable(),
  uncorrectedErrors: finite.nullable(),
  eccErrors: z
    .array(
      z.strictObject({
        seconds: finite.describe('since the soak began, at which the counters were read'),
        corrected: finite,
        uncorrected: finite,
      }),
    )
    .default([])
    .describe('an entry for each step in which a counter rose, the first thousand'),
  otherProcesses: Conditions.shape.otherProcesses.default(null),
  throttle: z.array(z.strictObject({ reason: z.string(), share: finite })),
  missing: z.string(),
  verdict: SoakVerdict,
});
export type SoakReport = z.infer<typeof SoakReport>;
