// The self-test must notice a ruler that notices nothing.

import { describe, expect, test } from 'vitest';
import type { Executor } from '../src/process/isolate.js';
import { selftestText } from '../src/report/selftest.js';
import type { Fault, RunRequest, SoakError, SoakRequest } from '../src/schema.js';
import { type Check, SelftestReport } from '../src/selftest/schema.js';
import { selftest } from '../src/selftest/selftest.js';
import { UsageError } from '../src/usage.js';
import { nameplate } from './command.js';
import { a100, cpu, inventory, measured, operations, verification } from './fake-native.js';

const difference = { at: 'row 0', expected: '1', actual: '2' };

/** What happens once, and to what. */
const upsets: Partial<Record<Fault, SoakError['damaged']>> = {
  flippedInput: 'input',
  flippedVerified: 'verified',
};

/** A native side that notices the faults in `seen`, in runs and in soaks. */
function executor(seen: readonly Fault[], failure?: Error): Executor {
  const wrong = (fault: Fault) => seen.includes(fault);
  let last: SoakRequest | undefined;
  return {
    inventory: () => Promise.reject(new Error('not asked here')),
    async run({ fault, operation }: RunRequest) {
      if (failure) throw failure;
      const result = measured('builtin', 0.005, operation.startsWith('gemm') ? 'vector.fp32' : 'memory');
      const differences = wrong(fault) ? { differences: 1, first: difference } : {};
      return { results: [{ ...result, verification: { ...verification, ...differences } }] };
    },
    async soak(request: SoakRequest) {
      if (failure) throw failure;
      const { fault } = request;
      const again = JSON.stringify(request) === JSON.stringify(last);
      last = request;
      const { kernel, work, sustained } = measured('builtin');
      const hit = wrong(fault) && !(again && upsets[fault]);
      const wrongRounds = hit ? (upsets[fault] ? 1 : 10) : 0;
      const damaged = upsets[fault] ?? 'output';
      const errors = hit ? [{ seconds: 0, damaged, differences: 1, first: difference }] : [];
      const { conditions } = sustained;
      const counts = {
        seconds: 1,
        endedAt: 1,
        busySeconds: 1,
        launches: 10,
        wrongRounds,
        errors,
        failure: null,
      };
      return { kernel, work, verification, conditions, ...counts };
    },
    cancel: () => {},
    close: async () => {},
  };
}

const allFaults: Fault[] = [
  'flippedBit',
  'flippedInput',
  'flippedVerified',
  'nan',
  'skippedTile',
  'overrun',
  'idle',
  'idleBatch',
];

const half = operations
  .filter(({ id }) => id === 'gemm.bf16')
  .map((row) => ({ ...row, id: 'gemm.fp16', operation: 'gemm.fp16', dtype: 'fp16' as const }));

async function tested(
  side: Executor,
  devices = [cpu],
  signal?: AbortSignal,
  device: string | null = null,
): Promise<SelftestReport> {
  const native = { inventory: async () => inventory(devices), operations: () => [...operations, ...half] };
  const context = { native, open: () => side, wait: true, ...(signal && { signal }) };
  let last: SelftestReport | undefined;
  for await (last of selftest({ device, timeoutSeconds: 5 }, context));
  return SelftestReport.parse(last);
}
const outcomes = (checks: Check[], where: RegExp) =>
  checks.filter((check) => where.test(check.where)).map(({ outcome }) => outcome);

test('a side that notices everything passes, and controls are told from faults', async () => {
  const { checks, total, judgedAs } = await tested(executor(allFaults));
  expect(checks).toHaveLength(total);
  expect(new Set(checks.map(({ outcome }) => outcome))).toEqual(new Set(['caught', 'clean']));
  expect(checks.filter(({ seeded }) => seeded.startsWith('nothing')).map(({ outcome }) => outcome)).toEqual(
    Array(5).fill('clean'),
  );
  expect(judgedAs).toBe('h100-sxm5-80gb, tensor.bf16');
});

test('what the device does not tell itself is said beside what was staged', async () => {
  const report = await tested(executor(allFaults));
  expect(report.telemetry).toEqual({ source: 'none', missing: 'a fake has no sensors' });
  const text = selftestText(report, { color: false, width: 160, file: null });
  expect(text).toContain('not told by this device, so that no fault shows there: a fake has no sensors');
  const whole = { ...report, telemetry: { source: 'nvml', missing: '' } };
  expect(selftestText(whole, { color: false, width: 160, file: null })).not.toContain('not told');
});

test('what is found is as much as was seeded', async () => {
  const { checks } = await tested(executor(allFaults));
  const found = (seeded: string) => checks.find((check) => check.seeded.startsWith(seeded))?.found;
  expect(found('an uncorrected ECC error')).toMatch(/^corrupted: 1 uncorrected ECC error while/);
  expect(found('a sample that straggles')).toBe('1 straggler; pass');
});

test.each(allFaults)('a side that is blind to %s is found out', async (blind) => {
  const { checks } = await tested(executor(allFaults.filter((fault) => fault !== blind)));
  expect(outcomes(checks, /gemm|memory/)).toContain('missed');
  expect(outcomes(checks, /telemetry/)).not.toContain('missed');
});

