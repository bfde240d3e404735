// The shapes of each row on a device: those of the level, fitted to its caches and its memory, or those asked for.

import { efforts } from './levels.js';
import type { RunOptions } from './options.js';
import type { DeviceFacts, OperationRow, Shape } from './schema.js';
import { UsageError } from './usage.js';

type Backend = DeviceFacts['backend'];
type Family = OperationRow['family'];

const KiB = 2 ** 10;
const MiB = 2 ** 20;

/** Of a sweep that was asked for by name where the level has none: sizes per octave. */
const sweepWhenNamed = 1;

/** Of each chain of DPX instructions: beside so many, what a launch reads, writes and waits for is little. */
const dpxSteps = 16_384;

type Kind = 'm' | 'bytes' | 'kernels' | 'steps';

/** What a shape of each family counts. */
const shapeKinds: Record<Family, Kind> = {
  gemm: 'm',
  memory: 'bytes',
  cache: 'bytes',
  dpx: 'steps',
  latency: 'bytes',
  launch: 'kernels',
  link: 'bytes',
  peer: 'bytes',
};
const kindOf = (shape: Shape): Kind =>
  'm' in shape ? 'm' : 'bytes' in shape ? 'bytes' : 'steps' in shape ? 'steps' : 'kernels';

/** How each is asked for. */
const sizeNames: Record<Kind, string> = {
  m: '--shape',
  bytes: '--bytes',
  kernels: 'kernels',
  steps: 'steps',
};

/** Throws a UsageError for a size that none of the rows `planned` takes: it would be dropped without a word. */
export function checkSizes(
  asked: readonly Shape[],
  planned: readonly { operation: OperationRow; request: { shape: Shape } }[],
): void {
  const taken = new Set(planned.map(({ request }) => kindOf(request.shape)));
  for (const kind of asked.map(kindOf)) {
    if (taken.has(kind)) continue;
    const families = Object.entries(shapeKinds).flatMap(([family, its]) => (its === kind ? [family] : []));
    const rows = unique(planned.map(({ operation }) => operation.id)).join(', ');
    throw new UsageError(
      `${sizeNames[kind]} sizes rows of ${families.join(', ')}, and none of those is asked for: ${rows}`,
    );
  }
}

/**
 * The shapes of an operation's rows on a device. Asked shapes of the row's kind replace those of the level; `peers` are the
 * ids of the other GPUs, of which each has rows of its own.
 */
export function shapesOf(
  device: DeviceFacts,
  operation: OperationRow,
  options: RunOptions,
  peers: readonly string[],
): Shape[] {
  const { family, dtype } = operation;
  const { gemm, gemmThreads, memory, link, sweep } = efforts[device.backend][options.level];
  const perOctave = sweep ?? (options.only.length > 0 ? sweepWhenNamed : null);
  if (family === 'cache' && perOctave === null) return [];
  const asked = distinct(options.shapes.filter((shape) => kindOf(shape) === shapeKinds[family]));
  if (family === 'peer') return withPeers(asked.length > 0 ? asked : link.map((bytes) => ({ bytes })), peers);
  if (asked.length > 0) return asked;
  const byFamily: Record<Family, () => Shape[]> = {
    gemm: () =>
      ((dtype && gemm[dtype]) ?? gemm.others)
        .map((side) => side * growth(options.threads ?? device.threads, gemmThreads))
        .map((side) => ({ m: side, n: side, k: side })),
    memory: () =>
      unique(memory.map((least) => arrayBytes(device, operation, least))).map((bytes) => ({ bytes })),
    cache: () => (perOctave === null ? [] : sweepSizes(device, operation, perOctave)),
    dpx: () => [{ steps: dpxSteps }],
    // Of memory itself there is always one: a set that no cache holds.
    latency: () =>
      perOctave === null ? [{ bytes: beyondCaches(device) }] : sweepSizes(device, operation, perOctave),
    launch: () => [{ kernels: 1 }],
    link: () => link.map((bytes) => ({ bytes })),
    peer: () => [],
  };
  return byFamily[family]();
}

/**
 * Of a GEMM's side, so that each thread has about as much to do as when there are `enough` of them: dealing, waking and
 * packing would be what is timed. In quarters, at most fourfold, which is where 64 times as many have it.
 */
function growth(threads: number, enough = Number.POSITIVE_INFINITY): number {
  return Math.min(4, Math.max(1, Math.floor(4 * Math.cbrt(threads / enough)) / 4));
}

/** Each size with each other device; with none, so that the row can say so, once. */
function withPeers(sizes: readonly Shape[], peers: readonly string[]): Shape[] {
  const bytes = sizes.flatMap((shape) => ('bytes' in shape ? [shape.bytes] : []));
  if (peers.length === 0) return bytes.slice(-1).map((size) => ({ bytes: size, peer: null }));
  return peers.flatMap((peer) => bytes.map((size) => ({ bytes: size, peer })));
}

/** Four times the last cache, where three of four accesses leave it; with no cache known, of 64 MiB, as memory.cc has it. */
export function beyondCaches({ l2Bytes }: DeviceFacts): number {
  return 4 * (l2Bytes > 0 ? l2Bytes : 64 * MiB);
}

/** A GPU's multiprocessor reads 16 KiB at a time; a page is the least that a set of a CPU is. */
const leastSwept: Record<Backend, number> = { cpu: 4 * KiB, cuda: 16 * KiB };

/**
 * Working sets from the nearest cache to well beyond the last, `perOctave` to an octave. A set of each core's own (the
 * variant `core`) has its share of a shared cache; all sets together are at most an eighth of the memory.
 */
function sweepSizes(device: DeviceFacts, { variant }: OperationRow, perOctave: number): Shape[] {
  const sets = variant === 'core' ? Math.max(1, device.threads || device.multiprocessors) : 1;
  const most = Math.min(2 * beyondCaches(device), device.memoryBytes / 8) / sets;
  const sizes: number[] = [];
  for (let step = 0; ; step += 1) {
    const bytes = leastSwept[device.backend] * 2 ** (step / perOctave);
    // Past the end by rounding only.
    if (bytes > most * 1.001) break;
    sizes.push(Math.round(bytes / KiB) * KiB);
  }
  return unique(sizes).map((bytes) => ({ bytes }));
}

/**
 * At least four times the last cache, so that it is memory that answers. At most an eighth of it, and less where several
 * providers hold three arrays each at once: half of it for all.
 */
function arrayBytes(device: DeviceFacts, { providers }: OperationRow, least: number): number {
  const parts = Math.max(8, 2 * 3 * providers[device.backend].length);
  const bytes = Math.min(Math.max(least, beyondCaches(device)), device.memoryBytes / parts);
  return Math.max(MiB, Math.floor(bytes / MiB) * MiB);
}

/** A size that was named twice is measured once, like a row that two patterns name. */
const distinct = (shapes: readonly Shape[]): Shape[] => [
  ...new Map(shapes.map((shape) => [JSON.stringify(shape), shape])).values(),
];

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];
