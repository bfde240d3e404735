// Every entry point of the driver, of NVML, of cuBLASLt and of cuSPARSELt that the addon resolves fails once: no crash, no
// leak, a message that says which, and the next call works. The names come from the addon's own tables, and a fault that
// never strikes fails its test, so that a new entry point cannot be forgotten.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { olderDriver } from './driver/build.mjs';
import { type Environment, scratch, simulate } from './simulation.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const source = (file: string) => readFileSync(new URL(`../native/cuda/${file}`, import.meta.url), 'utf8');
const names = (file: string, row: RegExp) => [...source(file).matchAll(row)].map(([, name]) => name ?? '');
const driver = names('api.h', /CALL\((cu\w+), cu/g);
const nvml = names('nvml.h', /CALL\(\w+, (nvml\w+),/g);
const cublasLt = names('cublaslt_library.h', /CALL\(\w+, (cublasLt\w+),/g);
const cusparseLt = names('cusparselt_library.h', /CALL\(\w+, (cusparseLt\w+),/g);
const calls = [...driver, ...nvml, ...cublasLt, ...cusparseLt];

/** The first `count` calls fail: those of the inventory, and the first of a window. */
const firstOf = (call: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${call}:${index + 1}`).join();

/** What has to be so for a call to be made at all, or to be made before the exercise has begun. */
const wanted: Readonly<Record<string, () => Environment>> = {
  cuMemGetInfo: () => ({ NAMEPLATE_FAULT: 'cuMemAlloc,cuMemGetInfo' }),
  nvmlDeviceGetHandleByPciBusId_v2: () => ({
    NAMEPLATE_FAULT: 'nvmlDeviceGetHandleByUUID,nvmlDeviceGetHandleByPciBusId_v2',
  }),
  nvmlDeviceGetPowerUsage: () => ({
    NAMEPLATE_FAULT: `${firstOf('nvmlDeviceGetFieldValues', 8)},nvmlDeviceGetPowerUsage`,
  }),
  nvmlEventSetWait_v2: () => ({ NAMEPLATE_FAULT: 'cuLaunchKernel,nvmlEventSetWait_v2' }),
  nvmlDeviceGetDeviceHandleFromMigDeviceHandle: () => ({ NAMEPLATE_SIMULATE: 'mig-1g.10gb' }),
  nvmlDeviceGetProcessUtilization: () => ({ NAMEPLATE_SIMULATE_OTHERS: '1' }),
  // Only where there are no rows to remap.
  nvmlDeviceGetRetiredPages: () => ({ NAMEPLATE_SIMULATE: 'v100-sxm2-16gb' }),
  nvmlDeviceGetRetiredPagesPendingStatus: () => ({ NAMEPLATE_SIMULATE: 'v100-sxm2-16gb' }),
  nvmlDeviceGetCurrentClocksThrottleReasons: () => ({ LD_LIBRARY_PATH: olderDriver() }),
};

/** These may fail without a word, and nothing measured is the worse for it. */
const absorbed = (call: string) =>
  nvml.includes(call) || // telemetry: the rows stand, and say what they lack
  /Destroy|Disable|Free|Release|Unload/.test(call) || // everything on a device that failed refuses its release
  ['cuDriverGetVersion', 'cuMemGetInfo'].includes(call) || // only add to what is said
  // A candidate less, its description.
  ['cublasLtMatmul', 'cublasLtMatmulAlgoConfigGetAttribute', 'cusparseLtMatmul'].includes(call);

/** What is said where the name of the call is not. */
const said: Readonly<Record<string, RegExp>> = {
  cuGetErrorName: /CUDA_ERROR_222/,
  cuGetErrorString: /an error that this driver has no text for/,
  nvmlInit_v2: /nvmlInit failed: Driver Not Loaded/,
  cusparseLtInit: /does not start on this device: CUSPARSE_STATUS_INTERNAL_ERROR/,
  cublasLtCreate: /does not start on this device: CUBLAS_STATUS_NOT_INITIALIZED/,
};

const Fault = z.object({ code: z.string(), message: z.string() });
const Scaled = z.object({ value: z.array(z.number()).optional(), error: Fault.optional() });
const Verdict = z.object({ status: z.string(), code: z.string().optional(), why: z.string() });
const Came = z.object({
  fault: z.string(),
  rows: z.array(z.object({ id: z.string(), provider: z.string(), verdict: Verdict })),
  exit: z.number(),
  error: Fault.nullable(),
  absences: z.array(z.object({ what: z.string(), reason: z.string() })),
  module: Scaled,
  refusal: Fault.nullable(),
  again: z
    .object({ rows: z.array(z.string()).optional(), error: Fault.optional(), module: Scaled })
    .optional(),
  ledger: z.array(z.record(z.string(), z.union([z.string(), z.number()]))),
});
type Came = z.infer<typeof Came>;
const Begun = z.object({ begins: z.string() });

const exercise = fileURLToPath(new URL('driver/exercise.mjs', import.meta.url));
const lines = (text: string): unknown[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

/** Exercises the backend with one fault after the other; what crashes or hangs at one goes on at the next. */
async function strike(faults: readonly string[], environment: Environment = {}) {
  const came = new Map<string, Came>();
  const ledger = join(scratch(), 'ledger');
  for (let left = faults; ; ) {
    const { code, stdout, stderr } = await simulate(
      { NAMEPLATE_SIMULATE: 'two-h200', NAMEPLATE_SIMULATE_LEDGER: ledger, ...environment },
      exercise,
      ...left,
    );
    for (const line of lines(stdout)) {
      const { success, data } = Came.safeParse(line);
      if (success) came.set(data.fault, data);
    }
    if (code === 0 && stderr === '') return came;
    const culprit = lines(stdout)
      .flatMap((line) => Begun.safeParse(line).data?.begins ?? [])
      .at(-1);
    if (culprit === undefined) return came;
    came.delete(culprit);
    left = left.slice(left.indexOf(culprit) + 1);
    if (left.length === 0) return came;
  }
}

const struck = ({ ledger }: Came) => ledger.flatMap((line) => line.struck ?? []);
const leaks = ({ ledger }: Came) =>
  ledger.filter((line) => line.struck === undefined && Object.values(line).some((count) => count !== 0));
const unmeasured = ({ rows }: Came) =>
  rows.flatMap(({ verdict }) => (['failed', 'unsupported'].includes(verdict.status) ? [verdict] : []));

/** Everything that a reader is told. */
const words = (one: Came) =>
  [
    ...unmeasured(one).map(({ code, why }) => `${code}: ${why}`),
    ...[one.error, one.module.error, one.refusal].map((error) => `${error?.code}: ${error?.message}`),
    ...one.absences.map(({ reason }) => reason),
  ].join('\n');
const clear = (call: string, one: Came) => (said[call] ?? new RegExp(call)).test(words(one));

describe('every entry point', () => {
  const all = new Map<string, Came>();
  beforeAll(async () => {
    const half = Math.ceil(calls.length / 2);
    const batches = await Promise.all([strike(calls.slice(0, half)), strike(calls.slice(half))]);
    for (const [call, came] of batches.flatMap((batch) => [...batch])) all.set(call, came);
    // What is called once in a process is called before a batch begins, and some wants more than a fault.
    const late = [...all].filter(([call, came]) => !struck(came).includes(call)).map(([call]) => call);
    await Promise.all(
      late.map(async (call) => {
        all.delete(call);
        const environment = { NAMEPLATE_FAULT: call, ...wanted[call]?.() };
        for (const came of (await strike([], environment)).values()) all.set(call, came);
      }),
    );
  });

  it('works, and everything taken is given back', async () => {
    const came = (await strike([])).get('');
    if (came === undefined) throw new Error('the exercise did not come to its end');
    // Whether the CPU's libraries are here is a fact of this machine, and no business of the driver's.
    expect(came.absences.filter(({ what }) => what !== 'OpenBLAS' && what !== 'oneDNN')).toEqual([]);
    expect(came).toMatchObject({ exit: 0, error: null, module: { value: [3, 6, 9, 4] } });
    expect(came.rows).toHaveLength(16);
    expect(unmeasured(came)).toEqual([]);
    expect(came.ledger.length).toBeGreaterThan(0);
    expect(leaks(came)).toEqual([]);
  });

  it.each(calls)('%s fails once', (call) => {
    const came = all.get(call);
    if (came === undefined) throw new Error(`the process crashed or hung when ${call} failed`);
    expect(struck(came), 'the fault has to strike').toContain(call);
    expect(leaks(came)).toEqual([]);
    for (const { code } of unmeasured(came))
      expect(code ?? '').toMatch(/^(CUDA_ERROR_|CUBLAS_STATUS_|CUSPARSE_STATUS_|$)/);
    const lost = came.error !== null || unmeasured(came).some(({ code }) => code !== undefined);
    expect(came.exit).toBe(lost ? 3 : 0);
    if (!absorbed(call)) expect(words(came)).toMatch(said[call] ?? new RegExp(call));
    else if (wanted[call] === undefined && call !== 'nvmlInit_v2') expect(unmeasured(came)).toEqual([]);
    if (came.again === undefined) return;
    expect(came.again.error).toBeUndefined();
    expect(came.again.module.value).toEqual([3, 6, 9, 4]);
    expect(came.again.rows).toHaveLength(1);
    expect(came.again.rows?.[0]).not.toMatch(/failed|unsupported/);
  });

  afterAll(() => {
    const came = [...all].filter(([call, one]) => struck(one).includes(call));
    const told = came.filter(([call, one]) => clear(call, one));
    const leaked = came.filter(([, one]) => leaks(one).length > 0);
    process.stdout.write(
      `\nFaults: ${came.length} of ${calls.length} entry points failed once each ` +
        `(driver ${driver.length}, NVML ${nvml.length}, cuBLASLt ${cublasLt.length}, ` +
        `cuSPARSELt ${cusparseLt.length}): ` +
        `${told.length} clear rows or messages, ${came.length - told.length} absorbed, ` +
        `${calls.length - all.size} crashes, ${leaked.length} leaks\n`,
    );
  });
});