test.each([
  ['takes a damaged input for an output', { damaged: 'output' }],
  ['finds one upset again', { wrongRounds: 1 }],
] as const)(
  'a side that %s is found out',
  async (_, { damaged, wrongRounds }: { damaged?: SoakError['damaged']; wrongRounds?: number }) => {
    const side = executor(allFaults);
    const wrong: Executor = {
      ...side,
      async soak(request, timeout) {
        const step = await side.soak(request, timeout);
        if (!upsets[request.fault]) return step;
        const errors = step.errors.map((error) => ({ ...error, damaged: damaged ?? error.damaged }));
        return { ...step, errors, wrongRounds: wrongRounds ?? step.wrongRounds };
      },
    };
    const { checks } = await tested(wrong);
    expect(outcomes(checks, /soak/)).toEqual(['clean', 'caught', ...Array(4).fill('missed')]);
  },
);

test('a side that always cries is found out by the controls', async () => {
  const { checks } = await tested(executor([...allFaults, 'none']));
  expect(checks[0]?.outcome).toBe('missed');
  expect(outcomes(checks, /soak/)[0]).toBe('missed');
});

test('a device that cannot be measured proves nothing', async () => {
  const { checks } = await tested(executor([], Object.assign(new Error('gone'), { code: 'EGONE' })));
  expect(new Set(checks.map(({ outcome }) => outcome))).toEqual(new Set(['unmeasured']));
});

test('an interruption drops the check in progress, begins no other, and keeps those before it', async () => {
  const stop = new AbortController();
  const asked: Fault[] = [];
  const side = executor(allFaults);
  const stopping: Executor = {
    ...side,
    run(request, timeout) {
      asked.push(request.fault);
      if (request.fault === 'nan') stop.abort();
      return side.run(request, timeout);
    },
  };
  const { checks, total } = await tested(stopping, [cpu], stop.signal);
  expect(asked).toEqual(['none', 'flippedBit', 'nan']);
  expect(checks.map(({ outcome }) => outcome)).toEqual(['clean', 'caught']);
  expect(total).toBeGreaterThan(checks.length);
});

test('a known card is judged by its own figures', async () => {
  const { judgedAs, checks } = await tested(executor(allFaults), [a100()]);
  expect(judgedAs).toBe('a100-pcie-40gb, tensor.bf16');
  expect(outcomes(checks, /telemetry/)).not.toContain('missed');
});

test('one device is tested: the first GPU where none is named, and never one of several that are', async () => {
  const side = executor(allFaults);
  expect((await tested(side, [cpu, a100(0), a100(1)])).device.id).toBe('cuda:0');
  expect((await tested(side, [cpu], undefined, 'all')).device.id).toBe('cpu');
  await expect(tested(side, [cpu, a100(0)], undefined, 'all')).rejects.toThrow(
    new UsageError('a self-test takes one device, and "all" names cpu, cuda:0'),
  );
});

test.each([
  [{ device: 7, timeoutSeconds: 5 }, 'device 7 cannot be: expected string, received number'],
  [{ device: null, timeoutSeconds: 0 }, 'timeoutSeconds 0 is not a number from 0.1 to 86400'],
  [{ device: null, timeoutSeconds: Number.NaN }, 'timeoutSeconds NaN is not a number from 0.1 to 86400'],
  [
    { device: null, timeoutSeconds: 5, wait: true },
    'there is no option wait; there are device, timeoutSeconds',
  ],
  [null, 'options null cannot be: expected object, received null'],
])('%o are no options, and are refused in a sentence', async (options, sentence) => {
  const asked = Reflect.apply(selftest, undefined, [options, {}]).next();
  await expect(asked).rejects.toThrow(new UsageError(sentence));
});

describe('nameplate selftest', { timeout: 120_000 }, () => {
  test('catches every fault on the CPU', async () => {
    const { code, stdout, stderr } = await nameplate('selftest', '--device', 'cpu', '--wait', '--json');
    const { checks, total } = SelftestReport.parse(JSON.parse(stdout));
    const wrong = checks.filter(({ outcome }) => outcome !== 'caught' && outcome !== 'clean');
    expect({ code, stderr, wrong }).toEqual({ code: 0, stderr: '', wrong: [] });
    expect(checks).toHaveLength(total);
    expect(outcomes(checks, /^(gemm\.int8|cache\.read\.core)$/)).toEqual(Array(3).fill('caught'));
    expect(outcomes(checks, /^(dpx|link)/), 'rows of a GPU').toEqual([]);
    process.stdout.write(
      `selftest on the CPU: ${outcomes(checks, /./).filter((outcome) => outcome === 'caught').length} faults caught\n`,
    );
  });

  test('refuses a device that is not here', async () => {
    const { code, stderr } = await nameplate('selftest', '--device', 'cuda:9');
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: expect.stringMatching(/^nameplate: no device "cuda:9"/),
    });
  });
});
