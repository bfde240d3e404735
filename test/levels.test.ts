// The levels of a curve, on curves made by hand: what is flat, where it ends, and what must not be taken for a level.

import { describe, expect, it } from 'vitest';
import { curves } from '../src/judge/curves.js';
import { cacheOf, levels, type Point } from '../src/judge/levels.js';
import { loadNative } from '../src/native.js';
import type { Row } from '../src/row.js';
import { emptyRow, testCpu } from './testCard.js';

const KiB = 1024;
const MiB = 1024 * KiB;

/** Sizes from `from` to `to`, `perOctave` to an octave. */
function sizes(from: number, to: number, perOctave: number): number[] {
  const count = Math.round(Math.log2(to / from) * perOctave);
  return Array.from({ length: count + 1 }, (_, step) => Math.round(from * 2 ** (step / perOctave)));
}

/** L1 32 KiB, L2 1 MiB, L3 16 MiB; past a cache's size the value goes over to the next level's within an octave. */
function staircase(values: [number, number, number, number], perOctave: number, noise = 0): Point[] {
  const edges = [32 * KiB, MiB, 16 * MiB];
  return sizes(4 * KiB, 256 * MiB, perOctave).map((bytes, index) => {
    const level = edges.filter((edge) => bytes > edge * 1.01).length;
    const edge = edges[level - 1];
    const worn = edge === undefined ? 1 : Math.min(1, Math.log2(bytes / edge));
    const [above = 0, here = 0] = [values[level - 1] ?? values[level], values[level]];
    const scatter = 1 + noise * Math.sin(12.9898 * index * index);
    return { bytes, value: above ** (1 - worn) * here ** worn * scatter };
  });
}

/** At the edge or at most one size beyond it, where a small step is still worn. */
function atEdges(found: { to: number }[], perOctave: number): void {
  const beyond = [32 * KiB, MiB, 16 * MiB].map((edge, index) => Math.log2((found[index]?.to ?? 0) / edge));
  for (const octaves of beyond) {
    expect(octaves).toBeGreaterThanOrEqual(-0.01);
    expect(octaves).toBeLessThan(1 / perOctave + 0.01);
  }
}

describe('levels', () => {
  it.each([1, 2, 3])('of a staircase of rates, %i sizes to an octave', (perOctave) => {
    const found = levels(staircase([400e9, 220e9, 190e9, 35e9], perOctave));
    atEdges(found, perOctave);
    expect(found.map(({ value }) => Math.round(value / 1e9))).toEqual([400, 220, 190, 35]);
  });

  it('of times, which rise', () => {
    const found = levels(staircase([1.1e-9, 3.8e-9, 15e-9, 140e-9], 3));
    atEdges(found, 3);
    expect(found.map(({ value }) => Number((value * 1e9).toPrecision(2)))).toEqual([1.1, 3.8, 15, 140]);
  });

  it('of a curve that scatters by 4 %', () => {
    const found = levels(staircase([400e9, 220e9, 160e9, 35e9], 3, 0.04));
    expect(found).toHaveLength(4);
    atEdges(found, 3);
  });

  it('are not cut by one size that was disturbed', () => {
    const disturbed = staircase([400e9, 220e9, 100e9, 35e9], 3).map((point) =>
      Math.abs(point.bytes / (256 * KiB) - 1) < 0.01 ? { ...point, value: point.value / 2 } : point,
    );
    expect(levels(disturbed).map(({ value }) => Math.round(value / 1e9))).toEqual([400, 220, 100, 35]);
  });

  it('are one where nothing changes, whatever the order', () => {
    const flat = sizes(4 * KiB, MiB, 2).map((bytes) => ({ bytes, value: 100 }));
    expect(levels(flat.reverse())).toEqual([{ from: 4 * KiB, to: MiB, points: 17, value: 100 }]);
  });

  it('are none on a slope, or of too few sizes', () => {
    expect(levels(sizes(4 * KiB, MiB, 2).map((bytes) => ({ bytes, value: bytes })))).toEqual([]);
    expect(levels([])).toEqual([]);
    expect(levels([{ bytes: 4096, value: 1 }])).toEqual([]);
    expect(
      levels([
        { bytes: 4096, value: 1 },
        { bytes: 4096, value: 1.01 },
      ]),
    ).toEqual([]);
  });
});

describe('a level', () => {
  const caches = [
    { level: 1, bytes: 32 * KiB },
    { level: 2, bytes: MiB },
  ];
  const level = (from: number, to: number) => ({ from, to, points: 4, value: 1 });

  it('is of the nearest cache that holds the middle of it', () => {
    expect(cacheOf(level(4 * KiB, 32 * KiB), caches)?.level).toBe(1);
    expect(cacheOf(level(40 * KiB, 600 * KiB), caches)?.level).toBe(2);
    expect(cacheOf(level(2 * MiB, 8 * MiB), caches)).toBeNull();
  });
});

