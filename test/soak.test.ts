// A soak with a native side made of plain objects, and the real command on the CPU.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lock } from '../src/lock.js';
import type { Executor } from '../src/process/isolate.js';
import { parseSoak, soakJson, soakLine, soakText } from '../src/report/soak.js';
import type { Inventory, SoakRequest, SoakStep } from '../src/schema.js';
import { type SoakOptions, SoakReport } from '../src/soak/schema.js';
import { defaultOperation, soak } from '../src/soak/soak.js';
import { SoakTally } from '../src/soak/tally.js';
import { UsageError } from '../src/usage.js';
import { nameplate, start, until } from './command.js';
import { a100, cpu, int8Gemm, inventory, measured, operations, peerCopy } from './fake-native.js';

const options: SoakOptions = {
  device: null,
  operation: 'gemm.bf16',
  provider: 'builtin',
  shape: { m: 64, n: 64, k: 64 },
  data: 'uniform',
  seed: 1,
  minutes: 3 / 60,
  timeoutSeconds: 9,
};

/** A second in which ten launches took half the time. */
function step(changes: Partial<SoakStep> = {}): SoakStep {
  const { kernel, work, verification, sustained } = measured('builtin');
  const errors: SoakStep['errors'] = [];
  const { conditions } = sustained;
  const whole = {
    seconds: 1,
    endedAt: 1,
    busySeconds: 0.5,
    launches: 10,
    wrongRounds: 0,
    errors,
    conditions,
    failure: null,
  };
  return { kernel, work, verification, ...whole, ...changes };
}

async function soaked(
  steps: (request: SoakRequest, index: number) => SoakStep | Promise<SoakStep>,
  changes: Partial<SoakOptions> = {},
  devices = [cpu],
  signal?: AbortSignal,
  libraries: Inventory['libraries'] = [],
) {
  const asked: SoakRequest[] = [];
  const log: string[] = [];
  const executor: Executor = {
    inventory: () => Promise.reject(new Error('not asked here')),
    run: () => Promise.reject(new Error('a soak does not run')),
    soak: async (request, timeout) => {
      asked.push(request);
      log.push(`within ${timeout} s`);
      return steps(request, asked.length);
    },
    cancel: () => log.push('cancel'),
    close: async () => void log.push('close'),
  };
  const native = {
    inventory: async () => ({ ...inventory(devices), libraries }),
    operations: () => [...operations, int8Gemm, peerCopy],
  };
  const reports: SoakReport[] = [];
  const context = { native, open: () => executor, wait: true, ...(signal && { signal }) };
  for await (const report of soak({ ...options, ...changes }, context)) reports.push(report);
  const last = reports.at(-1);
  if (last === undefined) throw new Error('no report');
  return { asked, log, reports, last: SoakReport.parse(last) };
}

const first = { at: 'row 3, column 17', expected: '0x1', actual: '0x3' };

