// Telemetry and samples as a faulty card or a faulty stopwatch would give them, put into the answer of a real measurement.

import type { Row, Status } from '../row.js';
import type { Conditions, MeasuredResult, Phase } from '../schema.js';
import { formatCount } from '../units.js';
import type { StandIn } from './standIn.js';

export interface Staged {
  seeded: string;
  control: boolean;
  expected: string;
  stage(control: MeasuredResult, judge: StandIn): MeasuredResult;
  /** What the judges made of it, and whether that is what they should. */
  found(row: Row): { found: string; right: boolean };
}

interface Scene {
  /** Of the documented figure. */
  share: number;
  /** Of the clock that the figure assumes. */
  clock: number;
  throttle?: Conditions['throttle'];
  /** In the sustained phase. */
  uncorrectedErrors?: number;
}

/** What a healthy card gives, comfortably above every threshold. */
const healthy: Scene = { share: 0.85, clock: 1 };

const verdictIs =
  (status: Status) =>
  ({ verdict }: Row) => ({ found: `${verdict.status}: ${verdict.why}`, right: verdict.status === status });

const fails =
  (expectedCode: string) =>
  ({ verdict }: Row) => ({
    found: `${verdict.status}: ${verdict.why}`,
    right: verdict.status === 'failed' && verdict.code === expectedCode,
  });

export const stagings: readonly Staged[] = [
  {
    seeded: 'nothing, as a control',
    control: true,
    expected: 'pass',
    stage: (control, judge) => set(control, judge, healthy),
    found: verdictIs('pass'),
  },
  {
    seeded: 'a clock at half, by thermal slowdown',
    control: false,
    expected: 'throttled',
    stage: (control, judge) =>
      set(control, judge, {
        share: healthy.share / 2,
        clock: 0.5,
        throttle: [{ reason: 'hw thermal slowdown', share: 1 }],
      }),
    found: verdictIs('throttled'),
  },
  {
    seeded: 'half the rate at the full clock',
    control: false,
    expected: 'low',
    stage: (control, judge) => set(control, judge, { share: healthy.share / 2, clock: 1 }),
    found: verdictIs('low'),
  },
  {
    seeded: 'a sample that straggles, at 50 times the time of the others',
    control: false,
    expected: 'noticed, and the median as it was',
    stage: (control, judge) => delayed(set(control, judge, healthy)),
    found: ({ statistics, verdict }) => ({
      found: `${formatCount(statistics?.stragglers ?? 0, 'straggler')}; ${verdict.status}`,
      right: statistics !== null && statistics.stragglers > 0 && verdict.status === 'pass',
    }),
  },
  {
    seeded: 'a run that declares zero work',
    control: false,
    expected: 'failed: ENOWORK',
    stage: (control, judge) => {
      const staged = set(control, judge, healthy);
      return { ...staged, work: { ...staged.work, flop: 0 } };
    },
    found: fails('ENOWORK'),
  },
  {
    seeded: 'a stopwatch that stands still',
    control: false,
    expected: 'failed: EBADTIME',
    stage: (control, judge) => {
      const staged = set(control, judge, healthy);
      const secondsPerLaunch = Float64Array.from(staged.sustained.secondsPerLaunch);
      secondsPerLaunch[0] = 0;
      return { ...staged, sustained: { ...staged.sustained, secondsPerLaunch } };
    },
    found: fails('EBADTIME'),
  },
  {
    seeded: 'a stopwatch that runs ten times too slowly',
    control: false,
    expected: 'implausible',
    stage: (control, judge) => set(control, judge, { ...healthy, share: 10 * healthy.share }),
    found: verdictIs('implausible'),
  },
  {
    seeded: 'an uncorrected ECC error within the window',
    control: false,
    expected: 'corrupted',
    stage: (control, judge) => set(control, judge, { ...healthy, uncorrectedErrors: 1 }),
    found: verdictIs('corrupted'),
  },
  {
    seeded: 'a result that was never compared',
    control: false,
    expected: 'failed: EUNVERIFIED',
    stage: (control, judge) => {
      const staged = set(control, judge, healthy);
      return { ...staged, verification: { ...staged.verification, compared: 0 } };
    },
    found: fails('EUNVERIFIED'),
  },
];

/** Of a launch at the documented rate, so that none is too brief to be held against a card. */
const launchSeconds = 1e-3;

/** Scatter of a quiet machine: what a noisy one adds must not decide whether the judges judge. */
const samples = 40;
const scatter = 0.002;

function set(control: MeasuredResult, judge: StandIn, scene: Scene): MeasuredResult {
  const seconds = launchSeconds / scene.share;
  const phase = (real: Phase, during: Scene): Phase => ({
    ...real,
    secondsPerLaunch: Float64Array.from(
      { length: samples },
      (_, index) => seconds * (1 + scatter * Math.sin(7 * index)),
    ),
    conditions: conditions(during, judge),
  });
  return {
    ...control,
    work: { ...control.work, flop: launchSeconds * judge.documented.value },
    kernel: { ...control.kernel, resource: judge.documented.resource, tuned: true, emulated: false },
    burst: phase(control.burst, { ...scene, uncorrectedErrors: 0 }),
    sustained: phase(control.sustained, scene),
  };
}

/** The sample in the middle, which is where an operating system would interrupt. */
function delayed(staged: MeasuredResult): MeasuredResult {
  const { secondsPerLaunch: seconds } = staged.sustained;
  const middle = Math.floor(seconds.length / 2);
  const late = seconds.map((value, index) => (index === middle ? 50 * value : value));
  return { ...staged, sustained: { ...staged.sustained, secondsPerLaunch: late } };
}

function conditions(scene: Scene, { assumedClockHz }: StandIn): Conditions {
  const clock = scene.clock * assumedClockHz;
  return {
    source: 'staged',
    missing: '',
    samples: 40,
    seconds: 1,
    clockHz: { median: clock, min: clock, max: clock },
    memoryClockHz: null,
    powerWatts: null,
    temperatureCelsius: null,
    memoryTemperatureCelsius: null,
    energyJoules: null,
    correctedErrors: 0,
    uncorrectedErrors: scene.uncorrectedErrors ?? 0,
    link: null,
    nvlinks: null,
    otherProcesses: null,
    throttle: scene.throttle ?? [],
    trace: null,
  };
}
