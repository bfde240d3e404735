// What the judges say: measurement, documented figure, attribution, verdict, and the row and report that hold them.
// The first half of the vocabulary, what the native side is asked and answers, is schema.ts.

import * as z from 'zod';
import { Curve } from './curve.js';
import { Host } from './host.js';
import { RunOptions } from './options.js';
import {
  Absence,
  Build,
  Conditions,
  DataPattern,
  DeviceFacts,
  DType,
  Family,
  KernelFacts,
  Library,
  Shape,
  stopReasons,
  Unit,
  Variant,
  Verification,
  Work,
} from './schema.js';

const finite = z.number();
const count = z.int().nonnegative();

/** What the samples did besides scatter. Each is null, or 0, where nothing of the kind was noticed. */
const Notice = {
  drift: finite.nullable().describe('median of the last third over that of the first, less 1'),
  modes: z
    .array(z.strictObject({ median: finite, share: finite }))
    .nullable()
    .describe('two levels that the samples jump between'),
  stragglers: count.describe('samples far slower than the rest'),
};

/** Of the rates of one phase's samples, in the row's unit. The interval is a bootstrap of the median, 95 %. */
export const Statistics = z.strictObject({
  samples: count,
  launchesPerSample: count,
  median: finite,
  mad: finite.describe('median absolute deviation, unscaled'),
  min: finite,
  max: finite,
  quantiles: z.strictObject({ q05: finite, q25: finite, q75: finite, q95: finite }),
  interval: z.strictObject({ low: finite, high: finite, confidence: finite }),
  ...Notice,
  stopped: z.enum(stopReasons),
});
export type Statistics = z.infer<typeof Statistics>;

/** What a phase cost. Of the whole board: fans, memory and idle parts included. */
export const Energy = z.strictObject({
  watts: finite,
  perWatt: finite.describe("FLOP/s, B/s or op/s per watt: the row's unit over watts"),
  joulesPerLaunch: finite,
  source: z.enum(['energy counter', 'power readings']),
});
export type Energy = z.infer<typeof Energy>;

/** What later versions added is filled in where an older report of this schema version lacks it. */
const WorkOfReport = Work.extend({
  flopCounted: Work.shape.flopCounted.default(''),
  steps: Work.shape.steps.default(0),
});
const VerificationOfReport = Verification.extend({
  sumBits: Verification.shape.sumBits.default(null),
});
const ConditionsOfReport = Conditions.extend({
  otherProcesses: Conditions.shape.otherProcesses.default(null),
});
export const DeviceOfReport = DeviceFacts.extend({
  memoryRepair: DeviceFacts.shape.memoryRepair.default(null),
  recoveryAction: DeviceFacts.shape.recoveryAction.default(null),
  caches: DeviceFacts.shape.caches.default([]),
  linkCard: DeviceFacts.shape.linkCard.default(null),
  linkSlot: DeviceFacts.shape.linkSlot.default(null),
  numaNode: DeviceFacts.shape.numaNode.default(null),
});
const AbsenceOfReport = Absence.extend({ code: Absence.shape.code.default(null) });

export const PhaseSummary = z.strictObject({
  statistics: Statistics,
  conditions: ConditionsOfReport,
  energy: Energy.nullable(),
});
export type PhaseSummary = z.infer<typeof PhaseSummary>;

/** Both figures are kept; `rate` of the row is the median of `sustained`. */
export const Measurement = z.strictObject({ burst: PhaseSummary, sustained: PhaseSummary });
export type Measurement = z.infer<typeof Measurement>;

export const Documented = z.strictObject({
  resource: z.string(),
  value: finite.describe('FLOP/s or B/s, for the whole card'),
  expected: finite.describe('the same for what is present: a MIG slice is judged against its share'),
  printed: z.string().describe('as the document prints it'),
  card: z.string().describe('its id; for a CPU the microarchitecture that its ceiling is derived from'),
  sparse: z.boolean(),
  accumulator: z.string().nullable(),
  assumedClockHz: finite.nullable(),
  clockImplied: z
    .boolean()
    .describe(
      'no document names the clock: it is figure / (rate per SM per clock x SMs), arithmetic and not evidence',
    ),
  upTo: finite
    .default(1)
    .describe(
      'times the figure, that such cards were measured at: 2 where a document halves what the silicon does',
    ),
  nvlinks: count
    .nullable()
    .default(null)
    .describe('of a copy over NVLink: how many links make up the figure'),
  sources: z.array(z.string()),
  derivation: z.string().nullable(),
  recalled: z.boolean().describe('no source of it could be opened'),
});
export type Documented = z.infer<typeof Documented>;

