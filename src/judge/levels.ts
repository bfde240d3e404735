// The levels of a curve: where the rate of a growing working set stays, and where it falls.
//
// A curve through caches is a flight of stairs with worn edges. Between two levels lie up to two octaves in which a part
// of the set still fits, and no size there says anything of either. So the curve is cut into pieces that are flat: at
// least the sum of distances from the pieces' medians, plus a price for each piece, which a step has to be worth
// (penalised change points; Jackson et al. 2005, "An algorithm for optimal partitioning of data on an interval"). A piece
// of less than an octave is an edge or an outlier, and no level. Sizes that the system reports only name what is found.

import type { Cache } from '../schema.js';
import { median } from './stats.js';

export interface Point {
  bytes: number;
  /** A rate, or a time: levels are told apart by ratios, so that either will do. */
  value: number;
}

export interface Level {
  /** Smallest and largest size on it. The largest is the knee: a little more does not fit. */
  from: number;
  to: number;
  points: number;
  /** Median of its values. */
  value: number;
}

/** Price of a piece, in octaves of the value: three sizes that are off by a tenth of one, or what the noise costs. */
const leastPrice = 0.3;
const priceOfNoise = 6;
/** A little less than one: sizes are rounded. */
const leastOctaves = 0.95;
/** Values closer than this are of one level; what lies between two pieces of it was an outlier. */
const alike = 1.1;

/** The levels of a curve, in the order of their sizes. Points may come in any order; those of one size are one. */
export function levels(points: readonly Point[]): Level[] {
  const bySize = new Map<number, number[]>();
  for (const { bytes, value } of points) {
    if (bytes > 0 && value > 0) bySize.set(bytes, [...(bySize.get(bytes) ?? []), value]);
  }
  const curve = [...bySize]
    .map(([bytes, values]) => ({ bytes, value: median(values) }))
    .sort((a, b) => a.bytes - b.bytes);
  if (curve.length < 2) return [];
  const wide = pieces(curve)
    .map(trimmed)
    .filter((piece) => piece.length > 0 && octaves(ends(piece)) >= leastOctaves);
  return merged(wide).map((piece) => ({ ...ends(piece), points: piece.length, value: centre(piece) }));
}

/** The cheapest cut: `best[end]` is that of the points before `end`, with where its last piece starts. */
function pieces(curve: readonly Point[]): Point[][] {
  const heights = curve.map(({ value }) => Math.log2(value));
  const price = Math.max(leastPrice, priceOfNoise * noise(heights));
  const best = [{ cost: 0, start: 0 }];
  for (let end = 1; end <= heights.length; end += 1) {
    let cheapest = { cost: Number.POSITIVE_INFINITY, start: 0 };
    for (let start = 0; start < end; start += 1) {
      const cost = (best[start]?.cost ?? 0) + spread(heights.slice(start, end)) + price;
      if (cost < cheapest.cost) cheapest = { cost, start };
    }
    best.push(cheapest);
  }
  const found: Point[][] = [];
  for (let end = heights.length; end > 0; ) {
    const start = best[end]?.start ?? 0;
    found.unshift(curve.slice(start, end));
    end = start;
  }
  return found;
}

/** Half of the bend at a size, at the median: neither a level nor a slope has any, and most sizes are on one. */
function noise(heights: readonly number[]): number {
  const bends = heights.slice(2).map((after, index) => {
    const [before = after, here = after] = heights.slice(index, index + 2);
    return Math.abs(before - 2 * here + after) / 2;
  });
  return bends.length === 0 ? 0 : median(bends);
}

/** A piece without its worn ends, whose sizes are already on the way to the next level. */
function trimmed(piece: readonly Point[]): Point[] {
  const middle = centre(piece);
  const flat = ({ value }: Point) => Math.max(value / middle, middle / value) < alike;
  return piece.slice(piece.findIndex(flat), piece.findLastIndex(flat) + 1);
}

function spread(heights: readonly number[]): number {
  const middle = median(heights);
  return heights.reduce((sum, height) => sum + Math.abs(height - middle), 0);
}

function merged(parts: readonly Point[][]): Point[][] {
  const found: Point[][] = [];
  for (const part of parts) {
    const before = found.at(-1);
    const ratio = before === undefined ? Number.POSITIVE_INFINITY : centre(before) / centre(part);
    if (before !== undefined && Math.max(ratio, 1 / ratio) < alike) before.push(...part);
    else found.push([...part]);
  }
  return found;
}

const centre = (part: readonly Point[]) => median(part.map(({ value }) => value));

function ends(part: readonly Point[]): { from: number; to: number } {
  const sizes = part.map(({ bytes }) => bytes);
  return { from: Math.min(...sizes), to: Math.max(...sizes) };
}

/** How wide a level is. */
export const octaves = ({ from, to }: Pick<Level, 'from' | 'to'>) => Math.log2(to / from);

/**
 * The cache that a level is of: the nearest that holds the middle of its sizes, by their ratio. Null for sizes that no
 * cache holds. The nearest, and not the smallest: of an L2 that 80 multiprocessors share, each has less than its L1.
 */
export function cacheOf({ from, to }: Level, caches: readonly Pick<Cache, 'level' | 'bytes'>[]) {
  const middle = Math.sqrt(from * to);
  const holding = caches.filter(({ bytes }) => bytes >= middle).sort((a, b) => a.level - b.level);
  return holding[0] ?? null;
}
