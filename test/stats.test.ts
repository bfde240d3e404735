import { describe, expect, test } from 'vitest';
import { mad, median, medianInterval, quantile, summarize } from '../src/judge/stats.js';
import { numbers as draws, wandering } from './draws.js';

/** A linear congruential generator of the tests' own, so that no sample shares a source with the bootstrap. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
const sample = (size: number, seed: number) => {
  const next = numbers(seed);
  return Array.from({ length: size }, () => 1000 * (1 + next() ** 3));
};

/**
 * The bootstrap distribution of the median without resampling, for an odd number of draws: the median of a resample is at
 * most the k-th smallest value when more than half of its draws are, and their number is binomial.
 */
function exactMedianQuantile(ordered: number[], draws: number, share: number): number {
  const n = ordered.length;
  const logFactorial = (m: number) =>
    Array.from({ length: m }, (_, i) => Math.log(i + 1)).reduce((a, b) => a + b, 0);
  for (let k = 1; k < n; k += 1) {
    let chance = 0;
    for (let j = (draws + 1) / 2; j <= draws; j += 1) {
      const choose = logFactorial(draws) - logFactorial(j) - logFactorial(draws - j);
      chance += Math.exp(choose + j * Math.log(k / n) + (draws - j) * Math.log(1 - k / n));
    }
    if (chance >= share) return ordered[k - 1] ?? Number.NaN;
  }
  return ordered[n - 1] ?? Number.NaN;
}

test('known answers', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([7])).toBe(7);
  // Deviations from 5 are 4 3 1 1 2 90.
  expect(mad([1, 2, 4, 6, 7, 95])).toBe(2.5);
  expect(mad([1, 1, 2, 2, 4, 6, 9])).toBe(1);
  // The value numpy.quantile gives.
  expect(quantile([10, 20, 30, 40], 0.4)).toBeCloseTo(22, 12);
  expect(quantile([10, 20, 30, 40], 0)).toBe(10);
  expect(quantile([10, 20, 30, 40], 1)).toBe(40);
});

test('one interrupted launch does not move the summary', () => {
  const steady = Array.from({ length: 99 }, (_, index) => 100 + (index % 3));
  const { median: middle, max, interval } = summarize([...steady, 1e6]);
  expect(middle).toBe(101);
  expect(max).toBe(1e6);
  expect(interval.low).toBeGreaterThanOrEqual(100);
  expect(interval.high).toBeLessThanOrEqual(102);
});

describe.each([1, 2, 3, 10, 101, 1000])('%d samples', (size) => {
  const values = sample(size, size);
  const ordered = values.toSorted((a, b) => a - b);

  test('the median has as many below as above, and the quantiles rise', () => {
    const summary = summarize(values);
    const { q05, q25, q75, q95 } = summary.quantiles;
    const middle = summary.median;
    expect(values.filter((value) => value < middle).length).toBe(
      values.filter((value) => value > middle).length,
    );
    const rising = [summary.min, q05, q25, middle, q75, q95, summary.max];
    expect(rising).toEqual(rising.toSorted((a, b) => a - b));
    expect([summary.min, summary.max, summary.samples]).toEqual([ordered[0], ordered[size - 1], size]);
  });

  test('the interval holds the median, repeats exactly, and scales with the unit', () => {
    const interval = medianInterval(values);
    expect(interval.low).toBeLessThanOrEqual(median(values));
    expect(interval.high).toBeGreaterThanOrEqual(median(values));
    expect(medianInterval(values.toReversed())).toEqual(interval);
    const doubled = medianInterval(values.map((value) => 2 * value));
    expect([doubled.low, doubled.high]).toEqual([2 * interval.low, 2 * interval.high]);
  });

  test('the input is left as it was', () => {
    const before = [...values];
    summarize(values);
    expect(values).toEqual(before);
  });
});

