// The ruler tests itself: faults are seeded, and each must be noticed.
//
// A tool that has never been seen to fail proves nothing by passing. Data faults are seeded by the native side into what
// its launches leave in memory, and telemetry faults here, between the native answer and the judges. The card itself is
// not touched: nothing is overheated, slowed down or set.

import { coded } from '../error.js';
import { host } from '../host.js';
import { lock } from '../lock.js';
import { defaultOptions, type Job, plan } from '../plan.js';
import { type Executor, isolate } from '../process/isolate.js';
import { rowOf } from '../rows.js';
import type { DeviceFacts, MeasuredResult, OperationRow, ProviderResult, Shape } from '../schema.js';
import { beyondCaches } from '../sizes.js';
import { type Survey, survey } from '../survey.js';
import { checkNumber, parseOptions, UsageError } from '../usage.js';
import { type DataFault, damagedNames, dataFaults, type SoakFault, soakFaults } from './faults.js';
import {
  type Check,
  type SelftestOptions,
  SelftestOptions as SelftestOptionsSchema,
  type SelftestReport,
} from './schema.js';
import { type Staged, stagings } from './staging.js';
import { type StandIn, standIn } from './standIn.js';

export interface SelftestContext {
  native?: Survey;
  open?: () => Executor;
  wait?: boolean;
  signal?: AbortSignal;
}

const KiB = 2 ** 10;
const MiB = 2 ** 20;

/** Asked for by size, where a level would have several or none. */
const sizes: Partial<Record<OperationRow['family'], Shape>> = {
  gemm: { m: 512, n: 512, k: 512 },
  cache: { bytes: 16 * KiB },
  link: { bytes: MiB },
};
const budget = { warmupSeconds: 0.02, burstSeconds: 0.02, sustainedSeconds: 0.15, precision: 0.005 };
const soakSeconds = 0.1;

/**
 * Yields the report after every check. Where `signal` ends it, the check in progress is dropped, and the last report has
 * fewer checks than its `total`.
 *
 * @throws what `run` throws before its first row; a device that cannot be measured is a check that was not passed.
 */
export async function* selftest(
  asked: SelftestOptions,
  context: SelftestContext = {},
): AsyncGenerator<SelftestReport> {
  const { native = survey(), open = () => isolate(), wait = false, signal } = context;
  checkNumber('timeoutSeconds', asked);
  const options = parseOptions(SelftestOptionsSchema, asked);
  const inventory = await native.inventory({ threads: null }, signal);
  const job = (operation: string) => jobOf(operation, options, inventory, native);
  const { device } = job('gemm.fp32');
  const release = await lock(device, wait, signal);
  const executor = open();
  const cancel = () => executor.cancel();
  signal?.addEventListener('abort', cancel);
  try {
    const judge = standIn(device);
    const faults = dataFaults.filter(({ operation }) => hasOwnKernel(operation, device, native));
    const startedAt = new Date().toISOString();
    const checks: Check[] = [];
    let control: MeasuredResult | undefined;
    const report = (): SelftestReport => ({
      tool: { name: 'nameplate', build: inventory.build },
      host: host(),
      startedAt,
      simulated: device.simulated,
      device,
      telemetry: telemetryOf(control),
      judgedAs: `${judge.documented.card}, ${judge.documented.resource}`,
      total: faults.length + soakFaults.length + stagings.length,
      checks: [...checks],
    });
    yield report();
    for (const fault of faults) {
      if (signal?.aborted) return;
      const { result, check } = await checkData(
        executor,
        job(fault.operation),
        fault,
        options.timeoutSeconds,
      );
      if (signal?.aborted) return;
      if (fault.fault === 'none' && result?.outcome === 'measured') control ??= result;
      checks.push(check);
      yield report();
    }
    for (const fault of soakFaults) {
      if (signal?.aborted) return;
      const check = await checkSoak(executor, job(fault.operation), fault, options.timeoutSeconds);
      if (signal?.aborted) return;
      checks.push(check);
      yield report();
    }
    for (const staged of stagings) checks.push(checkStaged(staged, judge, job('gemm.fp32'), control));
    yield report();
  } finally {
    signal?.removeEventListener('abort', cancel);
    await executor.close();
    release();
  }
}

function jobOf(
  operation: string,
  { device }: SelftestOptions,
  inventory: Parameters<typeof plan>[1],
  native: Pick<Survey, 'operations'>,
): Job {
  const family = native.operations().find(({ id }) => id === operation)?.family;
  const size = family && sizes[family];
  const asked = { ...defaultOptions('quick'), provider: 'builtin' as const, only: [operation] };
  const devices = device === null ? [] : [device];
  const shapes = size === undefined ? [] : [size];
  const jobs = plan({ ...asked, devices, shapes }, inventory, native.operations());
  const ids = [...new Set(jobs.map((each) => each.device.id))];
  if (device !== null && ids.length > 1)
    throw new UsageError(`a self-test takes one device, and "${device}" names ${ids.join(', ')}`);
  const [job] = jobs;
  if (job === undefined) throw new UsageError(`no own kernel computes ${operation} here`);
  const shape = family === 'memory' ? { bytes: leastArray(job.device) } : job.request.shape;
  return { ...job, shape, request: { ...job.request, shape, budget } };
}

