// Numbers in, numbers out: what a set of samples says, and how sure it is.
//
// Medians throughout. The mean of timings follows the one launch that the operating system interrupted, and a
// standard deviation describes a bell that timings do not have.

/** The middle of `values`; of two middle ones their mean. Empty input is a RangeError, as everywhere here. */
export function median(values: ArrayLike<number>): number {
  return middle(sorted(values));
}

/** Median absolute deviation from the median, unscaled (for a normal distribution, 0.6745 standard deviations). */
export function mad(values: ArrayLike<number>): number {
  const centre = median(values);
  return median(Array.from(values, (value) => Math.abs(value - centre)));
}

/** The `share` quantile (0 to 1), linear between neighbours: Hyndman and Fan's type 7, which numpy and R use. */
export function quantile(values: ArrayLike<number>, share: number): number {
  return quantileOfSorted(sorted(values), share);
}

export type Interval = { low: number; high: number; confidence: number };

const resamples = 1000;
const fewestResamples = 200;
const mostDraws = 4_000_000;
/** Of so many, 3 fewer draws would widen the interval by 5 %, and chance already counts independent ones for fewer. */
const plenty = 30;

/**
 * Percentile bootstrap interval of the median (Efron 1979): resample with replacement, take each median, cut off both
 * tails. The same `seed` draws the same resamples, so that a report can be recomputed. Large samples are resampled fewer times, since their
 * interval is narrow anyway and the cost grows with both.
 *
 * `values` are in the order in which they were taken. Where each is like the one before, as under a clock that wanders, a
 * resample draws only as many as there are independent ones: else the interval would hold the median half as often as
 * it says.
 *
 * Of few samples that is still too narrow, as is an interval that takes a normal distribution where Student's t is due
 * (Hesterberg 2015, "What Teachers Should Know About the Bootstrap"). He cuts off less of the tails; 3 fewer draws widen it
 * as much: of n samples the bootstrap's variance is too small by (n - 1) / n, and that of t is (n - 1) / (n - 3), together
 * n / (n - 3).
 */
export function medianInterval(values: ArrayLike<number>, confidence = 0.95, seed = 1): Interval {
  const ordered = sorted(values);
  const size = ordered.length;
  const independent = independentSamples(values, ordered);
  const draws = independent < plenty ? Math.max(1, independent - 3) : independent;
  const rounds = Math.max(fewestResamples, Math.min(resamples, Math.floor(mostDraws / size)));
  const next = random(seed);
  const medians = new Float64Array(rounds);
  // A resample of ordered values is known by how often each was drawn: counting them spares the sort.
  const drawn = new Uint32Array(size);
  for (let round = 0; round < rounds; round += 1) {
    drawn.fill(0);
    for (let draw = 0; draw < draws; draw += 1) {
      const index = Math.floor(next() * size);
      drawn[index] = at(drawn, index) + 1;
    }
    medians[round] = medianOfCounted(ordered, drawn, draws);
  }
  medians.sort();
  const tail = (1 - confidence) / 2;
  return {
    low: quantileOfSorted(medians, tail),
    high: quantileOfSorted(medians, 1 - tail),
    confidence,
  };
}

const mostLags = 200;
/** One-sided 5 % of the normal distribution: chance alone exceeds it in one set of twenty. */
const significant = 1.645;

/**
 * How many independent samples `values` are worth: their number over 1 + 2 x the sum of the autocorrelations, up to the
 * first that chance could give (Geyer 1992, "Practical Markov chain Monte Carlo"). Of ranks, which no outlier hides it from.
 * Of few samples chance could give much, and hides a wander: so they are worth no more than those of a process of first
 * order, whose correlation few samples show too small, by (1 + 4 r) / their number (Marriott and Pope 1954).
 * The native side, which stops sampling by it, counts alike (`native/convergence.cc`).
 */
export function independentSamples(values: ArrayLike<number>, ordered = sorted(values)): number {
  const size = ordered.length;
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  for (const [index, value] of ordered.entries()) {
    if (!first.has(value)) first.set(value, index);
    last.set(value, index);
  }
  // Alike values have one rank between them, or equal ones would rise in the order in which they were sorted.
  const ranks = Float64Array.from(
    values,
    (value) => ((first.get(value) ?? 0) + (last.get(value) ?? 0) - (size - 1)) / 2,
  );
  const products = (lag: number) =>
    ranks.subarray(lag).reduce((sum, rank, index) => sum + rank * at(ranks, index), 0) / (size - lag);
  const variance = products(0);
  if (variance === 0) return size;
  let worth = 1;
  for (let lag = 1; lag <= Math.min(mostLags, size / 3); lag += 1) {
    const correlation = products(lag) / variance;
    if (correlation <= significant / Math.sqrt(size)) break;
    worth += 2 * correlation;
  }
  const shown = products(1) / variance;
  const r = Math.max(0, shown + (1 + 4 * shown) / size);
  const firstOrder = r < 1 ? (1 + r) / (1 - r) : size;
  return Math.max(1, Math.round(size / Math.max(worth, firstOrder)));
}

export type Summary = {
  samples: number;
  median: number;
  mad: number;
  min: number;
  max: number;
  quantiles: { q05: number; q25: number; q75: number; q95: number };
  interval: Interval;
};

/** Everything a row reports of its samples' spread. */
export function summarize(values: ArrayLike<number>, seed = 1): Summary {
  const ordered = sorted(values);
  const cut = (share: number) => quantileOfSorted(ordered, share);
  return {
    samples: ordered.length,
    median: middle(ordered),
    mad: mad(ordered),
    min: cut(0),
    max: cut(1),
    quantiles: { q05: cut(0.05), q25: cut(0.25), q75: cut(0.75), q95: cut(0.95) },
    interval: medianInterval(values, 0.95, seed),
  };
}

function sorted(values: ArrayLike<number>): Float64Array {
  if (values.length === 0) throw new RangeError('no samples: a statistic needs at least one value');
  const copy = Float64Array.from(values);
  if (copy.some((value) => !Number.isFinite(value))) throw new RangeError('a sample is not a finite number');
  return copy.sort();
}

function middle(ordered: Float64Array): number {
  return quantileOfSorted(ordered, 0.5);
}

function quantileOfSorted(ordered: Float64Array, share: number): number {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`a quantile is a share from 0 to 1, not ${share}`);
  const position = share * (ordered.length - 1);
  const left = at(ordered, Math.floor(position));
  const right = at(ordered, Math.ceil(position));
  return left + (right - left) * (position - Math.floor(position));
}

function medianOfCounted(ordered: Float64Array, counts: Uint32Array, total: number): number {
  const lower = Math.floor((total - 1) / 2);
  const upper = Math.floor(total / 2);
  let seen = 0;
  let left = Number.NaN;
  for (let index = 0; index < ordered.length; index += 1) {
    seen += at(counts, index);
    if (Number.isNaN(left) && seen > lower) left = at(ordered, index);
    if (seen > upper) return (left + at(ordered, index)) / 2;
  }
  return left;
}

function at(values: Float64Array | Uint32Array, index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`no value at ${index}`);
  return value;
}

/** Marsaglia's xorshift with the triple 13, 17, 5: period 2^32 - 1, ample for choosing resamples. In [0, 1). */
function random(seed: number): () => number {
  // Spread over all bits, since small seeds give alike beginnings; never 0, from which xorshift does not leave.
  let state = Math.imul(seed, 0x9e3779b9) ^ (seed / 2 ** 32) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
