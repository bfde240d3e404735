// What the steps of a soak add up to.

import { median } from '../judge/stats.js';
import type { Conditions, Series, SoakStep } from '../schema.js';
import { formatCount } from '../units.js';
import type { SoakReport, SoakVerdict } from './schema.js';

const mostErrors = 1000;
/** Memory lost its contents, whether or not a counter tells. */
const memoryFailed = 'CUDA_ERROR_ECC_UNCORRECTABLE';
const secondsPerHour = 3600;

type Heading =
  | 'soakSchemaVersion'
  | 'tool'
  | 'host'
  | 'startedAt'
  | 'state'
  | 'simulated'
  | 'device'
  | 'options'
  | 'shape';
type Failure = Extract<SoakVerdict, { status: 'failed' }>;
type Sums = Omit<SoakReport, Heading>;

export class SoakTally {
  readonly #unit: SoakReport['unit'];
  #last: SoakStep | undefined;
  #launches = 0;
  #busySeconds = 0;
  #wrongRounds = 0;
  readonly #errors: SoakStep['errors'] = [];
  readonly #conditions: Conditions[] = [];
  seconds = 0;

  constructor(unit: SoakReport['unit']) {
    this.#unit = unit;
  }

  add(step: SoakStep): void {
    this.#last = step;
    this.seconds += step.seconds;
    this.#launches += step.launches;
    this.#busySeconds += step.busySeconds;
    this.#wrongRounds += step.wrongRounds;
    this.#errors.push(...step.errors.slice(0, mostErrors - this.#errors.length));
    this.#conditions.push({ ...step.conditions, trace: null });
  }

  summary(failure: Failure | null): Sums {
    const { kernel = null, work } = this.#last ?? {};
    const each = this.#unit === 'B/s' ? work?.bytes : work?.flop;
    const busy = this.#busySeconds;
    const timed = this.seconds > 0 && busy > 0;
    return {
      kernel,
      seconds: this.seconds,
      busyShare: timed ? busy / this.seconds : null,
      launches: this.#launches,
      rate: timed && each !== undefined ? (each * this.#launches) / busy : null,
      unit: this.#unit,
      wrongRounds: this.#wrongRounds,
      errorsPerHour: this.seconds > 0 ? (this.#wrongRounds * secondsPerHour) / this.seconds : null,
      errors: [...this.#errors],
      clockHz: this.#range('clockHz'),
      powerWatts: this.#range('powerWatts'),
      temperatureCelsius: this.#range('temperatureCelsius'),
      memoryTemperatureCelsius: this.#range('memoryTemperatureCelsius'),
      correctedErrors: this.#sum('correctedErrors'),
      uncorrectedErrors: this.#sum('uncorrectedErrors'),
      throttle: this.#throttle(),
      missing: this.#last?.conditions.missing ?? '',
      verdict: this.#verdict(failure),
    };
  }

  #verdict(failure: Failure | null): SoakVerdict {
    const first = this.#last?.verification;
    if (first !== undefined && first.differences > 0) {
      const where = first.first === null ? '' : ` at ${first.first.at}`;
      return { status: 'corrupted', why: `the first launch was already wrong${where}, before any load` };
    }
    const lost = this.#sum('uncorrectedErrors') ?? 0;
    const wrong = this.#wrongRounds;
    const found = [
      ...(wrong > 0 ? [`${formatCount(wrong, 'round')} left other bits than the verified launch`] : []),
      ...(lost > 0 ? [formatCount(lost, 'uncorrected ECC error')] : []),
    ];
    // A wrong result outweighs how it ended: four wrong rounds and a crash are four wrong rounds.
    const ending = failure === null ? [] : [`then it ended: ${failure.code}: ${failure.why}`];
    if (found.length > 0 || failure?.code === memoryFailed)
      return { status: 'corrupted', why: [...found, ...ending].join('; ') };
    if (failure !== null) return failure;
    if (this.#launches === 0) {
      return { status: 'failed', code: 'ENOWORK', why: 'it ended before anything was compared' };
    }
    return { status: 'clean', why: `${this.#launches} launches, each equal to the verified one to the bit` };
  }

  #range(name: 'clockHz' | 'powerWatts' | 'temperatureCelsius' | 'memoryTemperatureCelsius'): Series | null {
    const medians = this.#conditions.flatMap((conditions) => conditions[name]?.median ?? []);
    if (medians.length === 0) return null;
    return { min: Math.min(...medians), median: median(medians), max: Math.max(...medians) };
  }

  #sum(name: 'correctedErrors' | 'uncorrectedErrors'): number | null {
    const counts = this.#conditions.flatMap((conditions) => conditions[name] ?? []);
    return counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0);
  }

  /** Shares of the whole soak, over its readings. */
  #throttle(): Conditions['throttle'] {
    const readings = this.#conditions.reduce((sum, { samples }) => sum + samples, 0);
    const shares = new Map<string, number>();
    for (const { throttle, samples } of this.#conditions) {
      for (const { reason, share } of throttle) {
        shares.set(reason, (shares.get(reason) ?? 0) + (share * samples) / readings);
      }
    }
    return [...shares].map(([reason, share]) => ({ reason, share }));
  }
}
