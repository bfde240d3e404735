// What the native side answers.

import * as z from 'zod';
import { Conditions } from './conditions.js';

const finite = z.number();
const count = z.int().nonnegative();
const seconds = z.number().nonnegative();

export const Work = z.strictObject({
  flop: finite.describe('integer operations too'),
  flopCounted: z.string().describe('in words: what an operation is; empty where it is a plain FLOP'),
  bytes: finite,
  bytesCounted: z.string().describe('in words: what the bytes count'),
  workingSetBytes: finite,
  rotations: count.describe('buffer sets that successive launches walk through'),
  steps: count.describe(
    'what a latency is the time of: accesses or launches, each after the one before; else 0',
  ),
  leadingDimensions: z.strictObject({ a: count, b: count, c: count }).nullable(),
  accumulator: z.string().nullable(),
  output: z.string().nullable(),
});
export type Work = z.infer<typeof Work>;

export const KernelFacts = z.strictObject({
  name: z.string(),
  resource: z.string().describe('the documented figure it exhausts; "none" where there is none'),
  tuned: z
    .boolean()
    .describe('false: right, but its speed is not established, so its rate does not judge the device'),
  emulated: z.boolean(),
  note: z.string(),
});
export type KernelFacts = z.infer<typeof KernelFacts>;

export const stopReasons = ['precise', 'time', 'cancelled'] as const;
const StopReason = z.enum(stopReasons);

/** Seconds per launch, one value a sample; a sample is `launchesPerSample` launches timed as one. */
export const Phase = z.strictObject({
  secondsPerLaunch: z.instanceof(Float64Array),
  launchesPerSample: count,
  stopped: StopReason,
  conditions: Conditions,
});
export type Phase = z.infer<typeof Phase>;

/** What a loop that only computes on registers reached between the slices of the sustained phase, in FLOP/s. */
export const Ceiling = z.strictObject({ how: z.string(), rates: z.instanceof(Float64Array) });
export type Ceiling = z.infer<typeof Ceiling>;

const Difference = z.strictObject({
  at: z.string().describe('where, in words'),
  expected: z.string(),
  actual: z.string(),
});

/** Terms of a sum that are smaller than this are not asked for: native/sum_bits.h. */
export const mostSumBits = 25;

export const Verification = z.strictObject({
  method: z.string().describe('in words: what was compared with what'),
  compared: count.describe('elements compared with the reference'),
  worst: finite.nullable().describe('largest error, as a share of its bound; at most 1 passes'),
  bound: z.string().describe('in words: the bound'),
  differences: count.describe('places outside the bound or with the wrong bits, at least'),
  first: Difference.nullable(),
  timedLaunchesCompared: z
    .boolean()
    .describe('the output after timing was compared bit by bit with the verified one'),
  sumBits: count
    .nullable()
    .describe(
      `of FP8: bits below its largest term that a sum was found to keep, ${mostSumBits} standing for more; else null`,
    ),
});
export type Verification = z.infer<typeof Verification>;

const measured = { provider: z.string(), kernel: KernelFacts, work: Work, verification: Verification };
export const ProviderResult = z.discriminatedUnion('outcome', [
  z.strictObject({
    outcome: z.literal('measured'),
    ...measured,
    burst: Phase,
    sustained: Phase,
    ceiling: Ceiling.nullable(),
    untimedErrors: finite
      .nullable()
      .describe('ECC errors that were not corrected, outside of the windows of all providers of the request'),
  }),
  z.strictObject({ outcome: z.literal('wrong'), ...measured }),
  z.strictObject({ outcome: z.literal('unsupported'), provider: z.string(), reason: z.string() }),
  z.strictObject({
    outcome: z.literal('failed'),
    provider: z.string(),
    code: z.string(),
    message: z.string(),
    uncorrectedErrors: finite
      .nullable()
      .describe('ECC errors that were not corrected, while the request ran; null where none are told'),
  }),
]);
export type ProviderResult = z.infer<typeof ProviderResult>;
export type MeasuredResult = Extract<ProviderResult, { outcome: 'measured' }>;
export type FailedResult = Extract<ProviderResult, { outcome: 'failed' }>;

export const RunResult = z.strictObject({ results: z.array(ProviderResult) });
export type RunResult = z.infer<typeof RunResult>;

/** One round of a soak that left other bits than the verified launch. */
export const SoakError = z.strictObject({
  seconds: seconds.describe('since the soak began'),
  damaged: z
    .enum(['output', 'input', 'verified'])
    .describe(
      'what the wrong words lay in; verified: the output kept to compare with; all but an output was put right',
    ),
  differences: count.describe('words of it'),
  first: Difference,
});
export type SoakError = z.infer<typeof SoakError>;

export const SoakStep = z.strictObject({
  kernel: KernelFacts,
  work: Work,
  verification: Verification.describe('of the first launch'),
  seconds,
  endedAt: seconds.describe('since the soak began'),
  busySeconds: seconds.describe('of device time in launches'),
  launches: count.describe('every one of them compared; 0 where the first launch was already wrong'),
  wrongRounds: count,
  errors: z.array(SoakError).describe('the first of them'),
  conditions: Conditions,
  failure: z
    .strictObject({ code: z.string(), message: z.string() })
    .nullable()
    .describe('what ended it; the rounds before stand'),
});
export type SoakStep = z.infer<typeof SoakStep>;
