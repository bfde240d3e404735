// When native sampling stops: samples whose answer is known, and that the reported interval counts alike.

import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { independentSamples, median, medianInterval } from '../src/judge/stats.js';
import { type Draw, each, normal, numbers, wandering } from './draws.js';

const program = join(mkdtempSync(join(tmpdir(), 'nameplate-convergence-')), 'judge');

beforeAll(() => {
  const flags = ['-std=c++20', '-O2', '-Wall', '-Wextra', '-Werror', '-I', 'native'];
  const sources = ['test/convergence/judge.cc', 'native/convergence.cc'];
  const { status, stderr } = spawnSync('g++', [...flags, ...sources, '-o', program], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

function judge(sets: number[][], precision = 0.005) {
  const input = sets.map((values) => `${values.join(' ')}\n`).join('');
  const { stdout } = spawnSync(program, [String(precision)], { input, encoding: 'utf8' });
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(sets.length);
  return lines.map((line) => {
    const [independent, halfWidth, precise] = line.split(' ');
    return { independent: Number(independent), halfWidth: Number(halfWidth), precise: precise === 'precise' };
  });
}

/** A hundred sets of samples. */
const hundred = (draw: Draw, size: number) =>
  Array.from({ length: 100 }, (_, seed) => draw(numbers(1000 * seed), size));
const bell = each((next) => 100 + 2 * normal(next));
const times = (count: number, ...values: number[]) => Array.from({ length: count }, () => values).flat();
const step = [...times(6, 100), ...times(6, 102)];

describe('what samples are worth', () => {
  test.each<[string, number[], { independent: number; halfWidth: number; precise: boolean }]>([
    ['nine alike are too few', times(9, 100), { independent: 9, halfWidth: 0, precise: false }],
    ['ten alike', times(10, 100), { independent: 10, halfWidth: 0, precise: true }],
    // Of 100 in order, the interval reaches from the 40th to the 60th.
    ['every fifth higher', times(20, 9, 9, 10, 9, 9), { independent: 100, halfWidth: 0, precise: true }],
    ['two by turns', times(50, 9, 10), { independent: 100, halfWidth: 0.5 / 10, precise: false }],
    // Autocorrelation 9/11, and with its bias of (1 + 4 x 9/11) / 12 more than 1.
    ['a step', step, { independent: 1, halfWidth: 1 / 102, precise: false }],
    // 0.3, which chance could give, and with its bias of (1 + 4 x 0.3) / 6 two thirds: 6 / 5 is 1.
    [
      'three that rise and fall again',
      [1, 2, 3, 3, 2, 1],
      { independent: 1, halfWidth: 1 / 2, precise: false },
    ],
  ])('%s', (_, values, { independent, halfWidth, precise }) => {
    expect(judge([values])).toEqual([{ independent, halfWidth: expect.closeTo(halfWidth, 12), precise }]);
  });

  test('a precision is a share of the median, and enough when it is reached', () => {
    expect(judge([step], 0.0099)).toMatchObject([{ precise: true }]);
    expect(judge([step], 0.0097)).toMatchObject([{ precise: false }]);
  });

  test('independent ones are worth their number', () => {
    const answers = judge(hundred(bell, 1000));
    // Chance alone correlates neighbours by 1 / sqrt(1000), in half of the sets upwards.
    expect(answers.filter(({ independent }) => independent > 880).length).toBeGreaterThan(85);
    expect(median(answers.map(({ independent }) => independent))).toBeGreaterThan(980);
    // The median of a bell scatters by sqrt(pi / 2) sigma / sqrt(n).
    const expected = (1.96 * Math.sqrt(Math.PI / 2) * 2) / Math.sqrt(1000) / 100;
    const ratio = median(answers.map(({ halfWidth }) => halfWidth / expected));
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.2);
  });

  test('of those that are like the one before to 0.8, nine are worth one', () => {
    // As ranks 1 + 2 x the sum of 6 / pi x asin(0.8^lag / 2), which is 8.7.
    const worth = median(judge(hundred(wandering(0.8), 2000)).map(({ independent }) => 2000 / independent));
    expect(worth).toBeGreaterThan(7.5);
    expect(worth).toBeLessThan(9.5);
  });
});

describe('sampling and the report', () => {
  const sizes = [1, 2, 3, 5, 10, 59, 400, 2000];
  const draws: Record<string, Draw> = {
    'a bell': bell,
    wandering: wandering(0.8),
    'hardly moving': wandering(0.99),
    // As of a coarse clock.
    'many alike': (next, size) => wandering(0.8)(next, size).map(Math.round),
    rising: (_, size) => Array.from({ length: size }, (__, index) => 100 + index),
  };

  test.each(Object.entries(draws))('count alike: %s', (_, draw) => {
    const sets = sizes.map((size) => draw(numbers(size), size));
    expect(judge(sets).map(({ independent }) => independent)).toEqual(
      sets.map((set) => independentSamples(set)),
    );
  });

  test.each(['a bell', 'wandering'])('find intervals of one width: %s', (name) => {
    const sets = hundred(draws[name] ?? bell, 400);
    const reported = sets.map((set) => {
      const { low, high } = medianInterval(set);
      return (high - low) / 2 / median(set);
    });
    const ratio = median(judge(sets).map(({ halfWidth }, index) => halfWidth / (reported[index] ?? 0)));
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.2);
  });

  test('samples that wander are not precise as soon as others are', () => {
    const precise = (draw: Draw) =>
      judge(hundred(draw, 1000), 0.003).filter((answer) => answer.precise).length;
    // Their half-widths are 0.16 % and three times as much.
    expect(precise(bell)).toBe(100);
    expect(precise(wandering(0.8))).toBeLessThan(5);
  });
});