describe('curves of rows', () => {
  const caches = [
    { level: 1, bytes: 32 * KiB, sharedBy: 1 },
    { level: 2, bytes: MiB, sharedBy: 1 },
    { level: 3, bytes: 32 * MiB, sharedBy: 2 },
  ];
  const cpu = { ...testCpu, caches };
  // An id that says nothing: what a curve tells is not read from it.
  const rows = (kind: Pick<Row, 'family' | 'variant' | 'unit'>, points: Point[]): Row[] =>
    points.map(({ bytes, value }) => ({
      ...emptyRow({ verdict: { status: 'unjudged', why: 'a CPU' } }),
      ...{ ...kind, id: 'renamed', device: 'cpu', shape: { bytes } },
      rate: value,
      clocks: kind.unit === 's' ? value * 4e9 : null,
    }));

  const ofCore = { family: 'cache', variant: 'core', unit: 'B/s' } as const;

  it('name their levels, each cache once, and what is beyond all caches memory', () => {
    const points = staircase([400e9, 220e9, 150e9, 35e9], 3);
    const [curve] = curves(rows(ofCore, points), [cpu]);
    // Each core has half of the L3 that two share.
    expect(curve?.levels.map(({ name, to, reportedBytes }) => [name, to, reportedBytes])).toEqual([
      ['L1', 32 * KiB, 32 * KiB],
      ['L2', MiB, MiB],
      ['L3', 16 * MiB, 16 * MiB],
      ['memory', 256 * MiB, null],
    ]);
  });

  it.each([
    ['V100', 80, [128 * KiB, 6 * MiB], 'L1'],
    ['RTX 3090', 82, [128 * KiB, 6 * MiB], 'L1'],
    ['Sapphire Rapids', 60, [48 * KiB, 2 * MiB, 112.5 * MiB], 'L2'],
  ] as const)(
    'name a nearer cache that is larger than a share of the next: %s',
    (_, sharedBy, sizes, last) => {
      const own = sizes.map((bytes, index) => ({
        ...{ level: index + 1, bytes },
        sharedBy: index + 1 === sizes.length ? sharedBy : 1,
      }));
      const most = Math.max(...own.flatMap(({ bytes, sharedBy }) => (sharedBy === 1 ? [bytes] : [])));
      const points = Array.from({ length: 28 }, (_, step) => Math.round(16 * KiB * 2 ** (step / 2))).map(
        (bytes) => ({ bytes, value: bytes <= (own[0]?.bytes ?? 0) ? 800e9 : bytes <= most ? 400e9 : 35e9 }),
      );
      const [curve] = curves(rows(ofCore, points), [{ ...cpu, caches: own }]);
      const named = sizes.slice(0, -1).map((_, index) => `L${index + 1}`);
      expect(curve?.levels.map(({ name }) => name)).toEqual([...named, 'memory']);
      expect(named.at(-1)).toBe(last);
    },
  );

  it('of what all share name the caches that all share, whole', () => {
    const points = staircase([150e9, 150e9, 150e9, 35e9], 3);
    const [curve] = curves(rows({ ...ofCore, variant: 'device' }, points), [cpu]);
    expect(curve?.levels.map(({ name, reportedBytes }) => [name, reportedBytes])).toEqual([
      ['L3', 32 * MiB],
      ['memory', null],
    ]);
  });

  it('name the widest of several levels of one cache: an H200 reads small sets of its L2 faster', () => {
    // TB/s, three sizes to an octave: github.com/te42kyfo/gpu-benches, gpu-l2-cache, h200.txt, between its own sizes.
    const measured = [
      [11.74, 11.37, 10.92, 10.62, 10.52, 10.24, 10.25, 10.07, 9.8, 9.82, 9.82, 9.69, 9.67, 9.53],
      [6.62, 4.37, 3.96, 3.9, 3.89, 3.89, 3.89, 3.89, 3.89],
    ].flat();
    const points = measured.map((value, step) => ({ bytes: Math.round(2 * MiB * 2 ** (step / 3)), value }));
    const h200 = {
      ...cpu,
      caches: [
        { level: 1, bytes: 228 * KiB, sharedBy: 1 },
        { level: 2, bytes: 50 * MiB, sharedBy: 132 },
      ],
    };
    const [curve] = curves(rows({ ...ofCore, variant: 'device' }, points), [h200]);
    expect(curve?.levels.map(({ name, from }) => [name, Math.round(from / MiB)])).toEqual([
      [null, 2],
      ['L2', 6],
      ['memory', 81],
    ]);
  });

  it.each(['link', 'peer'] as const)('of the family %s have a half-rate size and no levels', (family) => {
    const points = sizes(KiB, 64 * MiB, 1).map((bytes) => ({ bytes, value: 50e9 / (1 + MiB / bytes) }));
    const [curve] = curves(rows({ family, variant: null, unit: 'B/s' }, points), [cpu]);
    expect(curve?.levels).toEqual([]);
    expect((curve?.half?.bytes ?? 0) / MiB).toBeCloseTo(1, 0);
  });

  it('are read of every row of the table that is measured at several sizes for it', () => {
    const points = staircase([400e9, 220e9, 150e9, 35e9], 3);
    const silent = loadNative()
      .operations()
      .filter(({ family }) => family === 'cache' || family === 'latency')
      .filter((operation) => curves(rows(operation, points), [cpu])[0]?.levels.length !== 4);
    expect(silent.map(({ id }) => id)).toEqual([]);
  });

  it('have the clocks of a latency', () => {
    const [curve] = curves(
      rows({ family: 'latency', variant: null, unit: 's' }, staircase([1e-9, 4e-9, 15e-9, 140e-9], 3)),
      [cpu],
    );
    expect(curve?.levels.map(({ clocks }) => clocks?.toFixed(0))).toEqual(['4', '16', '60', '560']);
  });

  it('are none of a few sizes, of rows without a rate, or of rows that are no sweep', () => {
    const points = staircase([400e9, 220e9, 150e9, 35e9], 3);
    expect(curves(rows(ofCore, points.slice(0, 3)), [cpu])).toEqual([]);
    expect(curves(rows({ family: 'memory', variant: null, unit: 'B/s' }, points), [cpu])).toEqual([]);
    const failed = rows(ofCore, points).map((row) => ({ ...row, rate: null }));
    expect(curves(failed, [cpu])).toEqual([]);
  });
});
