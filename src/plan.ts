// What to run, in order: options and inventory in, one job per device, operation and shape out.
//
// Whether a device can do a format, or has the memory for a shape, is not guessed: the native side answers that for each
// row.

import { budgetOf } from './levels.js';
import { asksForAll, type Level, RunOptions } from './options.js';
import {
  type DeviceFacts,
  hidesGpus,
  type Inventory,
  type OperationRow,
  type RunRequest,
  type Shape,
} from './schema.js';
import { checkSizes, shapesOf } from './sizes.js';
import { checkNumber, checkShape, checkThreads, parseOptions, UsageError } from './usage.js';

export interface Job {
  device: DeviceFacts;
  operation: OperationRow;
  /** As a reader knows it: another GPU by its id in the inventory. */
  shape: Shape;
  /** Of a copy to another GPU: that one's uuid, where it has one. */
  peerUuid: string | null;
  request: RunRequest;
}

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

/** The options of a run, or a UsageError that says in one sentence what is wrong with them and what is allowed. */
export function checkOptions(asked: RunOptions): RunOptions {
  // These first: their sentences name the limits, which the schema does not know.
  const { threads, shapes }: Partial<RunOptions> = asked ?? {};
  if (typeof threads === 'number') checkThreads(threads);
  checkNumber('timeoutSeconds', asked);
  for (const shape of Array.isArray(shapes) ? shapes : []) if (shape instanceof Object) checkShape(shape);
  return parseOptions(RunOptions, asked);
}

/**
 * The jobs of a run, device by device, in the order of the table of operations. Throws a NoDeviceError for a GPU that is
 * not here, a UsageError for options that are none, for a pattern that names nothing, for a size that no row takes, and when
 * nothing is left to run.
 */
export function plan(asked: RunOptions, inventory: Inventory, operations: readonly OperationRow[]): Job[] {
  const options = checkOptions(asked);
  const devices = chooseDevices(options.devices, inventory);
  for (const { backend, mostThreads } of devices) {
    if (backend === 'cpu') checkThreads(options.threads, mostThreads);
  }
  // Who named the CPU alone does not miss the GPUs.
  const absences = asksForAll(options) ? inventory.absences : [];
  const chosen = chooseOperations(options.only, devices, operations, absences);
  const jobs = devices.flatMap((device) => {
    // Of all that are here, measured or not: a peer is only copied to.
    const peers = inventory.devices.filter(({ id, backend }) => backend === 'cuda' && id !== device.id);
    return chosen.flatMap((operation) => jobsOf(device, operation, options, peers));
  });
  if (jobs.length > 0) {
    checkSizes(options.shapes, jobs);
    return jobs;
  }
  const rows = chosen.map(({ id }) => id).join(', ');
  throw new UsageError(
    `nothing to run: --provider ${options.provider} computes none of ${rows}; try --provider both`,
  );
}

function jobsOf(
  device: DeviceFacts,
  operation: OperationRow,
  options: RunOptions,
  peers: readonly DeviceFacts[],
): Job[] {
  const providers = operation.providers[device.backend].filter(
    (name) => options.provider === 'both' || (name === 'builtin') === (options.provider === 'builtin'),
  );
  if (providers.length === 0) return [];
  const { data, seed, telemetry, threads, level } = options;
  const shapes = shapesOf(
    device,
    operation,
    options,
    peers.map(({ id }) => id),
  );
  return shapes.map((shape) => ({
    device,
    operation,
    shape,
    peerUuid: peerOf(shape, peers)?.uuid ?? null,
    request: {
      device: ownName(device),
      operation: operation.id,
      shape: withOwnNames(shape, peers),
      providers,
      data,
      seed,
      telemetry,
      fault: 'none',
      threads,
      budget: budgetOf(device, operation, level),
    },
  }));
}

/** CUDA counts anew in each process, and a device that fell off the bus would lend its number to another. */
const ownName = ({ id, uuid }: DeviceFacts): string => uuid ?? id;

function peerOf(shape: Shape, peers: readonly DeviceFacts[]): DeviceFacts | undefined {
  return 'peer' in shape ? peers.find(({ id }) => id === shape.peer) : undefined;
}

function withOwnNames(shape: Shape, peers: readonly DeviceFacts[]): Shape {
  const peer = peerOf(shape, peers);
  return peer === undefined || !('peer' in shape) ? shape : { ...shape, peer: ownName(peer) };
}

/** A device that could be here and is not: a finding about the machine, not a slip of the keyboard. */
export class NoDeviceError extends Error {
  override readonly name = 'NoDeviceError';
  readonly code = 'ENODEV';
}

/** What a name is told that no device answers to: what is here, and why not more, with what to do about it. */
export function noDevice(
  name: string,
  { devices, absences }: Pick<Inventory, 'devices' | 'absences'>,
): string {
  return `no device "${name}"; here: ${namesOf(devices)}${whyNotMore(absences)}`;
}

/** Ends a sentence that misses a GPU. */
const whyNotMore = (absences: Inventory['absences']) =>
  absences
    .filter(hidesGpus)
    .map(({ what, reason, remedy }) => `; ${what}: ${reason}; ${remedy}`)
    .join('');

const namesOf = (devices: readonly DeviceFacts[]) =>
  devices.map(({ id, uuid }) => (uuid === null ? id : `${id} (${uuid})`)).join(', ');

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
      if (deviceName.test(name)) throw new NoDeviceError(noDevice(name, { devices: present, absences }));
      const here = namesOf(present);
      throw new UsageError(`no device "${name}"; here: ${here}, or all (cuda:0, GPU-… and MIG-… name GPUs)`);
    }),
  );
}

function chooseOperations(
  patterns: readonly string[],
  devices: readonly DeviceFacts[],
  operations: readonly OperationRow[],
  absences: Inventory['absences'],
): OperationRow[] {
  const here = operations.filter(({ providers }) =>
    devices.some(({ backend }) => providers[backend].length > 0),
  );
  if (patterns.length === 0) return here;
  const globs = patterns.map((pattern) => ({ pattern, matches: glob(pattern) }));
  for (const { pattern, matches } of globs) {
    if (here.some(({ id }) => matches(id))) continue;
    const ids = here.map(({ id }) => id).join(', ');
    const ofGpus = operations.some(({ id, providers }) => providers.cuda.length > 0 && matches(id));
    const why = ofGpus ? whyNotMore(absences) : '';
    throw new UsageError(
      `no row matches "${pattern}" on ${devices.map(({ id }) => id).join(', ')}; there are: ${ids}${why}`,
    );
  }
  return here.filter(({ id }) => globs.some(({ matches }) => matches(id)));
}

/**
 * `*` stands for any run of characters; everything else for itself. Each part is taken where it first comes: a regular
 * expression would try every other place too, which many `*` make a matter of hours.
 */
export function glob(pattern: string): (id: string) => boolean {
  const [start = '', ...parts] = pattern.split('*');
  const end = parts.pop();
  if (end === undefined) return (id) => id === pattern;
  return (id) => {
    let at = start.length;
    for (const part of parts) {
      const found = id.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return id.startsWith(start) && id.endsWith(end) && at + end.length <= id.length;
  };
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];
