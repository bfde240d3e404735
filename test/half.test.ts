// The size at which copies reach half of their rate, on curves made by hand.

import { expect, test } from 'vitest';
import { halfSize } from '../src/judge/half.js';

/** A start of 10 µs and then 50 GB/s: half of it is reached at 500 kB, by arithmetic. */
const copies = (from: number, to: number, extra = 0) =>
  Array.from({ length: Math.log2(to / from) + 1 }, (_, octave) => {
    const bytes = from * 2 ** octave;
    return { bytes, value: bytes / (10e-6 + extra + bytes / 50e9) };
  });

test('is found between two sizes', () => {
  const found = halfSize(copies(2 ** 12, 2 ** 30).reverse());
  expect(found?.rate).toBeCloseTo(50e9, -8);
  expect((found?.bytes ?? 0) / 500e3).toBeGreaterThan(0.93);
  expect((found?.bytes ?? 0) / 500e3).toBeLessThan(1.07);
});

test('is beyond the last size that was below it, where one was disturbed', () => {
  const disturbed = copies(2 ** 12, 2 ** 30).map((point) =>
    point.bytes === 2 ** 22 ? { ...point, value: 20e9 } : point,
  );
  expect(halfSize(disturbed)?.bytes).toBeGreaterThan(2 ** 22);
});

test('is none where the curve still rises, starts above the half, or is short', () => {
  expect(halfSize(copies(2 ** 12, 2 ** 20))).toBeNull();
  expect(halfSize(copies(2 ** 26, 2 ** 30))).toBeNull();
  expect(halfSize(copies(2 ** 28, 2 ** 30))).toBeNull();
  expect(halfSize([])).toBeNull();
});
