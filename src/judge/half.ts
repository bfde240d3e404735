// The size from which on a copy is worth its start: n_1/2 of Hockney and Jesshope ("Parallel Computers 2", 1988).
//
// A copy of n bytes takes a start and then n at the asymptotic rate, so the rate over sizes rises from almost nothing. The
// asymptote says what large copies get; n_1/2, where half of it is reached, says which copies are large.

import type { Point } from './levels.js';
import { median } from './stats.js';

/** The asymptote is the median of the three largest sizes, which must agree within this, or the curve has not come to it. */
const settled = 1.15;
const largest = 3;

/**
 * The size at which `points` (rates over bytes, in any order) reach half of their asymptote, between two sizes by their
 * logarithms. Null where the curve still rises at its end, or starts above the half.
 */
export function halfSize(points: readonly Point[]): { bytes: number; rate: number } | null {
  const curve = [...points].filter(({ value }) => value > 0).sort((a, b) => a.bytes - b.bytes);
  const end = curve.slice(-largest).map(({ value }) => value);
  if (curve.length <= largest || Math.max(...end) > settled * Math.min(...end)) return null;
  const rate = median(end);
  const half = rate / 2;
  // The last size below the half: a single slow copy further up would not be crossed twice.
  const index = curve.findLastIndex(({ value }) => value < half);
  const below = curve[index];
  const above = curve[index + 1];
  if (below === undefined || above === undefined) return null;
  const way = Math.log(half / below.value) / Math.log(above.value / below.value);
  return { bytes: below.bytes * (above.bytes / below.bytes) ** way, rate };
}
