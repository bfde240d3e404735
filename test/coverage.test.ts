// Whether the statistics are as sure as they say, over many sets of samples drawn from distributions whose answer is known.

import { describe, expect, test } from 'vitest';
import { compare } from '../src/compare/compare.js';
import { stability } from '../src/judge/stability.js';
import { medianInterval, summarize } from '../src/judge/stats.js';
import { type Draw, each, normal, numbers, type Random, wandering } from './draws.js';
import { measured, report, row, statistics } from './testCard.js';

/** Rates around 100, each set of one level, with a true median of 100. */
const steady: Record<string, Draw> = {
  bell: each((next) => 100 + 2 * normal(next)),
  flat: each((next) => 95 + 10 * next()),
  'long tail': each((next) => 100 / (1 + 0.05 * (-Math.log(1 - next()) - Math.LN2))),
  outliers: each((next) => 100 + normal(next) / Math.sqrt(-Math.log(1 - next()))),
};

/** In how many of a hundred sets something is so. */
const rounds = 300;
function percent(draw: Draw, size: number, is: (values: number[], next: Random) => boolean): number {
  let count = 0;
  for (let round = 0; round < rounds; round += 1) {
    const next = numbers(round * 1000 + size);
    if (is(draw(next, size), next)) count += 1;
  }
  return (100 * count) / rounds;
}

const covered = (values: number[]) => {
  const { low, high } = medianInterval(values);
  return low <= 100 && 100 <= high;
};

describe.each(Object.entries(steady))('of samples with a %s', (_, draw) => {
  test.each([5, 7, 9, 15, 60])(
    'the interval of %d holds the true median about as often as it says',
    (size) => {
      // All five lie on one side of it in one set of sixteen.
      expect(percent(draw, size, covered)).toBeGreaterThan(size === 5 ? 90 : 93);
    },
  );

  test.each([10, 12, 20, 60])('%d seldom show drift or two levels', (size) => {
    const notice = (of: 'drift' | 'modes') => (values: number[]) => stability(values)[of] !== null;
    expect(percent(draw, size, notice('drift'))).toBeLessThan(4);
    expect(percent(draw, size, notice('modes'))).toBeLessThan(8);
  });
});

test('none of a bell straggles, as rates or as times', () => {
  const draw = steady.bell ?? each(() => 100);
  expect(percent(draw, 60, (values) => stability(values).stragglers > 0)).toBe(0);
  expect(percent(draw, 60, (values) => stability(values, 'times').stragglers > 0)).toBe(0);
});

test('two levels, and a fall within the window, are still seen through scatter', () => {
  const jumping = each((next) => (next() < 0.5 ? 80 : 100) + normal(next));
  expect(percent(jumping, 30, (values) => stability(values).modes !== null)).toBeGreaterThan(95);
  const fall: Draw = (next, size) =>
    Array.from({ length: size }, (_, index) => 100 - (10 * index) / size + 2 * normal(next));
  expect(percent(fall, 40, (values) => stability(values).drift !== null)).toBeGreaterThan(95);
});

describe('samples that wander', () => {
  test.each([
    [0.5, 60, 88],
    [0.8, 120, 85],
  ])('each like the one before to %d: of %d the interval is wider by as much', (kept, size, least) => {
    expect(percent(wandering(kept), size, covered)).toBeGreaterThan(least);
  });

  test('in another order are the same samples, and have no wider interval than others', () => {
    const sorted = Array.from({ length: 60 }, (_, index) => 100 + index);
    const mixed = sorted.map((_, index) => sorted[(index * 37) % 60] ?? 0);
    const width = ({ low, high }: { low: number; high: number }) => high - low;
    expect(width(medianInterval(sorted))).toBeGreaterThan(2 * width(medianInterval(mixed)));
    expect(medianInterval(sorted.map(() => 100))).toMatchObject({ low: 100, high: 100 });
  });
});

describe('two runs of one machine', () => {
  const base = row(measured(0.8));
  const asReport = (values: number[]) => {
    const summary = { ...statistics(100), ...summarize(values) };
    return report([{ ...base, rate: summary.median, statistics: summary }]);
  };
  const differ = (draw: Draw) => (values: number[], next: Random) => {
    const status = compare(asReport(values), asReport(draw(next, values.length))).rows[0]?.outcome.status;
    return status === 'slower' || status === 'faster';
  };
  test.each(Object.entries(steady))('with a %s are seldom called slower or faster', (_, draw) => {
    for (const size of [20, 60]) expect(percent(draw, size, differ(draw))).toBeLessThan(4);
  });

  test('that wanders neither, once there are samples enough to see it', () => {
    expect(percent(wandering(0.5), 60, differ(wandering(0.5)))).toBeLessThan(5);
  });
});
