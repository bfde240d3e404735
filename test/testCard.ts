// An invented card and rows measured on it. Every figure here is made up for the tests and documents nothing.

import { attribute } from '../src/judge/attribute.js';
import type { AttributionInput } from '../src/judge/evidence.js';
import type { Measured } from '../src/judge/measured.js';
import { judge } from '../src/judge/verdict.js';
import type { Documented, Report, Row, Statistics } from '../src/row.js';
import type { Conditions, DeviceFacts, KernelFacts, Verification, Work } from '../src/schema.js';

export const testCard: DeviceFacts = {
  id: 'cuda:0',
  backend: 'cuda',
  name: 'Test card',
  uuid: 'GPU-00000000-0000-0000-0000-000000000001',
  computeCapability: '9.0',
  driver: '580.1',
  driverApi: '13.0',
  multiprocessors: 100,
  threads: 0,
  mostThreads: 0,
  placement: null,
  cores: [],
  memoryBytes: 100e9,
  l2Bytes: 50 * 2 ** 20,
  caches: [],
  maxClockHz: 2.2e9,
  maxMemoryClockHz: 3e9,
  memoryBusBits: 5120,
  powerLimitWatts: 700,
  powerLimitDefaultWatts: 700,
  ecc: true,
  memoryRepair: null,
  recoveryAction: null,
  mig: false,
  integrated: false,
  simulated: false,
  pciBusId: '00000000:1B:00.0',
  pciDeviceId: '0xFFFF',
  linkGeneration: 5,
  linkWidth: 16,
  linkMaxGeneration: 5,
  linkMaxWidth: 16,
  linkCard: { generation: 5, width: 16 },
  linkSlot: { generation: 5, width: 16 },
  numaNode: 0,
  features: [],
};

export const testCpu: DeviceFacts = {
  ...testCard,
  id: 'cpu',
  backend: 'cpu',
  name: 'Test processor',
  uuid: null,
  computeCapability: null,
  driver: null,
  driverApi: null,
  multiprocessors: 8,
  threads: 16,
  mostThreads: 16,
  placement: '16 threads on 8 of 8 cores, hyperthreads used; affinity 0-15; no cgroup limit',
  cores: [{ vendor: 'AuthenticAMD', family: 25, model: 97, kind: null, count: 8, maxClockHz: 5e9 }],
  memoryBytes: 16 * 2 ** 30,
  maxClockHz: null,
  maxMemoryClockHz: null,
  powerLimitWatts: null,
  powerLimitDefaultWatts: null,
  pciBusId: null,
  pciDeviceId: null,
  linkGeneration: null,
  linkWidth: null,
  linkMaxGeneration: null,
  linkMaxWidth: null,
  linkCard: null,
  linkSlot: null,
  numaNode: null,
  features: ['avx2'],
};

/** 1000 TFLOPS = 100 SMs x 5000 FLOP per clock x 2000 MHz. */
export const tensorFigure: Documented = {
  resource: 'tensor.bf16',
  value: 1000e12,
  expected: 1000e12,
  printed: '1000 TFLOPS',
  card: 'test-card',
  sparse: false,
  accumulator: 'fp32',
  assumedClockHz: 2e9,
  clockImplied: false,
  upTo: 1,
  nvlinks: null,
  sources: ['An invented document'],
  derivation: null,
  recalled: false,
};
export const memoryFigure: Documented = {
  ...tensorFigure,
  resource: 'memory',
  value: 4e12,
  expected: 4e12,
  printed: '4 TB/s',
  accumulator: null,
  assumedClockHz: null,
  clockImplied: false,
};
export const linkFigure: Documented = {
  ...memoryFigure,
  resource: 'link',
  value: 63e9,
  expected: 63e9,
  printed: '63 GB/s',
};
/** 18 links of an invented generation. */
export const peerFigure: Documented = {
  ...linkFigure,
  resource: 'peer',
  value: 450e9,
  expected: 450e9,
  printed: '450 GB/s',
  nvlinks: 18,
};
export const cardFacts = { multiprocessors: 100, ratePerClock: 5000 };

const series = (median: number, spread = 0.05) => ({
  median,
  min: median * (1 - spread),
  max: median * (1 + spread),
});

export function conditions(
  clockHz: number | null,
  ...throttle: [reason: string, share: number][]
): Conditions {
  return {
    source: clockHz === null ? 'none' : 'nvml',
    missing: clockHz === null ? 'no NVML' : '',
    samples: clockHz === null ? 0 : 58,
    seconds: clockHz === null ? 0 : 0.7,
    clockHz: clockHz === null ? null : series(clockHz),
    memoryClockHz: clockHz === null ? null : series(3e9, 0),
    powerWatts: clockHz === null ? null : series(698, 0.01),
    temperatureCelsius: clockHz === null ? null : series(60),
    memoryTemperatureCelsius: null,
    energyJoules: null,
    correctedErrors: clockHz === null ? null : 0,
    uncorrectedErrors: clockHz === null ? null : 0,
    link: null,
    nvlinks: null,
    otherProcesses: null,
    throttle: throttle.map(([reason, share]) => ({ reason, share })),
    trace: null,
  };
}