test.each([
  // Of four and fewer one is drawn.
  [[5], 0.95, 5, 5],
  [[0, 1], 0.95, 0, 1],
  [[1, 0, 3], 0.95, 0, 3],
  [[1, 0, 3], 0.2, 1, 1],
  // Two of five, whose medians are 0 in 1/25, 5 in 2/25 and 10 in 3/25. In this order, or they would be worth fewer.
  [[20, 0, 40, 10, 30], 0.95, 0, 40],
  [[20, 0, 40, 10, 30], 0.84, 5, 35],
  // Three of six: 0 in 16/216, 1 in 40/216.
  [[2, 0, 5, 1, 4, 3], 0.95, 0, 5],
  [[2, 0, 5, 1, 4, 3], 0.7, 1, 4],
])('all resamples of %j counted by hand: at %d from %d to %d', (values, confidence, low, high) => {
  expect(medianInterval(values, confidence)).toEqual({ low, high, confidence });
});

test.each([
  [12, 9],
  [28, 25],
  [51, 51],
  [201, 201],
])('the interval of %d samples is that of the exact bootstrap distribution of %d', (size, draws) => {
  const ordered = sample(size, 7 * size).toSorted((a, b) => a - b);
  const rank = (value: number) => ordered.filter((other) => other <= value).length;
  // Low and high by turns, so that none is worth less than one.
  const { low, high } = medianInterval(
    ordered.map((_, at) => ordered.at(at % 2 ? -(at + 1) / 2 : at / 2) ?? 0),
  );
  // A thousand resamples leave the bounds uncertain by about one rank in a small sample and a few in a large one.
  const slack = 1 + 0.02 * size;
  expect(Math.abs(rank(low) - rank(exactMedianQuantile(ordered, draws, 0.025)))).toBeLessThanOrEqual(slack);
  expect(Math.abs(rank(high) - rank(exactMedianQuantile(ordered, draws, 0.975)))).toBeLessThanOrEqual(slack);
});

test('the interval covers the true median about as often as it claims', () => {
  let covered = 0;
  for (let round = 0; round < 200; round += 1) {
    const next = numbers(round + 1);
    const { low, high } = medianInterval(Array.from({ length: 41 }, () => next()));
    if (low <= 0.5 && 0.5 <= high) covered += 1;
  }
  expect(covered).toBeGreaterThan(180);
});

test.each([
  [15, 32],
  [35, 7],
  [70, 5],
])('two sets of %d samples that wander alike seldom lie apart', (size, most) => {
  const wander = wandering(Math.exp(-1 / 5));
  let apart = 0;
  for (let round = 0; round < 400; round += 1) {
    const [a, b] = [1, 2].map((set) => medianInterval(wander(draws(1000 * round + set), size), 0.95, set));
    if (a && b && (a.low > b.high || b.low > a.high)) apart += 1;
  }
  expect(apart).toBeLessThan(most);
});

test('a hundred thousand samples are summarised, and narrow the interval', () => {
  const { interval, median: middle } = summarize(sample(100_000, 5));
  expect((interval.high - interval.low) / middle).toBeLessThan(0.01);
});

test.each([
  ['nothing', [], /no samples/],
  ['NaN', [1, Number.NaN], /not a finite number/],
  ['infinity', [1, Number.POSITIVE_INFINITY], /not a finite number/],
])('%s is refused', (_, values, message) => {
  for (const of of [median, mad, medianInterval, summarize]) {
    expect(() => of(values)).toThrow(RangeError);
    expect(() => of(values)).toThrow(message);
  }
});

test('a quantile beyond 0 to 1 is refused', () => {
  expect(() => quantile([1, 2], 1.5)).toThrow(/from 0 to 1/);
});

test('one seed, one interval; another seed, nearly the same one', () => {
  const values = sample(101, 7);
  expect(medianInterval(values, 0.95, 42)).toEqual(medianInterval(values, 0.95, 42));
  const seeds = [0, 1, 2, 3, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER];
  const intervals = seeds.map((seed) => medianInterval(values, 0.95, seed));
  expect(new Set(intervals.map(({ low, high }) => `${low} ${high}`)).size).toBeGreaterThan(1);
  for (const { low, high } of intervals) {
    expect(low).toBeLessThanOrEqual(median(values));
    expect(high).toBeGreaterThanOrEqual(median(values));
    expect(high).toBeGreaterThan(low);
  }
});
