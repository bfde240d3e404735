// A soak: one operation under load for minutes or hours, every launch compared, every error kept with its place.
//
// An error that comes once an hour is not found by a run of a second. What is compared is what was computed under load,
// on the device, so nearly all of the time is load.

import { coded } from '../error.js';
import { host } from '../host.js';
import { lock, lockPeer, type Release } from '../lock.js';
import { defaultOptions, type Job, plan } from '../plan.js';
import { type Executor, isolate } from '../process/isolate.js';
import type { DeviceFacts, Inventory, SoakRequest } from '../schema.js';
import { type Survey, survey } from '../survey.js';
import { checkNumber, parseOptions, UsageError } from '../usage.js';
import {
  type SoakOptions,
  SoakOptions as SoakOptionsSchema,
  type SoakReport,
  soakSchemaVersion,
} from './schema.js';
import { SoakTally } from './tally.js';

export interface SoakContext {
  native?: Survey;
  open?: () => Executor;
  wait?: boolean;
  signal?: AbortSignal;
}

/** Often enough for a live line, and long enough that the sensors of a step say something. */
const stepSeconds = 1;

/** Seconds in which a step stops that is asked to; more where steps take longer: a round of large products. */
const leastPatience = 3;

/** A tensor-core format that every card since Volta has; on a CPU what it has itself. */
export function defaultOperation({ devices }: Pick<Inventory, 'devices'>, device: string | null): string {
  return device?.toLowerCase() === 'cpu' || !devices.some(({ backend }) => backend === 'cuda')
    ? 'gemm.fp32'
    : 'gemm.fp16';
}

/** cuBLASLt, which loads a card as users do, where it is found and has the row. */
function usualProvider(providers: readonly string[], libraries: Inventory['libraries']): string | undefined {
  const found = libraries.some(({ name }) => name === 'cuBLASLt');
  return providers.find((name) => found && name === 'cublaslt') ?? providers[0];
}

/**
 * Soaks one device. Yields the report so far after every step, about once a second; the last is `complete`, or
 * `interrupted` when `signal` ended it.
 *
 * @throws UsageError, NoDeviceError, BusyError and AbortError as `run` does; what goes wrong later is in the verdict.
 */
export async function* soak(asked: SoakOptions, context: SoakContext = {}): AsyncGenerator<SoakReport> {
  const { native = survey(), open = () => isolate(), wait = false, signal } = context;
  const options = checkOptions(asked);
  const inventory = await native.inventory({ threads: null }, signal);
  const { device, unit, dtype, shape, request } = choose(options, inventory, native);
  const release = await lock(device, wait, signal);
  let releasePeer: Release = () => {};
  const executor = open();
  let patience = leastPatience;
  const cancel = () => executor.cancel(patience);
  signal?.addEventListener('abort', cancel);
  try {
    releasePeer = await lockPeer(shape, inventory.devices);
    const tally = new SoakTally(unit);
    const report = (state: SoakReport['state'], failure: Failure | null): SoakReport => ({
      soakSchemaVersion,
      tool: { name: 'nameplate', build: inventory.build },
      host: host(),
      startedAt,
      state,
      simulated: device.simulated,
      device,
      options: { ...options, provider: request.provider },
      shape,
      dtype,
      ...tally.summary(failure),
    });
    const startedAt = new Date().toISOString();
    const end = options.minutes * 60;
    yield report('running', null);
    for (;;) {
      const seconds = Math.min(stepSeconds, end - tally.seconds);
      if (seconds <= 0 || signal?.aborted) break;
      try {
        const step = await executor.soak({ ...request, seconds }, options.timeoutSeconds);
        tally.add(step);
        patience = Math.max(leastPatience, 3 * step.seconds);
        if (step.failure !== null) return yield report('complete', failed(step.failure));
        if (step.launches === 0) break;
      } catch (error) {
        const { code, message } = coded(error);
        if (!signal?.aborted) return yield report('complete', failed({ code, message }));
        // A device that works does stop when it is asked to, but for the inputs and the first launch, which a host verifies.
        const silent = { code: 'ETIMEDOUT', message: 'the device did not answer when it was asked to stop' };
        const hung = code === 'SIGKILL' && tally.seconds > 0;
        return yield report('interrupted', hung ? failed(silent) : null);
      }
      yield report('running', null);
    }
    yield report(signal?.aborted ? 'interrupted' : 'complete', null);
  } finally {
    signal?.removeEventListener('abort', cancel);
    await executor.close();
    releasePeer();
    release();
  }
}

function checkOptions(asked: SoakOptions): SoakOptions {
  // These first: their sentences name the limits, which the schema does not know.
  checkNumber('minutes', asked);
  checkNumber('timeoutSeconds', asked);
  return parseOptions(SoakOptionsSchema, asked);
}

type Failure = Extract<SoakReport['verdict'], { status: 'failed' }>;

const failed = ({ code, message }: ReturnType<typeof coded>): Failure => ({
  status: 'failed',
  code,
  why: message,
});

interface Chosen {
  device: DeviceFacts;
  unit: SoakReport['unit'];
  dtype: SoakReport['dtype'];
  shape: Job['shape'];
  request: Omit<SoakRequest, 'seconds'>;
}

/** The plan of a run knows devices, rows and sizes; a soak takes the one job of it that is meant. */
function choose(options: SoakOptions, inventory: Inventory, native: Pick<Survey, 'operations'>): Chosen {
  const { device: name, operation, shape, data, seed } = options;
  const jobs = plan(
    {
      ...defaultOptions(),
      devices: name === null ? [] : [name],
      only: [operation],
      shapes: shape === null ? [] : [shape],
    },
    inventory,
    native.operations(),
  );
  const ids = [...new Set(jobs.map(({ device }) => device.id))];
  const [job] = jobs;
  if (job === undefined || ids.length > 1) {
    throw new UsageError(
      `a soak takes one device, and there are ${ids.join(', ')}: name one with --device; several soaks may run at once`,
    );
  }
  const rows = rowsOf(jobs);
  if (rows.length > 1) {
    throw new UsageError(`a soak takes one row, and "${operation}" names ${rows.join(', ')}`);
  }
  const { unit, dtype } = job.operation;
  if (unit === 's') {
    throw new UsageError(
      `a soak keeps a device at work, and ${operation} only waits; take a row with a rate`,
    );
  }
  if (peersOf(jobs).length > 1) {
    throw new UsageError(
      `a soak copies to one other device, and there are ${peersOf(jobs).join(', ')}: leave one of them visible with CUDA_VISIBLE_DEVICES`,
    );
  }
  if (jobs.length > 1) {
    throw new UsageError(`a soak takes one size, and ${operation} has ${jobs.length}: name one with --bytes`);
  }
  const { providers } = job.request;
  const provider = options.provider ?? usualProvider(providers, inventory.libraries);
  if (provider === undefined || !providers.includes(provider)) {
    throw new UsageError(
      `no provider "${provider}" computes ${operation} on ${job.device.id}; there are: ${providers.join(', ')}`,
    );
  }
  const request = {
    device: job.request.device,
    operation: job.operation.id,
    shape: job.request.shape,
    provider,
    data,
    seed,
    fault: 'none' as const,
  };
  return { device: job.device, unit, dtype, shape: job.shape, request };
}

const rowsOf = (jobs: readonly Job[]) => [...new Set(jobs.map(({ operation }) => operation.id))];

const peersOf = (jobs: readonly Job[]) => [
  ...new Set(jobs.flatMap(({ shape }) => ('peer' in shape && shape.peer ? [shape.peer] : []))),
];
