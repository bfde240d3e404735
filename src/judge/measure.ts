// Seconds per launch become rates. The work comes from the launcher, which declared it; nothing is recomputed here.
//
// A run that did nothing is the fault this file exists for: zero work, no samples or a stopped clock divide into a rate
// that looks like a number. Each is refused.

import { CodedError } from '../error.js';
import type { Measurement, PhaseSummary } from '../row.js';
import type { MeasuredResult, Phase, Unit } from '../schema.js';
import { energy } from './energy.js';
import { stability } from './stability.js';
import { median, summarize } from './stats.js';

/** The native side answered, but there is no rate in the answer: the row is `failed`, with this code and message. */
export class MeasurementError extends CodedError<'ENOWORK' | 'ENOSAMPLES' | 'EBADTIME'> {
  override readonly name = 'MeasurementError';
}

export interface MeasureOptions {
  unit: Unit;
  /** Of the bootstrap. */
  seed: number;
  /** The watts of the board are not this device's alone. */
  shared: boolean;
}

/**
 * Burst and sustained statistics of one provider's result, as rates in `unit` (FLOP/s, B/s, op/s, or seconds for a latency).
 *
 * @throws MeasurementError when there was no work, no sample, or a time that is not positive.
 */
export function measure(
  result: Pick<MeasuredResult, 'work' | 'burst' | 'sustained'>,
  { unit, seed, shared }: MeasureOptions,
): Measurement {
  const { flop, bytes, steps } = result.work;
  const { amount, noun } = {
    'FLOP/s': { amount: flop, noun: 'FLOP' },
    'op/s': { amount: flop, noun: 'operations' },
    'B/s': { amount: bytes, noun: 'B' },
    s: { amount: steps, noun: 'steps' },
  }[unit];
  if (!(amount > 0)) throw new MeasurementError('ENOWORK', `the launch declared ${amount} ${noun} of work`);
  const isTime = unit === 's';
  const summary = (name: 'burst' | 'sustained'): PhaseSummary => {
    const seconds = checked(name, result[name]);
    const { conditions, launchesPerSample, stopped } = result[name];
    const values = seconds.map((value) => (isTime ? value / amount : amount / value));
    return {
      statistics: {
        ...summarize(values, seed),
        ...stability(values, isTime ? 'times' : 'rates'),
        launchesPerSample,
        stopped,
      },
      conditions,
      energy: isTime ? null : energy(conditions, { work: amount, seconds: median(seconds) }, shared),
    };
  };
  return { burst: summary('burst'), sustained: summary('sustained') };
}

function checked(name: string, { secondsPerLaunch: seconds }: Phase): Float64Array {
  if (seconds.length === 0) throw new MeasurementError('ENOSAMPLES', `the ${name} phase has no samples`);
  const wrong = seconds.find((value) => !(value > 0 && Number.isFinite(value)));
  if (wrong !== undefined) {
    throw new MeasurementError('EBADTIME', `a sample of the ${name} phase took ${wrong} seconds`);
  }
  return seconds;
}
