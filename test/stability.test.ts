// Samples made by hand, whose answer is known.

import { describe, expect, test } from 'vitest';
import { stability } from '../src/judge/stability.js';

/** A fixed zigzag around 0 of at most `size`: scatter without chance. */
const scatter = (index: number, size: number) => (((index * 7) % 11) / 5 - 1) * size;
const around = (level: (index: number) => number, samples: number, size = 0.002) =>
  Array.from({ length: samples }, (_, index) => level(index) * (1 + scatter(index, size)));

const nothing = { drift: null, modes: null, stragglers: 0 };

test('scatter is not noticed, however few or many the samples and however wide', () => {
  for (const samples of [1, 2, 3, 5, 18, 100, 1000]) {
    for (const size of [0, 0.001, 0.05]) {
      const values = around(() => 100, samples, size);
      expect({ samples, size, ...stability(values) }).toEqual({ samples, size, ...nothing });
    }
  }
});

describe('drift', () => {
  test('a rate that falls by 5 % through the window is told with its sign', () => {
    const { drift } = stability(around((index) => 100 - 5 * (index / 99), 100));
    // Between the middles of the outer thirds lies two thirds of the fall.
    expect(drift).toBeCloseTo((100 - 5 * (5 / 6)) / (100 - 5 / 6) - 1, 2);
    expect(stability(around((index) => 100 + 5 * (index / 99), 100)).drift).toBeGreaterThan(0.03);
  });

  test('not below 1 %, not of too few samples, and not of an outlier at the end', () => {
    expect(stability(around((index) => 100 - 0.5 * (index / 99), 100)).drift).toBeNull();
    expect(stability([100, 99, 98, 97, 96, 95]).drift).toBeNull();
    expect(stability([...around(() => 100, 99), 10]).drift).toBeNull();
  });
});

describe('two levels', () => {
  test('are told with their medians and shares', () => {
    const { modes } = stability(around((index) => (index % 4 === 0 ? 80 : 100), 100));
    expect(modes).toHaveLength(2);
    expect(modes?.[0]).toMatchObject({ share: 0.25 });
    expect(modes?.[0]?.median).toBeCloseTo(80, 0);
    expect(modes?.[1]?.median).toBeCloseTo(100, 0);
  });

  test('also where each is one value exactly', () => {
    const values = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 90 : 100));
    expect(stability(values).modes).toEqual([
      { median: 90, share: 0.5 },
      { median: 100, share: 0.5 },
    ]);
  });

  test('are not seen in a uniform or a bell-shaped spread, nor in levels less than 1 % apart', () => {
    const uniform = Array.from({ length: 200 }, (_, index) => 100 + index / 10);
    const bell = Array.from({ length: 240 }, (_, index) => {
      const sum = [3, 5, 7, 11, 13, 17].reduce((total, prime) => total + ((index * prime) % 240) / 240, 0);
      return 100 + 5 * sum;
    });
    const close = around((index) => (index % 2 === 0 ? 99.5 : 100), 100, 0.0001);
    for (const values of [uniform, bell, close]) expect(stability(values).modes).toBeNull();
  });
});

describe('stragglers', () => {
  test('are counted among rates and among times', () => {
    const rates = around(() => 100, 50);
    rates[20] = 5;
    rates[40] = 60;
    expect(stability(rates).stragglers).toBe(2);
    const times = rates.map((rate) => 1 / rate);
    expect(stability(times, 'times').stragglers).toBe(2);
    expect(stability(times, 'rates').stragglers).toBe(0);
  });

  test('none among so few samples that there is no rest', () => {
    expect(stability([100, 100, 100, 50]).stragglers).toBe(0);
  });

  test('a fast sample is none, and neither is the slow end of a wide spread', () => {
    expect(stability([...around(() => 100, 50), 200]).stragglers).toBe(0);
    expect(stability(Array.from({ length: 50 }, (_, index) => 50 + 2 * index)).stragglers).toBe(0);
  });
});
