// What to run, in order: options and inventory in, one job per device, operation and shape out.
//
// Sizes and budgets are a table, because they are the answer to "how long does it take?": a launch must be long
// enough to be timed and an array large enough to leave the cache, and nothing else here knows a number. Whether a
// device can do a format, or has the memory for a shape, is not guessed: the native side answers that for each row.

import type { Level, RunOptions } from './row.js';
import type { Budget, DeviceFacts, DType, Inventory, OperationRow, RunRequest, Shape } from './schema.js';
import { checkShape, checkThreads, UsageError } from './usage.js';

export interface Job {
  device: DeviceFacts;
  operation: OperationRow;
  request: RunRequest;
}

type Backend = DeviceFacts['backend'];
type Family = OperationRow['family'];

const KiB = 2 ** 10;
const MiB = 2 ** 20;
const GiB = 2 ** 30;

/** Half-width of the confidence interval at which sampling stops, relative. */
const precision = 0.005;

const budget = (warmupSeconds: number, burstSeconds: number, sustainedSeconds: number): Budget => ({
  warmupSeconds,
  burstSeconds,
  sustainedSeconds,
  precision,
});

interface Plan {
  budget: Record<Family, Budget>;
  /** Sides of square GEMMs; a format that is not named has those of `others`. */
  gemm: Partial<Record<DType, number[]>> & { others: number[] };
  /** Least bytes of one array; the cache and the memory of the device decide with it, see `arrayBytes`. */
  memory: number[];
  link: number[];
  /** Sizes per octave of a sweep through caches and memory; null: none, unless its rows are asked for by name. */
  sweep: number | null;
}

/** Of a sweep that was asked for by name where the level has none. */
const sweepWhenNamed = 1;

/** A sweep is many short rows; what it finds is in their differences, which are large. */
const swept = budget(0.02, 0.02, 0.08);

/**
 * A processor is also its own referee: most of a row's time goes into filling, the float64 reference and the comparison,
 * so sizes and budgets are small. Most formats are emulated besides.
 */
const onCpu: Record<Level, Plan> = {
  quick: {
    budget: {
      gemm: budget(0.02, 0.05, 0.1),
      memory: budget(0.02, 0.05, 0.1),
      cache: swept,
      latency: swept,
      launch: swept,
      link: budget(0.02, 0.05, 0.1),
      peer: budget(0.02, 0.05, 0.1),
    },
    gemm: { fp64: [512], fp32: [512], others: [256] },
    memory: [128 * MiB],
    link: [64 * MiB],
    sweep: null,
  },
  default: {
    budget: {
      gemm: budget(0.05, 0.1, 0.25),
      memory: budget(0.05, 0.1, 0.25),
      cache: swept,
      latency: swept,
      launch: swept,
      link: budget(0.05, 0.1, 0.25),
      peer: budget(0.05, 0.1, 0.25),
    },
    gemm: { fp64: [1024], fp32: [1024], others: [512] },
    memory: [128 * MiB],
    link: [256 * MiB],
    sweep: null,
  },
  thorough: {
    budget: {
      gemm: budget(0.5, 1, 3),
      memory: budget(0.5, 1, 3),
      cache: budget(0.05, 0.05, 0.2),
      latency: budget(0.05, 0.05, 0.2),
      launch: budget(0.05, 0.05, 0.2),
      link: budget(0.5, 1, 3),
      peer: budget(0.5, 1, 3),
    },
    gemm: { others: [256, 512, 1024, 2048] },
    memory: [256 * MiB, GiB],
    link: [256 * MiB],
    sweep: 3,
  },
};

/**
 * A GPU reaches its rate from about 4096^3 on; fp64 runs at 1/64 of fp32 on many cards and takes half the side.
 * `warmupSeconds` is a ceiling: warming up ends when the clock has settled.
 */
