// The pipeline: what to run, samples, measurement, attribution, verdict, report.
//
// A run that ends early must keep what it has measured. So the report is yielded after every row, and a device that
// dies, hangs or answers nonsense becomes `failed` rows, never an exception.

import { host } from './host.js';
import { curves } from './judge/curves.js';
import { type Nameplate, nameplate } from './judge/documented.js';
import { BusyError, lockAll, lockPeer, type Release } from './lock.js';
import type { RunOptions } from './options.js';
import { checkOptions, type Job, plan } from './plan.js';
import { type Answered, Bench, failed } from './process/bench.js';
import { type Executor, isolate } from './process/isolate.js';
import { type Report, type Row, schemaVersion } from './row.js';
import { rowOf, withNear, withRatios } from './rows.js';
import type { DeviceFacts, Inventory, ProviderResult } from './schema.js';
import { type Survey, survey } from './survey.js';

/** The row that is about to be measured. */
export interface Progress {
  index: number;
  total: number;
  device: string;
  row: string;
}

export interface RunContext {
  /** What is here and what can be run. */
  native?: Survey;
  /** Where the requests of one device run; by default in a child process of their own. */
  open?: (device: DeviceFacts) => Executor;
  /** Wait for a device that another run holds. */
  wait?: boolean;
  /** Ends the run: the row in progress is dropped, what is measured stays, and the state becomes `interrupted`. */
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

/**
 * Measures, row by row. Yields the report so far: first without rows, then after every row, at last as `complete` or
 * `interrupted`. Each is a new object with the rows of its time.
 *
 * @throws UsageError for options that are none or name nothing here; BusyError where another run holds a device;
 * AbortError when `signal` ends the wait for one; and whatever `survey` throws.
 */
export async function* run(asked: RunOptions, context: RunContext = {}): AsyncGenerator<Report, void, void> {
  const { native = survey(), open = () => isolate(), wait = false, signal, onProgress } = context;
  const options = checkOptions(asked);
  const inventory = await native.inventory({ threads: options.threads }, signal);
  const jobs = plan(options, inventory, native.operations());
  const devices = [...new Set(jobs.map(({ device }) => device))];
  const others = inventory.devices.filter((device) => !devices.includes(device));
  const nameplates = new Map(devices.map((device) => [device, nameplate(device)]));
  const release = await lockAll(devices, wait, signal);
  const bench = new Bench(open, options.timeoutSeconds, signal);
  try {
    const started = performance.now();
    const rows: Row[] = [];
    const head = heading(inventory, nameplates, options);
    const report = (state: Report['state']): Report => ({
      ...head,
      seconds: (performance.now() - started) / 1000,
      state,
      rows: withNear(rows),
      curves: curves(rows, devices),
    });

    yield report('running');
    for (const [index, job] of jobs.entries()) {
      const { device, request } = job;
      onProgress?.({ index, total: jobs.length, device: device.id, row: request.operation });
      const answers = await answersTo(job, bench, others);
      if (signal?.aborted) break;
      const plate = nameplates.get(device) ?? nameplate(device);
      rows.push(...withRatios(answers.map(({ result, before }) => rowOf(job, result, plate, before))));
      yield report('running');
    }
    yield report(signal?.aborted ? 'interrupted' : 'complete');
  } finally {
    await bench.close();
    release();
  }
}

/**
 * What the bench answers, while the peer of a peer row is held as well. A peer that another run measures is no failure: a
 * run for each GPU of a machine, side by side, is a fair way to check them.
 */
async function answersTo(
  { device, shape, request }: Job,
  bench: Bench,
  others: readonly DeviceFacts[],
): Promise<Answered[]> {
  let release: Release;
  try {
    release = await lockPeer(shape, others);
  } catch (error) {
    const result = (provider: string): ProviderResult =>
      error instanceof BusyError
        ? { outcome: 'unsupported', provider, reason: error.message }
        : failed(provider, error);
    return request.providers.map((provider) => ({ result: result(provider), before: null }));
  }
  try {
    return await bench.run(device, request);
  } finally {
    release();
  }
}

type Heading = Omit<Report, 'seconds' | 'state' | 'rows' | 'curves'>;

function heading(
  { build, libraries, absences }: Inventory,
  nameplates: ReadonlyMap<DeviceFacts, Nameplate>,
  options: RunOptions,
): Heading {
  const devices = [...nameplates].map(([device, { card, reason }]) => ({
    ...device,
    card: card?.id ?? null,
    cardReason: reason,
  }));
  return {
    schemaVersion,
    tool: { name: 'nameplate', build },
    host: host(),
    startedAt: new Date().toISOString(),
    simulated: devices.some(({ simulated }) => simulated),
    devices,
    libraries,
    absences,
    options,
  };
}