const hasOwnKernel = (id: string, { backend }: DeviceFacts, native: Pick<Survey, 'operations'>) =>
  native
    .operations()
    .some((operation) => operation.id === id && operation.providers[backend].includes('builtin'));

function telemetryOf(control: MeasuredResult | undefined): SelftestReport['telemetry'] {
  if (control === undefined) return null;
  const { source, missing } = control.sustained.conditions;
  return { source, missing };
}

/** The least that is not refused as fitting in cache, in whole MiB: the speed of these rows is of no interest. */
const leastArray = (device: DeviceFacts) => (Math.ceil(beyondCaches(device) / MiB) + 1) * MiB;

async function checkData(
  executor: Executor,
  job: Job,
  { fault, operation, seeded }: DataFault,
  timeoutSeconds: number,
): Promise<{ result: ProviderResult | undefined; check: Check }> {
  const control = fault === 'none';
  const check = { where: operation, seeded, expected: control ? 'no difference' : 'corrupted' };
  try {
    const { results } = await executor.run({ ...job.request, fault }, timeoutSeconds);
    const [result] = results;
    if (result === undefined) throw new Error('the native side gave no answer');
    // The nameplate does not matter: a wrong result comes before any figure.
    const { verdict, verification } = rowOf(job, result, noPlate);
    const clean = verdict.status === 'unjudged' && verification?.timedLaunchesCompared === true;
    const found = control && clean ? 'no difference' : `${verdict.status}: ${verdict.why}`;
    if (verdict.status === 'unsupported' || verdict.status === 'failed')
      return { result, check: { ...check, found, outcome: 'unmeasured' } };
    const outcome = outcomeOf(control, control ? clean : verdict.status === 'corrupted');
    return { result, check: { ...check, found, outcome } };
  } catch (error) {
    return { result: undefined, check: { ...check, ...unmeasured(error) } };
  }
}

const noPlate = { card: null, reason: 'not asked', documented: () => null, ratePerClock: () => null };

async function checkSoak(
  executor: Executor,
  { request }: Job,
  { fault, operation, seeded, expected, wrong, damaged }: SoakFault,
  timeoutSeconds: number,
): Promise<Check> {
  const control = fault === 'none';
  const check = { where: `soak of ${operation}`, seeded, expected };
  const { device, shape, data, seed } = request;
  try {
    const asked = { device, operation, shape, provider: 'builtin', data, seed, fault, seconds: soakSeconds };
    const first = await executor.soak(asked, timeoutSeconds);
    // What hit once must not be found again, and on a slow device a step is one round.
    const later = await executor.soak(asked, timeoutSeconds);
    const failure = first.failure ?? later.failure;
    if (failure !== null) return { ...check, ...unmeasured(failure) };
    const rounds = (first.launches + later.launches) / first.work.rotations;
    const wrongRounds = first.wrongRounds + later.wrongRounds;
    const errors = [...first.errors, ...later.errors];
    const counted = first.launches > 0 && wrongRounds === wrong(rounds);
    const right = counted && errors.every((error) => error.damaged === damaged);
    const [error] = errors;
    const where =
      error === undefined ? '' : `, the first in ${damagedNames[error.damaged]} at ${error.first.at}`;
    const found = `${wrongRounds} of ${rounds} rounds wrong${where}`;
    return { ...check, found, outcome: outcomeOf(control, right) };
  } catch (error) {
    return { ...check, ...unmeasured(error) };
  }
}

/** The control's answer, with staged samples under staged telemetry, judged as a row is. */
function checkStaged(staged: Staged, judge: StandIn, job: Job, control: MeasuredResult | undefined): Check {
  const { seeded, expected } = staged;
  const check = { where: 'telemetry', seeded, expected };
  if (control === undefined) return { ...check, ...unmeasured(new Error('the control was not measured')) };
  const row = rowOf({ ...job, device: judge.device }, staged.stage(control, judge), judge.plate);
  const { found, right } = staged.found(row);
  return { ...check, found, outcome: outcomeOf(staged.control, right) };
}

function outcomeOf(control: boolean, right: boolean): Check['outcome'] {
  return right ? (control ? 'clean' : 'caught') : 'missed';
}

function unmeasured(error: unknown): Pick<Check, 'found' | 'outcome'> {
  const { code, message } = coded(error);
  return { found: `${code}: ${message}`, outcome: 'unmeasured' };
}