const onCuda: Record<Level, Plan> = {
  quick: {
    budget: {
      gemm: budget(0.1, 0.05, 0.15),
      memory: budget(0.05, 0.05, 0.1),
      cache: swept,
      latency: swept,
      launch: swept,
      link: budget(0.05, 0.05, 0.1),
      peer: budget(0.05, 0.05, 0.1),
    },
    gemm: { fp64: [2048], others: [4096] },
    memory: [GiB],
    link: [256 * MiB],
    sweep: null,
  },
  default: {
    budget: {
      gemm: budget(0.3, 0.2, 0.7),
      memory: budget(0.2, 0.2, 0.5),
      cache: swept,
      latency: swept,
      launch: swept,
      link: budget(0.1, 0.2, 0.5),
      peer: budget(0.1, 0.2, 0.5),
    },
    gemm: { fp64: [4096], others: [8192] },
    memory: [GiB],
    link: [256 * MiB],
    sweep: null,
  },
  thorough: {
    budget: {
      gemm: budget(1, 0.5, 3),
      memory: budget(0.5, 0.5, 2),
      cache: budget(0.05, 0.05, 0.2),
      latency: budget(0.05, 0.05, 0.2),
      launch: budget(0.05, 0.05, 0.2),
      link: budget(0.05, 0.1, 0.3),
      peer: budget(0.05, 0.1, 0.3),
    },
    gemm: { fp64: [1024, 2048, 4096, 8192], others: [1024, 2048, 4096, 8192, 16384] },
    memory: [GiB, 4 * GiB],
    link: Array.from({ length: 19 }, (_, octave) => 4 * KiB * 2 ** octave),
    sweep: 3,
  },
};

const plans: Record<Backend, Record<Level, Plan>> = { cpu: onCpu, cuda: onCuda };

/** Long enough for the slowest launch of the level, its reference included. */
const timeoutSeconds: Record<Level, number> = { quick: 120, default: 180, thorough: 900 };

/** The options of a level with nothing else asked for. */
export function defaultOptions(level: Level = 'default'): RunOptions {
  return {
    devices: [],
    only: [],
    level,
    provider: 'both',
    data: 'uniform',
    seed: 1,
    shapes: [],
    telemetry: true,
    threads: null,
    timeoutSeconds: timeoutSeconds[level],
  };
}

/**
 * The jobs of a run, device by device, in the order of the table of operations. Throws a NoDeviceError for a GPU that is
 * not here, a UsageError for a pattern that names nothing, for a size that makes no sense, and when nothing is left to run.
 */
export function plan(options: RunOptions, inventory: Inventory, operations: readonly OperationRow[]): Job[] {
  for (const shape of options.shapes) checkShape(shape);
  const devices = chooseDevices(options.devices, inventory);
  for (const { backend, mostThreads } of devices) {
    if (backend === 'cpu') checkThreads(options.threads, mostThreads);
  }
  const chosen = chooseOperations(options.only, devices, operations);
  const jobs = devices.flatMap((device) => {
    // Of all that are here, measured or not: a peer is only copied to.
    const peers = inventory.devices
      .filter(({ id, backend }) => backend === 'cuda' && id !== device.id)
      .map(({ id }) => id);
    return chosen.flatMap((operation) => jobsOf(device, operation, options, peers));
  });
  if (jobs.length > 0) return jobs;
  const rows = chosen.map(({ id }) => id).join(', ');
  throw new UsageError(
    `nothing to run: --provider ${options.provider} computes none of ${rows}; try --provider both`,
  );
}

function jobsOf(
  device: DeviceFacts,
  operation: OperationRow,
  options: RunOptions,
  peers: readonly string[],
): Job[] {
  const providers = operation.providers[device.backend].filter(
    (name) => options.provider === 'both' || (name === 'builtin') === (options.provider === 'builtin'),
  );
  if (providers.length === 0) return [];
  const { data, seed, telemetry, threads, level } = options;
  return shapesOf(device, operation, options, peers).map((shape) => ({
    device,
    operation,
    request: {
      // Its own name: CUDA counts anew in each process, and a device that fell off the bus would lend its number to another.
      device: device.uuid ?? device.id,
      operation: operation.id,
      shape,
      providers,
      data,
      seed,
      telemetry,
      fault: 'none',
      threads,
      budget: plans[device.backend][level].budget[operation.family],
    },
  }));
}

/** What a shape of each family counts. */
const shapeKinds: Record<Family, 'm' | 'bytes' | 'kernels'> = {
  gemm: 'm',
  memory: 'bytes',
  cache: 'bytes',
  latency: 'bytes',
  launch: 'kernels',
  link: 'bytes',
  peer: 'bytes',
};
const kindOf = (shape: Shape) => ('m' in shape ? 'm' : 'bytes' in shape ? 'bytes' : 'kernels');