describe('a soak', () => {
  test('goes on in steps until its time is up, with one set of buffers, and gives the device back', async () => {
    const { asked, log, reports, last } = await soaked(() => step());
    expect(asked.map(({ seconds }) => seconds)).toEqual([1, 1, 1]);
    expect(new Set(asked.map((request) => JSON.stringify({ ...request, seconds: 0 }))).size).toBe(1);
    expect(log).toEqual(['within 9 s', 'within 9 s', 'within 9 s', 'close']);
    expect(reports.map(({ state, launches }) => [state, launches])).toEqual([
      ['running', 0],
      ['running', 10],
      ['running', 20],
      ['running', 30],
      ['complete', 30],
    ]);
    // 1e12 FLOP a launch, 30 launches in 1.5 s.
    expect(last).toMatchObject({ seconds: 3, busyShare: 0.5, rate: 2e13, errorsPerHour: 0, errors: [] });
    expect(last.verdict).toMatchObject({ status: 'clean', why: expect.stringContaining('30 launches') });
  });

  test('counts wrong rounds by the hour and keeps their places', async () => {
    const error = { seconds: 1.5, damaged: 'output' as const, differences: 1, first };
    const { last } = await soaked((_, index) =>
      index === 2 ? step({ wrongRounds: 1, errors: [{ ...error, differences: 2 }] }) : step(),
    );
    expect(last).toMatchObject({ wrongRounds: 1, errorsPerHour: 1200 });
    expect(last.errors).toEqual([{ ...error, differences: 2 }]);
    expect(last.verdict.status).toBe('corrupted');
    const text = soakText(last, { color: false, width: 160, file: 'soak.json' });
    expect(text).toContain('after 1.50 s: an output: row 3, column 17 and 1 more: expected 0x1, found 0x3');
    expect(text).toContain('1200 per hour, extrapolated from 3 s');
    expect(soakLine(last)).toContain('30 launches compared · 1 error');
  });

  test.each([
    ['input', 'an input, since put right: row 3'],
    ['verified', 'the verified output, since put right: row 3'],
  ] as const)('says that what was hit outlasts a round: %s', async (damaged, words) => {
    const error = { seconds: 1.5, damaged, differences: 1, first };
    const { last } = await soaked(() => step({ wrongRounds: 1, errors: [error] }));
    expect(last.errors[0]).toEqual(error);
    expect(soakText(last, { color: false, width: 160, file: null })).toContain(`after 1.50 s: ${words}`);
  });

  test('of a report that did not tell what was hit, it was an output', async () => {
    const error = { seconds: 1.5, damaged: 'input' as const, differences: 1, first };
    const { last } = await soaked(() => step({ wrongRounds: 1, errors: [error] }));
    const earlier = soakJson(last).replace('"damaged": "input",', '');
    expect(parseSoak(earlier)?.errors[0]?.damaged).toBe('output');
    const later = soakJson(last).replace('"soakSchemaVersion": 1', '"soakSchemaVersion": 2');
    expect(() => parseSoak(later)).toThrow(/has soakSchemaVersion 2, and this version .* reads 1/);
  });

  test('a copy to a device that another run measures is refused', async () => {
    const [own, peer] = [0, 1].map((index) => ({
      ...a100(index),
      uuid: `test-soak-${process.pid}-${index}`,
    }));
    if (own === undefined || peer === undefined) throw new Error('no devices');
    const release = await lock(peer);
    const copies = {
      device: 'cuda:0',
      operation: 'peer.copy',
      provider: 'driver',
      shape: { bytes: 2 ** 20 },
    };
    await expect(soaked(() => step(), copies, [own, peer])).rejects.toThrow(/^cuda:1 .*, the peer, is being/);
    release();
    expect((await soaked(() => step(), copies, [own, peer])).last.verdict.status).toBe('clean');
    (await lock(peer))();
    (await lock(own))();
  });

  test('an uncorrected ECC error is a wrong result; corrected ones are counted', async () => {
    const { conditions } = step();
    const struck = (errors: object) => soaked(() => step({ conditions: { ...conditions, ...errors } }));
    const uncorrected = await struck({ correctedErrors: 2, uncorrectedErrors: 1 });
    expect(uncorrected.last).toMatchObject({ correctedErrors: 6, uncorrectedErrors: 3 });
    expect(uncorrected.last.verdict).toMatchObject({ status: 'corrupted', why: '3 uncorrected ECC errors' });
    expect(soakLine(uncorrected.last)).toMatch(/ · 0 errors · 3 uncorrected ECC errors$/);
    const told = (shape: SoakReport['shape']) =>
      soakText({ ...uncorrected.last, shape }, { color: false, width: 160, file: null });
    const all = '3 uncorrected, the first after 1 s';
    expect(told({ bytes: 2 ** 20, peer: 'cuda:1' })).toContain(`${all}, in this device's memory or`);
    expect(told({ bytes: 2 ** 20 })).toContain(`${all}\n`);
    expect((await struck({ correctedErrors: 2, uncorrectedErrors: 0 })).last.verdict.status).toBe('clean');
  });

  test('ECC errors have the time of the step that they were counted in', async () => {
    const counted = [
      { correctedErrors: 0, uncorrectedErrors: 0 },
      { correctedErrors: 2, uncorrectedErrors: 0 },
      { correctedErrors: 1, uncorrectedErrors: null },
    ];
    const { last } = await soaked((_, index) =>
      step({ endedAt: index + 0.25, conditions: { ...step().conditions, ...counted[index - 1] } }),
    );
    expect(last.eccErrors).toEqual([
      { seconds: 2.25, corrected: 2, uncorrected: 0 },
      { seconds: 3.25, corrected: 1, uncorrected: 0 },
    ]);
    expect(soakText(last, { color: false, width: 160, file: null })).toMatch(
      /^ECC errors +3 corrected, the first after 2.25 s, 0 uncorrected$/m,
    );
    const { eccErrors: _, ...earlier } = last;
    expect(parseSoak(JSON.stringify(earlier))?.eccErrors).toEqual([]);
  });

  test('ranges are over the steps, shares over the readings', async () => {
    const at = (value: number) => ({ median: value, min: value - 5, max: value + 5 });
    const { last } = await soaked((_, index) =>
      step({
        conditions: {
          ...step().conditions,
          samples: index === 1 ? 10 : 30,
          temperatureCelsius: at(50 + 10 * index),
          throttle: index === 1 ? [] : [{ reason: 'sw power cap', share: 0.7 }],
        },
      }),
    );
    expect(last.temperatureCelsius).toEqual({ min: 60, median: 70, max: 80 });
    expect(last.throttle).toEqual([{ reason: 'sw power cap', share: expect.closeTo(0.6, 10) }]);
  });

  test('others on the device are the most that any step saw, and stay after they are gone', async () => {
    const seen = [
      { count: 0, memoryBytes: null, smShare: null },
      { count: 2, memoryBytes: 3e9, smShare: null },
      { count: 1, memoryBytes: 5e9, smShare: 0.2 },
    ];
    const { last } = await soaked((_, index) =>
      step({ conditions: { ...step().conditions, otherProcesses: seen[index - 1] ?? null } }),
    );
    expect(last.otherProcesses).toEqual({ count: 2, memoryBytes: 5e9, smShare: 0.2 });
    expect(last.verdict.status).toBe('clean');
    expect(soakText(last, { color: false, width: 160, file: null })).toMatch(
      /^others +2 other processes on the device meanwhile, holding 5 GB: seen to use the SMs 20 % of the time/m,
    );
  });

  test("the watts of a MIG slice are called the board's", async () => {
    const powerWatts = { median: 400, min: 390, max: 410 };
    const conditions = { ...step().conditions, samples: 30, powerWatts };
    const { last } = await soaked(() => step({ conditions }));
    const of = (mig: boolean) =>
      soakText({ ...last, device: { ...last.device, mig } }, { color: false, width: 160, file: null });
    expect(of(true)).toMatch(/^board power +400 W/m);
    expect(of(false)).toMatch(/^power +400 W/m);
  });

  test('a first launch that is wrong ends it at once', async () => {
    const { verification } = step();
    const first = { at: 'row 0, column 0', expected: '1', actual: '2' };
    const { asked, last } = await soaked(() =>
      step({ launches: 0, busySeconds: 0, verification: { ...verification, differences: 1, first } }),
    );
    expect(asked).toHaveLength(1);
    expect(last.verdict).toMatchObject({
      status: 'corrupted',
      why: expect.stringMatching(/first launch was already wrong at row 0/),
    });
  });

  test('what was found before it broke is kept', async () => {
    const { last } = await soaked((_, index) => {
      if (index < 3) return step({ wrongRounds: 1 });
      throw Object.assign(new Error('gone'), { code: 'CUDA_ERROR_UNKNOWN' });
    });
    expect(last).toMatchObject({ state: 'complete', launches: 20, wrongRounds: 2 });
    expect(last.verdict).toMatchObject({
      status: 'corrupted',
      why: expect.stringMatching(/CUDA_ERROR_UNKNOWN: gone/),
    });
    const clean = await soaked(() => Promise.reject(Object.assign(new Error('gone'), { code: 'ETIMEDOUT' })));
    expect(clean.last.verdict).toEqual({ status: 'failed', code: 'ETIMEDOUT', why: 'gone' });
  });

  test('takes one device, one row, and a provider that has it', async () => {
    const ask = (changes: Partial<SoakOptions>, devices = [cpu]) => soaked(() => step(), changes, devices);
    await expect(ask({}, [a100(0), a100(1)])).rejects.toThrow(
      /one device, and there are cuda:0, cuda:1.*--device/,
    );
    await expect(ask({ device: 'all' }, [a100(0), cpu])).rejects.toThrow(
      /one device, and there are cuda:0, cpu: name one/,
    );
    expect((await ask({ device: 'all' })).last.device.id).toBe('cpu');
    await expect(ask({ operation: 'gemm.*' })).rejects.toThrow(
      /one row, and "gemm.\*" names gemm.fp64, gemm.fp32/,
    );
    await expect(ask({ provider: 'cublaslt' })).rejects.toThrow(/no provider "cublaslt".*there are: builtin/);
    await expect(ask({ operation: 'gemm.fp4' })).rejects.toThrow(/no row matches "gemm.fp4"/);
  });

  test.each([Number.POSITIVE_INFINITY, Number.NaN, 1e300, 10_081, 0.001, 0, -1])(
    '%d minutes are refused in the words of the command',
    async (minutes) => {
      await expect(soaked(() => step({ launches: 0 }), { minutes })).rejects.toThrow(
        new UsageError(`minutes ${minutes} is not a number from 0.01 to 10080`),
      );
    },
  );

  test('by default, what the device is best at', () => {
    expect(defaultOperation(inventory([cpu]), null)).toBe('gemm.fp32');
    expect(defaultOperation(inventory([cpu, a100()]), 'cpu')).toBe('gemm.fp32');
    expect(defaultOperation(inventory([cpu, a100()]), 'CPU')).toBe('gemm.fp32');
    expect(defaultOperation(inventory([cpu, a100()]), null)).toBe('gemm.fp16');
  });

  test('is computed by the library where it is found and has the row, else by who has the row', async () => {
    const lt = [{ name: 'cuBLASLt', path: '/lib', version: '13' }];
    const by = async (operation: string, libraries = lt, devices = [a100()]) => {
      const changes = { operation, provider: null, shape: null };
      const { asked, last } = await soaked(() => step(), changes, devices, undefined, libraries);
      expect(last.options.provider).toBe(asked[0]?.provider);
      return last.options.provider;
    };
    expect(await by('gemm.bf16')).toBe('cublaslt');
    expect(await by('gemm.bf16', [])).toBe('builtin');
    expect(await by('gemm.fp32', lt, [cpu])).toBe('builtin');
    expect(await by('memory.copy')).toBe('builtin');
    expect(await by('peer.copy', lt, [a100(0)])).toBe('driver');
  });

  test('a copy goes to one other device', async () => {
    const ask = { device: 'cuda:0', operation: 'peer.copy', provider: 'driver', shape: null };
    await expect(soaked(() => step(), ask, [a100(0), a100(1), a100(2)])).rejects.toThrow(
      /one other device, and there are cuda:1, cuda:2: .*CUDA_VISIBLE_DEVICES/,
    );
  });
});

