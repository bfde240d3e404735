// Read first: the vocabulary, in the order the data flows.
//
//   device facts -> request -> samples -> measurement -> documented figure + attribution -> verdict -> row -> report
//
// Each noun is a zod schema and the type inferred from it, so a shape is written once. Objects are strict in both
// directions: an extra field from the native side is as wrong as a missing one. Units: SI (seconds, bytes, Hz, watts,
// FLOP/s, B/s, op/s); an integer operation counts as a FLOP.

import * as z from 'zod';

export const dtypes = ['fp64', 'fp32', 'tf32', 'fp16', 'bf16', 'fp8e4m3', 'fp8e5m2', 'int8'] as const;
export const DType = z.enum(dtypes);
export type DType = z.infer<typeof DType>;

/** The families of operations. What is asked of a row's kind is asked of these, never of the words in its id. */
export const Family = z.enum(['gemm', 'memory', 'cache', 'dpx', 'latency', 'launch', 'link', 'peer']);
export type Family = z.infer<typeof Family>;

/** What tells operations of one name and format apart, of all families. */
export const Variant = z.enum([
  // Accumulators of a GEMM.
  'acc16',
  'fast',
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

const finite = z.number();
const count = z.int().nonnegative();
const seconds = z.number().nonnegative();

// ---- What is here

/** Cores of one kind. The numbers name a microarchitecture; on Arm they are implementer, architecture and part. */
export const CoreGroup = z.strictObject({
  vendor: z.string(),
  family: count,
  model: count,
  kind: z.string().nullable().describe('performance or efficiency; null where all cores are alike'),
  count,
  maxClockHz: finite.nullable().describe('mean of their highest clocks; null where the system does not say'),
});
export type CoreGroup = z.infer<typeof CoreGroup>;

export const Cache = z.strictObject({
  level: z.int().positive(),
  bytes: finite.describe('of one of them'),
  sharedBy: count.describe('threads of a run, or multiprocessors, that share one'),
});
export type Cache = z.infer<typeof Cache>;

/** PCI Express: what one end of a link can do. */
export const LinkEnd = z.strictObject({ generation: finite, width: finite });
export type LinkEnd = z.infer<typeof LinkEnd>;

export const DeviceFacts = z.strictObject({
  id: z.string().describe('cpu, cuda:0, …'),
  backend: z.enum(['cpu', 'cuda']),
  name: z.string().describe('as the driver or the processor prints it'),
  uuid: z.string().nullable(),
  computeCapability: z.string().nullable(),
  driver: z.string().nullable().describe('version of the NVIDIA driver'),
  driverApi: z.string().nullable().describe('CUDA version that the driver speaks'),
  multiprocessors: count.describe('SMs present; on a CPU the cores that the process may use'),
  threads: count.describe('CPU only: threads a run uses'),
  mostThreads: count.describe('CPU only: CPUs that the process may run on'),
  placement: z.string().nullable().describe('CPU only: in words, which cores are used and why'),
  cores: z.array(CoreGroup).describe('CPU only: those that a run uses'),
  memoryBytes: finite,
  l2Bytes: finite.describe('L2 of a GPU, last-level cache of a CPU; 0 where unknown'),
  caches: z.array(Cache).describe('of data, the nearest first; empty where the system does not say'),
  maxClockHz: finite.nullable(),
  maxMemoryClockHz: finite.nullable(),
  memoryBusBits: finite.nullable(),
  powerLimitWatts: finite.nullable(),
  powerLimitDefaultWatts: finite.nullable(),
  ecc: z.boolean().nullable(),
  mig: z.boolean(),
  integrated: z.boolean(),
  simulated: z.boolean().describe('a stand-in for tests answered; no figure of it is a measurement'),
  pciBusId: z.string().nullable(),
  pciDeviceId: z.string().nullable(),
  linkGeneration: finite.nullable(),
  linkWidth: finite.nullable(),
  linkMaxGeneration: finite.nullable(),
  linkMaxWidth: finite.nullable(),
  linkCard: LinkEnd.nullable().describe('the most that the card can do by itself, as the system reads it'),
  linkSlot: LinkEnd.nullable().describe('the most that the port can do that it is plugged into'),
  numaNode: finite.nullable().describe('of the host, that the device is attached to'),
  features: z.array(z.string()),
});
export type DeviceFacts = z.infer<typeof DeviceFacts>;

export const Absence = z.strictObject({ what: z.string(), reason: z.string(), remedy: z.string() });
export type Absence = z.infer<typeof Absence>;

export const Library = z.strictObject({ name: z.string(), path: z.string(), version: z.string() });
export type Library = z.infer<typeof Library>;

export const Build = z.strictObject({
  version: z.string(),
  compiler: z.string(),
  images: z.array(z.string()).describe('device code held: family and architecture'),
});
export type Build = z.infer<typeof Build>;

export const Inventory = z.strictObject({
  build: Build,
  devices: z.array(DeviceFacts),
  libraries: z.array(Library),
  absences: z.array(Absence),
});
export type Inventory = z.infer<typeof Inventory>;

/** One row of the native table of operations: `gemm.fp16.acc16`, `memory.copy`, `link.h2d.pinned`. */
export const OperationRow = z.strictObject({
  id: z.string(),
  family: Family,
  operation: z.string().describe('the id without format and variant'),
  dtype: DType.nullable(),
  variant: Variant.nullable(),
  unit: Unit,
  providers: z
    .strictObject({ cpu: z.array(z.string()), cuda: z.array(z.string()) })
    .describe('builtin first; empty: not on this backend'),
});
export type OperationRow = z.infer<typeof OperationRow>;

// ---- What is asked

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

// ---- What the native side answers

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

const Series = z.strictObject({ median: finite, min: finite, max: finite });
export type Series = z.infer<typeof Series>;

const column = z.array(finite.nullable());

/** Every reading of the window, a column a sensor: entry i of each was read at `at[i]`. */
const Trace = z.strictObject({
  at: z.array(seconds).describe('since the first reading'),
  clockHz: column,
  memoryClockHz: column,
  powerWatts: column,
  temperatureCelsius: column,
  memoryTemperatureCelsius: column,
  throttle: column.describe('the bits of NVML, nvmlClocksEventReasons'),
});

/**
 * Others with a compute context on the device, by its list before and after each window. In a container it may show those of
 * the container alone.
 */
const OtherProcesses = z.strictObject({
  count: count.describe('the most at a time'),
  memoryBytes: finite.nullable().describe('that they held together; null where it is not told'),
  smShare: finite
    .nullable()
    .describe('of the time, that the busiest of them used the SMs; null where it is not told'),
});

/** The state of the device while a phase was timed. Counters are what they rose by meanwhile. */
export const Conditions = z.strictObject({
  source: z.string(),
  missing: z.string().describe('what was not answered, and why'),
  samples: count.describe('readings of the sensors'),
  seconds: seconds.describe('that the windows of the phase were open'),
  clockHz: Series.nullable(),
  memoryClockHz: Series.nullable(),
  powerWatts: Series.nullable(),
  temperatureCelsius: Series.nullable(),
  memoryTemperatureCelsius: Series.nullable(),
  energyJoules: finite.nullable().describe('of the whole board, by its counter'),
  correctedErrors: finite.nullable().describe('ECC errors that were corrected'),
  uncorrectedErrors: finite.nullable().describe('ECC errors that were not: memory lost its contents'),
  link: z
    .strictObject({ generation: finite, width: finite, replays: finite.nullable() })
    .nullable()
    .describe('PCI Express in use'),
  nvlinks: z.strictObject({ present: count, active: count }).nullable(),
  otherProcesses: OtherProcesses.nullable().describe('null where it is not known'),
  throttle: z.array(z.strictObject({ reason: z.string(), share: finite })),
  trace: Trace.nullable(),
});
export type Conditions = z.infer<typeof Conditions>;

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