/** Asked shapes of the row's kind replace those of the level. */
function shapesOf(
  device: DeviceFacts,
  operation: OperationRow,
  options: RunOptions,
  peers: readonly string[],
): Shape[] {
  const { family, dtype } = operation;
  const { gemm, memory, link, sweep } = plans[device.backend][options.level];
  const perOctave = sweep ?? (options.only.length > 0 ? sweepWhenNamed : null);
  if (family === 'cache' && perOctave === null) return [];
  const asked = options.shapes.filter((shape) => kindOf(shape) === shapeKinds[family]);
  if (family === 'peer') return withPeers(asked.length > 0 ? asked : link.map((bytes) => ({ bytes })), peers);
  if (asked.length > 0) return asked;
  const byFamily: Record<Family, () => Shape[]> = {
    gemm: () => ((dtype && gemm[dtype]) ?? gemm.others).map((side) => ({ m: side, n: side, k: side })),
    memory: () => unique(memory.map((least) => arrayBytes(device, least))).map((bytes) => ({ bytes })),
    cache: () => (perOctave === null ? [] : sweepSizes(device, operation, perOctave)),
    // Of memory itself there is always one: a set that no cache holds.
    latency: () =>
      perOctave === null ? [{ bytes: beyondCaches(device) }] : sweepSizes(device, operation, perOctave),
    launch: () => [{ kernels: 1 }],
    link: () => link.map((bytes) => ({ bytes })),
    peer: () => [],
  };
  return byFamily[family]();
}

/** Each size with each other device; with none, so that the row can say so, once. */
function withPeers(sizes: readonly Shape[], peers: readonly string[]): Shape[] {
  const bytes = sizes.flatMap((shape) => ('bytes' in shape ? [shape.bytes] : []));
  if (peers.length === 0) return bytes.slice(-1).map((size) => ({ bytes: size, peer: null }));
  return peers.flatMap((peer) => bytes.map((size) => ({ bytes: size, peer })));
}

/** Four times the last cache, where three of four accesses leave it; with no cache known, what exceeds those of today. */
function beyondCaches({ l2Bytes }: DeviceFacts): number {
  return l2Bytes > 0 ? 4 * l2Bytes : GiB / 4;
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

/** At least four times the last cache, so that it is memory that answers; at most an eighth of it, as a row holds several. */
function arrayBytes({ l2Bytes, memoryBytes }: DeviceFacts, least: number): number {
  const bytes = Math.min(Math.max(least, 4 * l2Bytes), memoryBytes / 8);
  return Math.max(MiB, Math.floor(bytes / MiB) * MiB);
}

/** A device that could be here and is not: a finding about the machine, not a slip of the keyboard. */
export class NoDeviceError extends Error {
  override readonly name = 'NoDeviceError';
  readonly code = 'ENODEV';
}

const deviceName = /^(cuda:\d+|(gpu|mig)-.+)$/i;

function chooseDevices(
  asked: readonly string[],
  { devices: present, absences }: Pick<Inventory, 'devices' | 'absences'>,
): DeviceFacts[] {
  const gpus = present.filter(({ backend }) => backend !== 'cpu');
  if (asked.length === 0) return gpus.length > 0 ? gpus : [...present];
  return unique(
    asked.flatMap((name) => {
      if (name === 'all') return present;
      const known = present.filter(({ id, uuid }) => [id, uuid?.toLowerCase()].includes(name.toLowerCase()));
      if (known.length > 0) return known;
      const here = present.map(({ id, uuid }) => (uuid === null ? id : `${id} (${uuid})`)).join(', ');
      if (deviceName.test(name)) {
        const why = absences.map(({ what, reason }) => `; ${what}: ${reason}`).join('');
        throw new NoDeviceError(`no device "${name}"; here: ${here}${why}`);
      }
      throw new UsageError(`no device "${name}"; here: ${here}, or all (cuda:0, GPU-… and MIG-… name GPUs)`);
    }),
  );
}

function chooseOperations(
  patterns: readonly string[],
  devices: readonly DeviceFacts[],
  operations: readonly OperationRow[],
): OperationRow[] {
  const here = operations.filter(({ providers }) =>
    devices.some(({ backend }) => providers[backend].length > 0),
  );
  if (patterns.length === 0) return here;
  const globs = patterns.map((pattern) => ({ pattern, matches: glob(pattern) }));
  for (const { pattern, matches } of globs) {
    if (here.some(({ id }) => matches(id))) continue;
    const ids = here.map(({ id }) => id).join(', ');
    throw new UsageError(
      `no row matches "${pattern}" on ${devices.map(({ id }) => id).join(', ')}; there are: ${ids}`,
    );
  }
  return here.filter(({ id }) => globs.some(({ matches }) => matches(id)));
}

/** `*` stands for any run of characters; everything else for itself. */
export function glob(pattern: string): (id: string) => boolean {
  const literal = pattern.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  const expression = new RegExp(`^${literal.join('.*')}$`);
  return (id) => expression.test(id);
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];