describe('nameplate soak', { timeout: 60_000 }, () => {
  const small = ['soak', '--device', 'cpu', '--shape', '128', '--wait'];

  test('soaks, prints and saves', async () => {
    const started = start(...small, '--minutes', '0.03');
    const { code, stdout, stderr } = await started.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/clean: \d+ launches, each equal to the verified one to the bit/);
    const saved = SoakReport.parse(
      JSON.parse(readFileSync(join(started.folder, 'nameplate-soak.json'), 'utf8')),
    );
    expect(saved).toMatchObject({ state: 'complete', wrongRounds: 0, device: { id: 'cpu' } });
    expect(saved.seconds).toBeGreaterThan(1.7);
    expect(saved.launches).toBeGreaterThan(0);
  });

  test('is printed again, and a damaged one is refused', async () => {
    const { folder, ended } = start('soak', '--device', 'cpu', '--minutes', '0.02', '--wait');
    const { stdout } = await ended;
    const file = join(folder, 'nameplate-soak.json');
    const again = await nameplate('report', file);
    expect(again.code).toBe(0);
    expect(again.stdout.replace(file, 'nameplate-soak.json')).toBe(stdout);
    const text = readFileSync(file, 'utf8');
    expect((await nameplate('report', file, '--format', 'json')).stdout).toBe(text);
    const refused = await nameplate('report', file, '--format', 'csv');
    const allowed = `nameplate: ${file} is the report of a soak, which has no rows to print as csv: --format is one of text, json, html\n`;
    expect(refused).toEqual({ code: 2, stdout: '', stderr: allowed });
    for (const other of [
      ['explain', '--report', file],
      ['compare', file, file],
    ]) {
      const { code, stderr } = await nameplate(...other);
      const sentence = `nameplate: ${file} is the report of a soak; it is printed by: nameplate report ${file}\n`;
      expect({ code, stderr }).toEqual({ code: 2, stderr: sentence });
    }
    writeFileSync(file, text.replace('"clean"', '"spotless"'));
    const { code, stderr } = await nameplate('report', file);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^nameplate: .*nameplate-soak.json: The report is damaged or was edited: verdict/);
  });

  test('Ctrl-C keeps what was found', async () => {
    const started = start(...small, '--minutes', '60');
    const file = join(started.folder, 'nameplate-soak.json');
    const read = () => SoakReport.parse(JSON.parse(readFileSync(file, 'utf8')));
    await until('a step', () => (existsSync(file) && read().launches > 0) || undefined);
    started.process.kill('SIGINT');
    expect((await started.ended).code).toBe(130);
    expect(read()).toMatchObject({ state: 'interrupted', verdict: { status: 'clean' } });
  });

  test.each([
    [['--minutes', '0'], /--minutes "0" is not a number from 0.01 to 10080/],
    [['--minutes', '10081'], /--minutes "10081" is not a number from 0.01 to 10080/],
    [['--minutes', 'Infinity'], /--minutes "Infinity" is not a number/],
    [['--minutes', '1e300'], /--minutes "1e300" is not a number/],
    [['--minutes', 'long'], /--minutes "long" is not a number/],
    [['--only', 'gemm.fp4'], /no row matches "gemm.fp4"/],
    [['--device', 'cuda:9'], /no device "cuda:9"/],
    [['--shape', '64', '--bytes', '1MiB'], /cannot be used with/],
    [['--device', 'cpu', '--bytes', '1MiB'], /--bytes sizes rows of memory, .* asked for: gemm.fp32/],
    [['--device', 'cpu', '--only', 'latency.memory'], /latency.memory only waits/],
    [
      ['--device', 'cpu', '--only', 'cache.read.core'],
      /one size, and cache.read.core has \d+: name one with --bytes/,
    ],
  ])('%j is refused in a sentence', async (args, sentence) => {
    const { code, stdout, stderr } = await nameplate('soak', '--no-save', ...args);
    expect(code).toBe(args.includes('cuda:9') ? 3 : 2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

test('a device that does not answer when it is asked to stop was not clean', async () => {
  const interruption = new AbortController();
  const hang = (_: SoakRequest, index: number) => {
    if (index === 1) return step();
    interruption.abort();
    throw Object.assign(new Error('the process that held the device ended (SIGKILL)'), { code: 'SIGKILL' });
  };
  const { last } = await soaked(hang, {}, [cpu], interruption.signal);
  expect(last).toMatchObject({
    state: 'interrupted',
    verdict: { status: 'failed', code: 'ETIMEDOUT', why: expect.stringContaining('did not answer') },
  });
});

test('one that is interrupted while its inputs are made and verified accuses no device', async () => {
  const interruption = new AbortController();
  const busy = () => {
    interruption.abort();
    throw Object.assign(new Error('the process that held the device ended (SIGKILL)'), { code: 'SIGKILL' });
  };
  const { last } = await soaked(busy, {}, [cpu], interruption.signal);
  const why = 'it ended before anything was compared';
  expect(last).toMatchObject({ state: 'interrupted', verdict: { status: 'failed', code: 'ENOWORK', why } });
});

test('what began late is seen: in the live line, and as a range by the second', async () => {
  const series = (value: number) => ({ median: value, min: value, max: value });
  const slowed = { ...step().conditions, clockHz: series(0.9e9), temperatureCelsius: series(88) };
  const well = { ...step().conditions, clockHz: series(1.8e9), temperatureCelsius: series(91) };
  const { last } = await soaked((_, index) =>
    index < 3 ? step({ conditions: well }) : step({ conditions: slowed, launches: 5, seconds: 1 }),
  );
  const { min = 0, max = 0 } = last.rates ?? {};
  expect(max / min).toBeCloseTo(2);
  expect(last.last).toMatchObject({ rate: min, clockHz: 0.9e9, temperatureCelsius: 88 });
  expect(soakLine(last)).toContain('900 MHz · 88 °C · 25 launches compared');
  expect(soakText(last, { color: false, width: 160, file: null })).toMatch(
    /^rate +\S+ TFLOPS while in launches, by the second from \S+ TFLOPS to \S+ TFLOPS$/m,
  );
});

test('of integers counts operations, and speaks of a report file only where there is one', async () => {
  const error = { seconds: 1.5, damaged: 'output' as const, differences: 1, first };
  const errors = Array.from({ length: 8 }, () => error);
  const { last } = await soaked(() => step({ wrongRounds: 8, errors }), { operation: 'gemm.int8' });
  expect(last.dtype).toBe('int8');
  const text = (file: string | null) => soakText(last, { color: false, width: 160, file });
  expect(text(null)).toMatch(/^rate +\S+ TOPS while in launches/m);
  expect(soakLine(last)).toMatch(/ · \S+ TOPS · /);
  // By what was run, and by no word in a name.
  expect(soakLine({ ...last, dtype: 'fp16' })).toMatch(/ · \S+ TFLOPS · /);
  const earlier = soakJson(last).replace('"dtype": "int8",', '');
  expect(parseSoak(earlier)?.dtype).toBeNull();
  expect(text('soak.json')).toContain('… 4 more; the report file lists 24, the first of each second');
  expect(text(null)).toMatch(/… 4 more$/m);
});

test('tells the data of a GEMM, and of nothing whose data are always the same', async () => {
  const { last } = await soaked(() => step());
  const text = (unit: SoakReport['unit']) =>
    soakText({ ...last, unit }, { color: false, width: 160, file: null });
  expect(text('FLOP/s')).toMatch(/^row +gemm\.bf16 by builtin, 64³, uniform data, seed 1$/m);
  expect(text('B/s')).toMatch(/^row +gemm\.bf16 by builtin, 64³, seed 1$/m);
});

test('a soak of two days still adds up, and knows the middle of what was read', () => {
  const tally = new SoakTally('FLOP/s');
  const { conditions } = measured('builtin').sustained;
  const days = 2 * 86_400;
  // A permutation of 0 ... days, since 7 and days + 1 have no common factor.
  for (let second = 0; second <= days; second += 1) {
    const watts = (second * 7) % (days + 1);
    const powerWatts = { median: watts, min: watts, max: watts };
    const throttle = [{ reason: 'software power cap', share: second % 2 }];
    tally.add(step({ conditions: { ...conditions, samples: 40, powerWatts, throttle, correctedErrors: 1 } }));
  }
  const { seconds, powerWatts, throttle, correctedErrors, launches } = tally.summary(null);
  expect(seconds).toBe(days + 1);
  expect(launches).toBe(10 * (days + 1));
  expect(powerWatts).toEqual({ min: 0, median: days / 2, max: days });
  expect(throttle).toEqual([{ reason: 'software power cap', share: expect.closeTo(0.5, 4) }]);
  expect(correctedErrors).toBe(days + 1);
});
