// Seconds per launch become rates. The work comes from the launcher, which declared it; nothing is recomputed here.
//
// A run that did nothing is the fault this file exists for: zero work, no samples or a stopped clock divide into a rate
// that looks like a number. Each is refused.

import type { Measurement, PhaseSummary, Statistics } from './row.js';
import type { Phase, ProviderResult } from './schema.js';
import { summarize } from './stats.js';
import type { Unit } from './units.js';

type Measured = Extract<ProviderResult, { outcome: 'measured' }>;

/** The native side answered, but there is no rate in the answer: the row is `failed`, with this code and message. */
export class MeasurementError extends Error {
  override readonly name = 'MeasurementError';
  readonly code: 'ENOWORK' | 'ENOSAMPLES' | 'EBADTIME';
  constructor(code: MeasurementError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Burst and sustained statistics of one provider's result, as rates in `unit` (FLOP/s, B/s, or seconds for a latency).
 *
 * @throws MeasurementError when there was no work, no sample, or a time that is not positive.
 */
export function measure(result: Pick<Measured, 'work' | 'burst' | 'sustained'>, unit: Unit): Measurement {
  const work = unit === 'FLOP/s' ? result.work.flop : unit === 'B/s' ? result.work.bytes : null;
  if (work !== null && !(work > 0)) {
    throw new MeasurementError('ENOWORK', `the launch declared ${work} ${unit.replace('/s', '')} of work`);
  }
  return {
    burst: { statistics: statistics('burst', result.burst, work), conditions: result.burst.conditions },
    sustained: {
      statistics: statistics('sustained', result.sustained, work),
      conditions: result.sustained.conditions,
    },
  } satisfies Record<string, PhaseSummary>;
}

function statistics(name: string, phase: Phase, work: number | null): Statistics {
  const seconds = phase.secondsPerLaunch;
  if (seconds.length === 0) throw new MeasurementError('ENOSAMPLES', `the ${name} phase has no samples`);
  const wrong = seconds.find((value) => !(value > 0 && Number.isFinite(value)));
  if (wrong !== undefined) {
    throw new MeasurementError('EBADTIME', `a sample of the ${name} phase took ${wrong} seconds`);
  }
  return {
    ...summarize(work === null ? seconds : seconds.map((value) => work / value)),
    launchesPerSample: phase.launchesPerSample,
    stopped: phase.stopped,
  };
}