export function statistics(median: number, halfWidth = 0.005, samples = 200): Statistics {
  return {
    samples,
    launchesPerSample: 4,
    median,
    mad: median * 0.002,
    min: median * 0.95,
    max: median * 1.05,
    quantiles: { q05: median * 0.97, q25: median * 0.99, q75: median * 1.01, q95: median * 1.03 },
    interval: { low: median * (1 - halfWidth), high: median * (1 + halfWidth), confidence: 0.95 },
    drift: null,
    modes: null,
    stragglers: 0,
    stopped: 'precise',
  };
}

export const verified: Verification = {
  method: 'compared with a float64 reference',
  compared: 4096,
  worst: 0.4,
  bound: 'within the rounding of fp32 sums',
  differences: 0,
  first: null,
  timedLaunchesCompared: true,
  sumBits: null,
};
export const kernel: KernelFacts = {
  name: 'test_kernel',
  resource: 'tensor.bf16',
  tuned: true,
  emulated: false,
  note: '',
};
export const work: Work = {
  flop: 2 * 8192 ** 3,
  flopCounted: '',
  bytes: 3 * 2 * 8192 ** 2,
  bytesCounted: 'read a and b once, write c once',
  workingSetBytes: 1e9,
  rotations: 3,
  steps: 0,
  leadingDimensions: { a: 8192, b: 8192, c: 8192 },
  accumulator: 'fp32',
  output: 'bf16',
};

/** A measured row before its verdict: `share` of the documented figure, at `clockHz`. */
export function measured(
  share: number,
  state: Conditions = conditions(2e9),
  changes: Partial<Measured> & { halfWidth?: number; samples?: number; card?: AttributionInput['card'] } = {},
): Measured {
  const { halfWidth, samples, card = cardFacts, ...rest } = changes;
  const documented = rest.documented === undefined ? tensorFigure : rest.documented;
  const rate = share * (documented ?? tensorFigure).expected;
  const device = { ...testCard, ...rest.device };
  return {
    outcome: 'measured',
    cardMultiprocessors: card.multiprocessors,
    provider: 'builtin',
    data: 'uniform',
    kernel,
    verification: verified,
    statistics: statistics(rate, halfWidth, samples),
    launchSeconds: 1,
    conditions: state,
    burstConditions: conditions(state.clockHz?.median ?? null),
    untimedErrors: null,
    attribution:
      documented === null ? null : attribute({ rate, documented, device, conditions: state, card }),
    undocumented: 'unknown card: no documented card is called "Test card"',
    ...rest,
    device,
    documented,
  };
}

/** The same as a row of a report. */
export function row(subject: Measured, changes: Partial<Row> = {}): Row {
  return {
    id: 'gemm.bf16',
    family: 'gemm',
    operation: 'gemm',
    dtype: 'bf16',
    variant: null,
    provider: 'builtin',
    device: 'cuda:0',
    shape: { m: 8192, n: 8192, k: 8192 },
    peerUuid: null,
    data: subject.data,
    seed: 1,
    unit: 'FLOP/s',
    rate: subject.statistics.median,
    clocks: null,
    work,
    kernel: subject.kernel,
    statistics: subject.statistics,
    conditions: subject.conditions,
    energy: null,
    burst: { statistics: subject.statistics, conditions: subject.conditions, energy: null },
    verification: subject.verification,
    documented: subject.documented,
    attribution: subject.attribution,
    ceiling: null,
    ratioToVendor: null,
    ratioToNear: null,
    priorFailure: null,
    verdict: judge(subject),
    ...changes,
  };
}

/** A row that has no measurement. */
export function emptyRow(changes: Partial<Row> & Pick<Row, 'verdict'>): Row {
  return {
    ...row(measured(1)),
    rate: null,
    clocks: null,
    work: null,
    kernel: null,
    statistics: null,
    conditions: null,
    energy: null,
    burst: null,
    verification: null,
    documented: null,
    attribution: null,
    ceiling: null,
    ...changes,
  };
}

export function report(rows: Row[], changes: Partial<Report> = {}): Report {
  return {
    schemaVersion: 2,
    tool: { name: 'nameplate', build: { version: '0.0.0', compiler: 'g++', images: ['sm_90a'] } },
    host: { hostname: 'test', os: 'linux', arch: 'x64', node: 'v22.0.0', cpu: 'Test processor' },
    startedAt: '2026-01-01T00:00:00.000Z',
    seconds: 58.2,
    state: 'complete',
    simulated: false,
    devices: [{ ...testCard, card: 'test-card', cardReason: 'driver name and witnesses agree' }],
    libraries: [],
    absences: [],
    options: {
      devices: [],
      only: [],
      level: 'default',
      provider: 'both',
      data: 'uniform',
      seed: 1,
      shapes: [],
      telemetry: true,
      threads: null,
      timeoutSeconds: 60,
    },
    rows,
    curves: [],
    ...changes,
  };
}
