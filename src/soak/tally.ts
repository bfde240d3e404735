// What the steps of a soak add up to.

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
  | 'shape'
  | 'dtype';
type Failure = Extract<SoakVerdict, { status: 'failed' }>;
type Sums = Omit<SoakReport, Heading>;

const series = ['clockHz', 'powerWatts', 'temperatureCelsius', 'memoryTemperatureCelsius'] as const;
const counters = ['correctedErrors', 'uncorrectedErrors'] as const;

export class SoakTally {
  readonly #unit: SoakReport['unit'];
  #last: SoakStep | undefined;
  #launches = 0;
  #busySeconds = 0;
  #wrongRounds = 0;
  readonly #errors: SoakStep['errors'] = [];
  readonly #series = new Map(series.map((name) => [name, new Ordered()]));
  readonly #counts = new Map<(typeof counters)[number], number>();
  readonly #eccErrors: SoakReport['eccErrors'] = [];
  readonly #rates = new Ordered();
  readonly #throttled = new Map<string, number>();
  #others: Conditions['otherProcesses'] = null;
  #readings = 0;
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
    const rate = this.#rateOf(step);
    if (rate !== null) this.#rates.add(rate);
    this.#watch(step.conditions);
    this.#count(step);
  }

  #rateOf({ work, launches, busySeconds }: SoakStep): number | null {
    const each = this.#unit === 'B/s' ? work.bytes : work.flop;
    return busySeconds > 0 ? (each * launches) / busySeconds : null;
  }

  /** Nothing here may grow dearer with time: while a step is added up the device idles. */
  #watch(conditions: Conditions): void {
    for (const [name, values] of this.#series) {
      const now = conditions[name]?.median;
      if (now !== undefined) values.add(now);
    }
    this.#others = most(this.#others, conditions.otherProcesses);
    this.#readings += conditions.samples;
    for (const { reason, share } of conditions.throttle) {
      this.#throttled.set(reason, (this.#throttled.get(reason) ?? 0) + share * conditions.samples);
    }
  }

  /** Counters are read as a step ends, and tell no more of the time than that. */
  #count({ conditions, endedAt }: SoakStep): void {
    for (const name of counters) {
      const now = conditions[name];
      if (now !== null) this.#counts.set(name, (this.#counts.get(name) ?? 0) + now);
    }
    const [corrected, uncorrected] = [conditions.correctedErrors ?? 0, conditions.uncorrectedErrors ?? 0];
    if (corrected + uncorrected > 0 && this.#eccErrors.length < mostErrors)
      this.#eccErrors.push({ seconds: endedAt, corrected, uncorrected });
  }

  summary(failure: Failure | null): Sums {
    const { kernel = null, work } = this.#last ?? {};
    const each = this.#unit === 'B/s' ? work?.bytes : work?.flop;
    const busy = this.#busySeconds;
    const timed = this.seconds > 0 && busy > 0;
    return {
      kernel: kernel?.name ? kernel : null, // none where the preparation failed
      seconds: this.seconds,
      busyShare: timed ? busy / this.seconds : null,
      launches: this.#launches,
      rate: timed && each !== undefined ? (each * this.#launches) / busy : null,
      rates: this.#rates.range(),
      last: this.#lastStep(),
      unit: this.#unit,
      wrongRounds: this.#wrongRounds,
      errorsPerHour: this.seconds > 0 ? (this.#wrongRounds * secondsPerHour) / this.seconds : null,
      errors: [...this.#errors],
      clockHz: this.#series.get('clockHz')?.range() ?? null,
      powerWatts: this.#series.get('powerWatts')?.range() ?? null,
      temperatureCelsius: this.#series.get('temperatureCelsius')?.range() ?? null,
      memoryTemperatureCelsius: this.#series.get('memoryTemperatureCelsius')?.range() ?? null,
      correctedErrors: this.#counts.get('correctedErrors') ?? null,
      uncorrectedErrors: this.#counts.get('uncorrectedErrors') ?? null,
      eccErrors: [...this.#eccErrors],
      otherProcesses: this.#others,
      throttle: this.#throttle(),
      missing: this.#last?.conditions.missing ?? '',
      verdict: this.#verdict(failure),
    };
  }

  #lastStep(): SoakReport['last'] {
    if (this.#last === undefined) return null;
    const { clockHz, powerWatts, temperatureCelsius } = this.#last.conditions;
    return {
      rate: this.#rateOf(this.#last),
      clockHz: clockHz?.median ?? null,
      powerWatts: powerWatts?.median ?? null,
      temperatureCelsius: temperatureCelsius?.median ?? null,
    };
  }

  #verdict(failure: Failure | null): SoakVerdict {
    const first = this.#last?.verification;
    if (first !== undefined && first.differences > 0) {
      const where = first.first === null ? '' : ` at ${first.first.at}`;
      return { status: 'corrupted', why: `the first launch was already wrong${where}, before any load` };
    }
    const lost = this.#counts.get('uncorrectedErrors') ?? 0;
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

  /** Shares of the whole soak, over its readings. */
  #throttle(): Conditions['throttle'] {
    return [...this.#throttled].map(([reason, readings]) => ({ reason, share: readings / this.#readings }));
  }
}

/** The most of each that was seen; what one step could not tell another may. */
function most(
  all: Conditions['otherProcesses'],
  step: Conditions['otherProcesses'],
): Conditions['otherProcesses'] {
  if (all === null || step === null) return all ?? step;
  const greater = (one: number | null, other: number | null) =>
    one === null || other === null ? (one ?? other) : Math.max(one, other);
  return {
    count: Math.max(all.count, step.count),
    memoryBytes: greater(all.memoryBytes, step.memoryBytes),
    smShare: greater(all.smShare, step.smShare),
  };
}

/** Numbers in their order, each put in its place: of a week, half a million, sorting takes too long for every second. */
class Ordered {
  readonly #values: number[] = [];

  add(value: number): void {
    let [from, to] = [0, this.#values.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#values[middle] ?? value) <= value) from = middle + 1;
      else to = middle;
    }
    this.#values.splice(from, 0, value);
  }

  range(): Series | null {
    const [min, max] = [this.#values[0], this.#values.at(-1)];
    if (min === undefined || max === undefined) return null;
    const middle = (this.#values.length - 1) / 2;
    const lower = this.#values[Math.floor(middle)] ?? min;
    return { min, median: (lower + (this.#values[Math.ceil(middle)] ?? max)) / 2, max };
  }
}
