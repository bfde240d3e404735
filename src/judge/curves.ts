// What rows of one operation at several sizes say together: the levels of a memory system, or which copies are large.

import type { Curve, CurveLevel } from '../curve.js';
import type { Row } from '../row.js';
import type { DeviceFacts, Variant } from '../schema.js';
import { halfSize } from './half.js';
import { cacheOf, type Level, levels, octaves } from './levels.js';
import { median } from './stats.js';

/** Fewer sizes than this are rows and no curve. */
const fewestSizes = 4;

/**
 * What is read from a curve. The levels of caches, which one set of all has whole and a core's own by its share; those
 * that all share alone, where others are passed by (native/kernels/sweep.cu); or the size from which on copies reach half
 * of their rate.
 */
type Reading =
  | 'levels of whole caches'
  | 'levels of shared caches'
  | 'levels of common caches'
  | 'half-rate size';

/** By the scope of the caches that a row goes through. */
const cacheReadings: Readonly<Partial<Record<Variant, Reading>>> = {
  core: 'levels of shared caches',
  device: 'levels of common caches',
};

/** Null for an operation whose sizes make no curve. */
function readingOf({ family, variant }: Row): Reading | null {
  switch (family) {
    case 'cache':
      return (variant && cacheReadings[variant]) ?? null;
    case 'latency':
      return 'levels of whole caches';
    case 'link':
    case 'peer':
      return 'half-rate size';
    case 'gemm':
    case 'memory':
    case 'dpx':
    case 'launch':
    case null:
      return null;
  }
}

/** The GPU that a row copies to; null of every other row. */
export const peerOf = ({ shape }: Row): string | null => ('peer' in shape ? shape.peer : null);

/** One curve for each operation, provider, device and peer that was measured at several sizes, in the order of the rows. */
export function curves(rows: readonly Row[], devices: readonly DeviceFacts[]): Curve[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    if (row.rate === null || !('bytes' in row.shape)) continue;
    const key = JSON.stringify([row.device, row.id, row.provider, peerOf(row)]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].flatMap((group) => {
    const [row] = group;
    if (row === undefined || group.length < fewestSizes) return [];
    const { id, provider, unit } = row;
    const reading = readingOf(row);
    const device = devices.find(({ id }) => id === row.device);
    if (reading === null || device === undefined) return [];
    const isCopy = reading === 'half-rate size';
    return [
      {
        id,
        provider,
        device: device.id,
        peer: peerOf(row),
        unit,
        sizes: group.length,
        levels: isCopy ? [] : levelsOf(group, device, reading),
        half: isCopy ? halfSize(pointsOf(group)) : null,
      },
    ];
  });
}

function pointsOf(group: readonly Row[]) {
  return group.flatMap(({ shape, rate, clocks }) =>
    'bytes' in shape && rate !== null ? [{ bytes: shape.bytes, value: rate, clocks }] : [],
  );
}

function levelsOf(group: readonly Row[], device: DeviceFacts, reading: Reading): CurveLevel[] {
  const points = pointsOf(group);
  const met = device.caches.filter(({ sharedBy }) => reading !== 'levels of common caches' || sharedBy > 1);
  const caches = met.map(({ level, bytes, sharedBy }) => ({
    level,
    bytes: reading === 'levels of shared caches' ? bytes / Math.max(1, sharedBy) : bytes,
  }));
  const largestCache = Math.max(0, ...caches.map(({ bytes }) => bytes));
  const largest = Math.max(...points.map(({ bytes }) => bytes));
  // What the largest sizes give is memory's, even where a part of the last cache is not this process's to use.
  const isMemory = ({ to }: Level) => to === largest && largestCache > 0 && largest >= 2 * largestCache;
  const found = levels(points).map((level) => ({
    ...level,
    cache: isMemory(level) ? null : cacheOf(level, caches),
  }));
  // A cache names one level, the widest: small sets may be faster (an H200 reads 2 to 4 MiB at 11.2 TB/s, and 5 to 40 MiB
  // at 9.8), and what lies between it and memory may be the work of page tables.
  const byWidth = found.toSorted((a, b) => octaves(b) - octaves(a));
  return found.map((level) => {
    const isWidest = byWidth.find(({ cache }) => cache === level.cache) === level;
    const cache = isWidest ? level.cache : null;
    const clocks = points.flatMap(({ bytes, clocks }) =>
      clocks !== null && bytes >= level.from && bytes <= level.to ? [clocks] : [],
    );
    return {
      name: isMemory(level) ? 'memory' : cache === null ? null : `L${cache.level}`,
      from: level.from,
      to: level.to,
      points: level.points,
      rate: level.value,
      clocks: clocks.length === 0 ? null : median(clocks),
      reportedBytes: cache?.bytes ?? null,
    };
  });
}