/** The most that the same cores gave meanwhile, measured with a loop that only computes: CPU arithmetic alone. */
export const MeasuredCeiling = z.strictObject({
  value: finite.describe('FLOP/s, the highest of the samples'),
  samples: count,
  how: z.string().describe('in words: the loop'),
  fraction: finite.describe('rate / value'),
});
export type MeasuredCeiling = z.infer<typeof MeasuredCeiling>;

/** One factor of measured / documented, with what shows it. */
export const Factor = z.strictObject({
  name: z.enum(['multiprocessors', 'clock', 'kernel', 'link', 'remainder']),
  value: finite,
  evidence: z.string(),
  confirm: z.string().nullable().describe('a command that would confirm or cure it'),
});
export type Factor = z.infer<typeof Factor>;

export const Attribution = z.strictObject({
  ofSpec: finite.describe('measured / documented'),
  ofClock: finite.nullable().describe('measured / (rate per SM per clock x SMs present x clock held)'),
  factors: z.array(Factor).describe('their product is ofSpec'),
  summary: z.string(),
});
export type Attribution = z.infer<typeof Attribution>;

const judged = { fraction: finite, threshold: finite, why: z.string() };
export const Verdict = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('pass'), ...judged }),
  z.strictObject({ status: z.literal('low'), ...judged }),
  z.strictObject({ status: z.literal('inconclusive'), ...judged }),
  z.strictObject({ status: z.literal('throttled'), ...judged }),
  z.strictObject({ status: z.literal('implausible'), fraction: finite, limit: finite, why: z.string() }),
  z.strictObject({ status: z.literal('corrupted'), why: z.string() }),
  z.strictObject({ status: z.literal('unjudged'), why: z.string() }),
  z.strictObject({ status: z.literal('unsupported'), why: z.string() }),
  z.strictObject({ status: z.literal('failed'), code: z.string(), why: z.string() }),
]);
export type Verdict = z.infer<typeof Verdict>;
export type Status = Verdict['status'];

/** One row per operation, format, shape, provider and device. Absent parts are null, and the verdict says why. */
export const Row = z.strictObject({
  id: z.string(),
  family: Family.nullable().default(null).describe('null in a report of an earlier version'),
  operation: z.string(),
  dtype: DType.nullable(),
  variant: Variant.nullable(),
  provider: z.string(),
  device: z.string(),
  shape: Shape,
  peerUuid: z
    .string()
    .nullable()
    .default(null)
    .describe(
      'of a copy to another GPU: its uuid; null where it has none, and in a report of an earlier version',
    ),
  data: DataPattern.describe(
    'of GEMM inputs; memory and link rows move random doubles from 1 to 2 whatever it is',
  ),
  seed: count,
  unit: Unit,
  rate: finite.nullable().describe('median of the sustained phase'),
  clocks: finite
    .nullable()
    .default(null)
    .describe('of a latency: in clocks of the device, at the median of the clock held meanwhile'),
  work: WorkOfReport.nullable(),
  kernel: KernelFacts.nullable(),
  statistics: Statistics.nullable().describe('of the sustained phase'),
  conditions: ConditionsOfReport.nullable().describe('of the sustained phase'),
  energy: Energy.nullable().describe('of the sustained phase'),
  burst: PhaseSummary.nullable(),
  verification: VerificationOfReport.nullable(),
  documented: Documented.nullable(),
  attribution: Attribution.nullable(),
  ceiling: MeasuredCeiling.nullable(),
  ratioToVendor: finite
    .nullable()
    .describe('this row over the vendor row of the same operation, interleaved in one run'),
  ratioToNear: finite
    .nullable()
    .default(null)
    .describe("of a copy on a far NUMA node: this row over the same copy on the device's own node"),
  priorFailure: z
    .strictObject({ code: z.string(), why: z.string() })
    .nullable()
    .default(null)
    .describe('of the request in which the providers took turns: this one was then asked alone'),
  verdict: Verdict,
});
export type Row = z.infer<typeof Row>;

export const schemaVersion = 2;

export const Report = z.strictObject({
  schemaVersion: z.literal(schemaVersion),
  tool: z.strictObject({ name: z.literal('nameplate'), build: Build }),
  host: Host,
  startedAt: z.iso.datetime(),
  seconds: finite,
  state: z.enum(['running', 'complete', 'interrupted']),
  simulated: z.boolean(),
  devices: z.array(DeviceOfReport.extend({ card: z.string().nullable(), cardReason: z.string() })),
  libraries: z.array(Library),
  absences: z.array(AbsenceOfReport),
  options: RunOptions,
  rows: z.array(Row),
  curves: z.array(Curve).default([]),
});
export type Report = z.infer<typeof Report>;
