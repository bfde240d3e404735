import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { compare, comparisonExit } from '../src/compare/compare.js';
import { Comparison } from '../src/compare/comparison.js';
import { comparisonText } from '../src/report/comparison.js';
import type { Report, Row, Verdict } from '../src/row.js';
import type { DeviceFacts } from '../src/schema.js';
import {
  conditions,
  emptyRow,
  measured,
  report,
  row,
  statistics,
  testCard,
  testCpu,
  work,
} from './testCard.js';

const base = row(measured(0.8));

/** A row of a known median and interval. */
function at(rate: number, low: number, high: number, changes: Partial<Row> = {}): Row {
  const interval = { low, high, confidence: 0.95 };
  return { ...base, rate, statistics: { ...statistics(rate), interval }, ...changes };
}
const around = (rate: number, changes: Partial<Row> = {}) => at(rate, rate * 0.999, rate * 1.001, changes);
const without = (verdict: Verdict, changes: Partial<Row> = {}) => emptyRow({ verdict, ...changes });
const failed = without({ status: 'failed', code: 'CUDA_ERROR_X', why: 'it fell off the bus' });

const one = (before: Row | null, after: Row | null, tolerance?: number) => {
  const rows = (of: Row | null) => report(of === null ? [] : [of]);
  const comparison = compare(rows(before), rows(after), tolerance);
  return { ...comparison.rows[0]?.outcome, exit: comparisonExit(comparison) };
};
const statusOf = (before: Row, after: Row) =>
  compare(report([before]), report([after])).rows[0]?.outcome.status ?? 'none';
const described = (device: DeviceFacts, changes: Partial<Report['devices'][number]> = {}) => ({
  ...device,
  card: 'test-card',
  cardReason: '',
  ...changes,
});

describe('slower, faster, unchanged', () => {
  test.each([
    ['far below', around(1000), around(800), 'slower', -0.2, 1],
    ['far above', around(1000), around(1200), 'faster', 0.2, 0],
    ['the same', around(1000), around(1000), 'unchanged', 0, 0],
    ['below the tolerance, intervals apart', around(1000), around(991), 'unchanged', -0.009, 0],
    ['exactly at the tolerance', around(1000), around(990), 'unchanged', -0.01, 0],
    ['just beyond it', around(1000), around(989.99), 'slower', -0.01001, 1],
    ['just beyond it, above', around(1000), around(1010.01), 'faster', 0.01001, 0],
    ['beyond it, intervals overlapping', at(1000, 900, 1100), at(850, 800, 900.1), 'unchanged', -0.15, 0],
    ['beyond it, intervals touching', at(1000, 900, 1100), at(850, 800, 900), 'unchanged', -0.15, 0],
    [
      'beyond it, intervals touching from above',
      at(850, 800, 900),
      at(1000, 900, 1100),
      'unchanged',
      3 / 17,
      0,
    ],
    ['beyond it, intervals just apart', at(1000, 900, 1100), at(850, 800, 899.9), 'slower', -0.15, 1],
    ['one interval inside the other', at(1000, 500, 1500), at(1200, 1190, 1210), 'unchanged', 0.2, 0],
  ] as const)('%s', (_, before, after, status, change, exit) => {
    const found = one(before, after);
    expect(found).toMatchObject({ status, exit });
    expect('change' in found && found.change).toBeCloseTo(change, 9);
  });

  test('a latency is slower when it rises', () => {
    const seconds = { unit: 's' as const, id: 'latency.memory', dtype: null };
    expect(one(around(600e-9, seconds), around(700e-9, seconds))).toMatchObject({
      status: 'slower',
      exit: 1,
    });
    expect(one(around(600e-9, seconds), around(500e-9, seconds))).toMatchObject({
      status: 'faster',
      exit: 0,
    });
    expect(one(around(600e-9, seconds), around(603e-9, seconds))).toMatchObject({ status: 'unchanged' });
  });

  test('the tolerance can be widened and closed', () => {
    expect(one(around(1000), around(950), 0.06)).toMatchObject({ status: 'unchanged' });
    expect(one(around(1000), around(995), 0)).toMatchObject({ status: 'slower' });
    expect(one(around(1000), around(1000), 0)).toMatchObject({ status: 'unchanged' });
    for (const wrong of [-0.01, 1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => one(around(1), around(1), wrong)).toThrow(RangeError);
    }
  });

  test('the two directions mirror each other', () => {
    const pairs: [Row, Row][] = [
      [around(1000), around(800)],
      [at(1000, 900, 1100), at(850, 800, 905)],
      [around(1000), around(1000)],
    ];
    const mirrored: Record<string, string> = { slower: 'faster', faster: 'slower', unchanged: 'unchanged' };
    for (const [a, b] of pairs) expect(statusOf(b, a)).toBe(mirrored[statusOf(a, b)]);
  });

  test('what is not a number is never unchanged', () => {
    const bad = [Number.NaN, Number.POSITIVE_INFINITY, 0, -5];
    for (const value of bad) {
      for (const broken of [at(value, 999, 1001), at(1000, value, 1001), at(1000, 999, value)]) {
        expect(one(broken, around(1000))).toMatchObject({
          status: 'incomparable',
          why: /OLD has an interval/,
        });
        expect(one(around(1000), broken)).toMatchObject({ status: 'incomparable', exit: 3 });
      }
    }
    expect(one(at(1000, 1001, 999), around(1000))).toMatchObject({ status: 'incomparable' });
    expect(one({ ...base, statistics: null }, base)).toMatchObject({ status: 'incomparable' });
  });

  describe('few samples say nothing of their spread', () => {
    /** Samples from `min` to `max`, with an interval of all of them. */
    const few = (samples: number, min: number, max: number, changes: Partial<Row> = {}): Row => {
      const rate = (min + max) / 2;
      const interval = { low: min, high: max, confidence: 0.95 };
      return { ...base, rate, statistics: { ...statistics(rate), samples, min, max, interval }, ...changes };
    };
    const seconds = { unit: 's' as const, id: 'latency.memory', dtype: null };
    test.each<[string, Row, Row, object]>([
      ['four', few(4, 900, 1100), few(5, 500, 600), { why: /^OLD has 4 samples only, whose interval says/ }],
      ['one', few(5, 900, 1100), few(1, 9, 9), { why: 'NEW has 1 sample only, whose interval says nothing' }],
      ['half as fast', few(5, 900, 1100), few(2, 440, 450), { status: 'incomparable', exit: 3 }],
      ['each less than half as fast', few(5, 900, 1100), few(2, 440, 449), { status: 'slower', exit: 1 }],
      ['each more than twice as fast', few(4, 440, 449), few(5, 900, 1100), { status: 'faster', exit: 0 }],
      ['of times', few(9, 1e-6, 2e-6, seconds), few(3, 5e-6, 9e-6, seconds), { status: 'slower' }],
    ])('%s', (_, before, after, expected) => expect(one(before, after)).toMatchObject(expected));

    test('but what had them and has none now is lost', () => {
      expect(one(few(4, 900, 1100), failed)).toMatchObject({ status: 'lost', exit: 1 });
    });
  });
});

describe('what is worse than slower', () => {
  test.each([
    ['failed', failed],
    ['unsupported', without({ status: 'unsupported', why: 'no kernel' })],
  ])('a row that was measured and is %s is lost', (status, after) => {
    expect(one(base, after)).toMatchObject({
      status: 'lost',
      why: expect.stringContaining(status),
      before: { rate: base.rate },
      exit: 1,
    });
  });

  test.each(['corrupted', 'implausible'] as const)(
    '%s is a wrong result, whatever it was before',
    (status) => {
      const verdict = { status, fraction: 1.2, limit: 1, why: 'index 7' } as Verdict;
      for (const before of [base, failed, null]) {
        expect(one(before, { ...base, verdict })).toMatchObject({
          status: 'wrong',
          why: `${status}: index 7`,
          exit: 4,
        });
      }
      expect(one({ ...base, verdict }, base)).toMatchObject({
        status: 'incomparable',
        why: `no baseline: OLD is ${status}: index 7`,
      });
    },
  );

  test('the worst decides the exit code', () => {
    const named = (id: string, rate: number) => around(rate, { id });
    const before = report([named('a', 1000), named('b', 1000), named('c', 1000)]);
    const exit = (...rows: Row[]) => comparisonExit(compare(before, report(rows)));
    const wrong = { ...named('c', 1000), verdict: { status: 'corrupted' as const, why: '' } };
    expect(exit(named('a', 1200), named('b', 1000))).toBe(0);
    expect(exit(named('a', 1200), named('b', 800))).toBe(1);
    expect(exit(named('a', 1200), named('b', 800), wrong)).toBe(4);
    expect(exit(named('d', 1000))).toBe(3);
  });
});

describe('what cannot be compared is listed with its reason', () => {
  const kernel = base.kernel ?? undefined;
  test.each<[string, Row | null, Row | null, string]>([
    ['only in OLD', base, null, 'only in OLD'],
    ['only in NEW', null, base, 'only in NEW'],
    [
      'measured in neither',
      failed,
      failed,
      'measured in neither; NEW is failed: CUDA_ERROR_X: it fell off the bus',
    ],
    ['not measured in OLD', failed, base, 'no baseline: OLD is failed: CUDA_ERROR_X: it fell off the bus'],
    ['other data', base, { ...base, data: 'zeros' }, 'another data: uniform in OLD, zeros in NEW'],
    [
      'another resource',
      base,
      { ...base, kernel: kernel ? { ...kernel, resource: 'tensor.fp16' } : null },
      'another resource of the kernel: tensor.bf16 in OLD, tensor.fp16 in NEW',
    ],
    [
      'other work',
      base,
      { ...base, work: { ...work, bytes: 5, bytesCounted: 'twice', accumulator: 'fp16' } },
      'another bytes of a launch: 402653184 in OLD, 5 in NEW; another count of bytes: read a and b once, write c once in OLD, twice in NEW; another accumulator: fp32 in OLD, fp16 in NEW',
    ],
  ])('%s', (_, before, after, why) => {
    expect(one(before, after)).toMatchObject({ status: 'incomparable', why, exit: 3 });
  });

  test('the seed does not matter', () => {
    expect(one(base, { ...base, seed: 99 })).toMatchObject({ status: 'unchanged' });
  });

  test('another shape is two rows, and both say so', () => {
    const { rows } = compare(report([base]), report([{ ...base, shape: { m: 4096, n: 4096, k: 4096 } }]));
    expect(rows.map(({ outcome }) => 'why' in outcome && outcome.why)).toEqual([
      'only in OLD: NEW has this row in another shape',
      'only in NEW: OLD has this row in another shape',
    ]);
  });

  test('a run that was interrupted is named as the reason', () => {
    const { rows } = compare(report([base]), report([], { state: 'interrupted' }));
    expect(rows[0]?.outcome).toMatchObject({ why: 'only in OLD: NEW is interrupted' });
  });

  describe('a NEW that ended early', () => {
    const sweep = [1, 2, 4].map((bytes): Row => ({ ...base, id: 'sweep', shape: { bytes } }));
    const old = report([base, ...sweep, { ...failed, id: 'failed before' }]);
    const ended = (state: Report['state'], ...rows: Row[]) => {
      const comparison = compare(old, report(rows, { state }));
      const files = { before: 'old.json', after: 'new.json' };
      const words = comparisonText(comparison, files, { color: false, width: 160 });
      return { comparison, words, exit: comparisonExit(comparison) };
    };

    test('counts what it did not come to, once in plain words', () => {
      const { comparison, words } = ended('interrupted', base);
      expect(comparison).toMatchObject({ unreached: 3, after: { state: 'interrupted' } });
      expect(words).toContain('\n3 rows of OLD were not measured in NEW (interrupted)\n');
      const killed = ended('running', base, ...sweep.slice(1));
      expect(killed.words).toContain('\n1 row of OLD was not measured in NEW (not ended yet, or killed)\n');
      for (const { comparison, words } of [ended('complete', base), ended('interrupted', base, ...sweep)]) {
        expect(comparison.unreached).toBe(0);
        expect(words).not.toContain('not measured in NEW');
      }
    });

    test('exits by the rows that it has, and with 3 where none could be compared', () => {
      const slower = { ...around(100), id: 'sweep', shape: { bytes: 1 } };
      expect(ended('interrupted', base).exit).toBe(0);
      expect(ended('interrupted', base, slower).exit).toBe(1);
      expect(ended('interrupted').exit).toBe(3);
      expect(ended('interrupted', { ...failed, id: 'failed before' }).exit).toBe(3);
    });

    test('has a sweep in some of its sizes, which is no other shape; another size is', () => {
      const reasons = (...rows: Row[]) =>
        ended('interrupted', ...rows).comparison.rows.map(({ outcome }) => 'why' in outcome && outcome.why);
      const unreached = 'only in OLD: NEW is interrupted';
      expect(reasons(...sweep.slice(0, 1)).slice(2, 4)).toEqual([unreached, unreached]);
      const resized = { ...base, id: 'sweep', shape: { bytes: 8 } };
      const reshaped = 'only in OLD: NEW has this row in another shape';
      expect(reasons(resized).slice(1, 4)).toEqual([reshaped, reshaped, reshaped]);
      const later = compare(report(sweep.slice(0, 1), { state: 'interrupted' }), old);
      expect(later.rows.map(({ outcome }) => 'why' in outcome && outcome.why).slice(1, 4)).toEqual(
        Array(3).fill('only in NEW: OLD is interrupted'),
      );
    });
  });

  test('every row of both sides is there exactly once, twice where it was measured twice', () => {
    const rows = [base, base, { ...base, provider: 'cublaslt' }, { ...base, id: 'gemm.fp16' }];
    const comparison = compare(report(rows), report([...rows.slice(0, 3), { ...base, id: 'gemm.fp64' }]));
    expect(comparison.rows.map(({ id, provider, outcome }) => `${id} ${provider} ${outcome.status}`)).toEqual(
      [
        'gemm.bf16 builtin unchanged',
        'gemm.bf16 builtin unchanged',
        'gemm.bf16 cublaslt unchanged',
        'gemm.fp16 builtin incomparable',
        'gemm.fp64 builtin incomparable',
      ],
    );
  });
});

describe('the whole comparison is refused', () => {
  const other = (changes: Partial<Report>) => () => compare(report([base]), report([base], changes));
  test('between cards', () => {
    const devices = [described({ ...testCard, uuid: 'GPU-2', name: 'Other card' }, { card: 'other-card' })];
    expect(other({ devices })).toThrow(
      'cannot compare different devices: OLD is of Test card (test-card), NEW of Other card (other-card)',
    );
    expect(
      other({ devices: [described({ ...testCard, uuid: 'GPU-2', name: 'Other card' }, { card: null })] }),
    ).toThrow(/OLD is of Test card/);
  });

  test('between a card and another beside one that is alike', () => {
    const cpu = described(testCpu, { card: null });
    const before = report([base], { devices: [described(testCard), cpu] });
    const after = report([base], {
      devices: [described({ ...testCard, uuid: 'GPU-2' }, { card: 'other-card' }), cpu],
    });
    expect(() => compare(before, after)).toThrow(
      /OLD is of Test card \(test-card\), NEW of Test card \(other-card\)/,
    );
  });

  test('between slices of different sizes, and between a slice and a card', () => {
    const slice = (multiprocessors: number, uuid: string) =>
      report([base], { devices: [described({ ...testCard, mig: true, multiprocessors, uuid })] });
    expect(() => compare(slice(14, 'MIG-1'), slice(28, 'MIG-2'))).toThrow(
      /MIG slice of 14 SMs, NEW .* 28 SMs/,
    );
    expect(() => compare(report([base]), slice(14, 'MIG-1'))).toThrow(/cannot compare/);
    expect(compare(slice(14, 'MIG-1'), slice(14, 'MIG-2')).devices).toMatchObject([{ specimen: 'another' }]);
  });

  test('between processors of one name with other cores', () => {
    const cpu = (threads: number) =>
      report([], { devices: [described({ ...testCpu, threads }, { card: null })] });
    expect(() => compare(cpu(16), cpu(8))).toThrow(
      /8 cores, 16 threads, NEW of Test processor, .*8 cores, 8 threads/,
    );
    expect(compare(cpu(16), cpu(16)).devices).toMatchObject([{ specimen: 'unknown' }]);
  });

  test('between processors of one name and another generation', () => {
    const cpu = (model: number) => {
      const cores = [{ vendor: 'AuthenticAMD', family: 25, model, kind: null, count: 8, maxClockHz: null }];
      return report([], { devices: [described({ ...testCpu, cores }, { card: null })] });
    };
    expect(() => compare(cpu(17), cpu(1))).toThrow(/AuthenticAMD family 25 model 17, .* family 25 model 1,/);
  });

  test('between a simulation and a measurement, and between data patterns', () => {
    expect(other({ simulated: true })).toThrow('cannot compare: OLD is measured and NEW is simulated');
    const { options } = report([]);
    expect(other({ options: { ...options, data: 'zeros' } })).toThrow(
      /--data uniform and NEW with --data zeros/,
    );
  });

  test('where a report has no device', () => {
    expect(other({ devices: [] })).toThrow(/NEW of no device/);
  });
});

describe('devices', () => {
  const gpu = (id: string, uuid: string | null) => described({ ...testCard, id, uuid });
  const on = (device: string, rate: number) => around(rate, { device });

  test('are matched by uuid, whatever their order', () => {
    const before = report([on('cuda:0', 1000), on('cuda:1', 500)], {
      devices: [gpu('cuda:0', 'A'), gpu('cuda:1', 'B')],
    });
    const after = report([on('cuda:0', 500), on('cuda:1', 1000)], {
      devices: [gpu('cuda:0', 'B'), gpu('cuda:1', 'A')],
    });
    const { devices, rows } = compare(before, after);
    expect(devices.map(({ before, after, specimen }) => [before, after, specimen])).toEqual([
      ['cuda:0', 'cuda:1', 'same'],
      ['cuda:1', 'cuda:0', 'same'],
    ]);
    expect(rows.map(({ outcome }) => outcome.status)).toEqual(['unchanged', 'unchanged']);
  });

  test('of which one is gone lose their rows, unless NEW asked for others', () => {
    const before = report([on('cuda:0', 1000), on('cuda:1', 500)], {
      devices: [gpu('cuda:0', 'A'), gpu('cuda:1', 'B')],
    });
    const after = report([on('cuda:0', 1000)], { devices: [gpu('cuda:0', 'A')] });
    const gone = compare(before, after);
    expect(gone.rows.map(({ outcome }) => outcome.status)).toEqual(['unchanged', 'lost']);
    expect(comparisonExit(gone)).toBe(1);
    const fewer = compare(before, { ...after, options: { ...after.options, devices: ['cuda:0'] } });
    expect(fewer.rows.map(({ outcome }) => outcome.status)).toEqual(['unchanged', 'incomparable']);
    expect(comparisonExit(fewer)).toBe(0);
  });

  test('that are others of the same card are matched by id, and that is said', () => {
    const before = report([on('cuda:0', 1000), on('cuda:1', 500)], {
      devices: [gpu('cuda:0', 'A'), gpu('cuda:1', 'B')],
    });
    const after = report([on('cuda:1', 500)], { devices: [gpu('cuda:1', 'C')] });
    const { devices, rows } = compare(before, after);
    expect(devices).toMatchObject([{ before: 'cuda:1', after: 'cuda:1', specimen: 'another' }]);
    expect(rows.map(({ outcome }) => ('why' in outcome ? outcome.why : outcome.status))).toEqual([
      'NEW asked for the same devices and has no such one',
      'unchanged',
    ]);
  });

  test('are the peers of copies too, whatever their order', () => {
    const to = (device: string, peer: string, rate: number) =>
      around(rate, { id: 'peer.copy', unit: 'B/s', device, shape: { bytes: 2 ** 28, peer } });
    const all = (...uuids: string[]) => uuids.map((uuid, index) => gpu(`cuda:${index}`, uuid));
    // From A, B is reached over NVLink and C is not.
    const before = report([to('cuda:0', 'cuda:1', 400), to('cuda:0', 'cuda:2', 50)], {
      devices: all('A', 'B', 'C'),
    });
    const swapped = report([to('cuda:0', 'cuda:1', 50), to('cuda:0', 'cuda:2', 400)], {
      devices: all('A', 'C', 'B'),
    });
    const statuses = ({ rows }: Comparison) => rows.map(({ outcome }) => outcome.status);
    expect(statuses(compare(before, swapped))).toEqual(['unchanged', 'unchanged']);

    const gone = compare(before, report([to('cuda:0', 'cuda:1', 50)], { devices: all('A', 'C') }));
    expect(statuses(gone)).toEqual(['lost', 'unchanged']);

    // Of peers that were not measured no uuid stands in a report of an earlier version.
    const alone = report([to('cuda:0', 'cuda:1', 400)], { devices: all('A') });
    expect(statuses(compare(alone, alone))).toEqual(['unchanged']);
  });

  test('are the peers of copies that were not measured themselves, by their uuid', () => {
    const copies = (...uuids: (string | null)[]) =>
      report(
        uuids.map((peerUuid, index) => {
          const shape = { bytes: 2 ** 28, peer: `cuda:${index + 1}` };
          const fast = peerUuid === 'B' || (peerUuid === null && index === 0);
          return { ...around(fast ? 400 : 50, { id: 'peer.copy', unit: 'B/s', shape }), peerUuid };
        }),
        { devices: [gpu('cuda:0', 'A')] },
      );
    const statuses = (old: Report, now: Report) =>
      compare(old, now).rows.map(({ outcome }) => outcome.status);
    expect(statuses(copies('B', 'C'), copies('C', 'B'))).toEqual(['unchanged', 'unchanged']);
    // B is gone, and C has its number.
    expect(compare(copies('B', 'C'), copies('C')).rows).toMatchObject([
      { outcome: { status: 'lost' } },
      { outcome: { status: 'unchanged' } },
    ]);
    // Another board where one was, and a report that does not tell: by their numbers, as ever.
    expect(statuses(copies('C'), copies('D'))).toEqual(['unchanged']);
    expect(statuses(copies(null, null), copies('B', 'C'))).toEqual(['unchanged', 'unchanged']);
  });

  test('that are MIG slices are alike only in the same size of memory', () => {
    const slice = (uuid: string, profile: string, gibibytes: number) =>
      report([base], {
        devices: [
          described({
            ...testCard,
            name: `${testCard.name} MIG ${profile}`,
            uuid,
            mig: true,
            multiprocessors: 14,
            memoryBytes: gibibytes * 2 ** 30,
          }),
        ],
      });
    expect(() => compare(slice('A', '1g.20gb', 19.5), slice('B', '1g.10gb', 9.5))).toThrow(
      /OLD is of .* MIG 1g\.20gb .*, NEW of .* MIG 1g\.10gb/,
    );
    // Another driver keeps a little more.
    const kept = compare(slice('A', '1g.10gb', 9.75), slice('B', '1g.10gb', 9.5));
    expect(kept.devices).toMatchObject([{ specimen: 'another' }]);
  });

  test('of one card stay alike when only one report identified it', () => {
    const unknown = report([base], { devices: [{ ...gpu('cuda:0', null), card: null }] });
    expect(compare(report([base]), unknown).devices).toMatchObject([{ specimen: 'unknown' }]);
  });
});

describe('what differs is named', () => {
  test('of the runs and of the device', () => {
    const before = report([base], { libraries: [{ name: 'cuBLASLt', path: '', version: '12.8' }] });
    const after = report([base], {
      tool: { name: 'nameplate', build: { version: '0.2.0', compiler: 'g++', images: [] } },
      options: { ...before.options, telemetry: false, level: 'quick', provider: 'builtin' },
      libraries: [
        { name: 'cuBLASLt', path: '', version: '13.0' },
        { name: 'NVML', path: '', version: '13' },
      ],
      devices: [
        described({
          ...testCard,
          driver: '590.2',
          powerLimitWatts: 500,
          maxClockHz: 1.5e9,
          linkMaxWidth: 8,
          ecc: null,
          features: ['confidential computing'],
        }),
      ],
    });
    const { changes, devices } = compare(before, after);
    const words = (all: typeof changes) =>
      all.map(({ what, before, after }) => `${what} ${before} > ${after}`);
    expect(words(changes)).toEqual([
      'nameplate 0.0.0 > 0.2.0',
      'level default > quick',
      'providers asked for both > builtin',
      'telemetry on > off',
      'cuBLASLt 12.8 > 13.0',
      'NVML absent > 13',
    ]);
    expect(words(devices[0]?.changes ?? [])).toEqual([
      'driver 580.1 > 590.2',
      'power limit 700 W > 500 W',
      'highest SM clock 2200 MHz > 1500 MHz',
      'features none > confidential computing',
      'ECC on > not known',
      'link at most PCIe 5.0 x16 > PCIe 5.0 x8',
    ]);
    expect(compare(before, before)).toMatchObject({ changes: [], devices: [{ changes: [] }] });
  });

  test('of the conditions of a row: clock, power, temperature, reasons, link, kernel', () => {
    const link = { generation: 5, width: 16, replays: 0 };
    const hot = { median: 84, min: 80, max: 88 };
    const warm = { median: 61, min: 60, max: 62 };
    const before = around(1000, {
      conditions: {
        ...conditions(1.98e9),
        link,
        temperatureCelsius: warm,
        otherProcesses: { count: 0, memoryBytes: null, smShare: null },
        powerWatts: { median: 690, min: 0, max: 0 },
      },
    });
    const after = around(800, {
      conditions: {
        ...conditions(1.45e9, ['hw thermal slowdown', 0.9], ['idle', 0.02]),
        link: { ...link, width: 8 },
        temperatureCelsius: hot,
        otherProcesses: { count: 2, memoryBytes: null, smShare: null },
        powerWatts: { median: 500, min: 0, max: 0 },
      },
      kernel: base.kernel && { ...base.kernel, name: 'other_kernel' },
    });
    const found = one(before, after);
    expect('changes' in found && found.changes).toEqual([
      { what: 'SM clock', before: '1980 MHz', after: '1450 MHz' },
      { what: 'power', before: '690 W', after: '500 W' },
      { what: 'chip', before: '61 °C', after: '84 °C' },
      { what: 'hw thermal slowdown', before: '0 %', after: '90 % of the readings' },
      { what: 'other processes', before: '0', after: '2' },
      { what: 'link', before: 'PCIe 5.0 x16', after: 'PCIe 5.0 x8' },
      { what: 'kernel', before: 'test_kernel', after: 'other_kernel' },
    ]);
  });

  test('of a CPU, which has no SMs', () => {
    const held = (clockHz: number) => ({ ...conditions(clockHz), source: 'timed on the cores' });
    const run = (rate: number, clockHz: number) =>
      report([around(rate, { device: 'cpu', conditions: held(clockHz) })], {
        devices: [described({ ...testCpu, maxClockHz: clockHz })],
      });
    const { devices, rows } = compare(run(1000, 3.5e9), run(800, 2.5e9));
    expect(devices[0]?.changes).toEqual([{ what: 'highest clock', before: '3500 MHz', after: '2500 MHz' }]);
    expect(rows[0]?.outcome).toMatchObject({
      changes: [{ what: 'clock', before: '3500 MHz', after: '2500 MHz' }],
    });
  });

  test('but not readings that are never twice the same, nor reasons that nobody could read', () => {
    const wobble = conditions(1.985e9, ['sw power cap', 0.05]);
    const steady = one(around(1000, { conditions: conditions(1.98e9) }), around(800, { conditions: wobble }));
    expect(steady).toMatchObject({ status: 'slower', changes: [] });
    const blind = one(
      around(1000, { conditions: conditions(1.98e9, ['sw power cap', 1]) }),
      around(800, { conditions: conditions(null) }),
    );
    const changes = 'changes' in blind ? (blind.changes ?? []) : [];
    expect(changes).toContainEqual({ what: 'SM clock', before: '1980 MHz', after: 'not known' });
    expect(changes.map(({ what }) => what)).not.toContain('sw power cap');
    const silent = { clockHz: [], memoryClockHz: [], powerWatts: [], temperatureCelsius: [] };
    const trace = { at: [0], throttle: [null], memoryTemperatureCelsius: [], ...silent };
    const untold = one(
      around(1000, { conditions: conditions(1.98e9, ['sw power cap', 1]) }),
      around(800, { conditions: { ...conditions(1.98e9), trace } }),
    );
    expect(untold).toMatchObject({ status: 'slower', changes: [] });
  });
});

describe('the text', () => {
  const names = { before: 'old.json', after: 'new.json' };
  const rows = [
    around(1000e12),
    around(500e12, { id: 'gemm.fp16' }),
    at(100e12, 50e12, 150e12, { id: 'gemm.tf32' }),
    around(10e12, { id: 'gemm.fp64' }),
    around(10e12, { id: 'gemm.fp32' }),
  ];
  const after = [
    around(800e12, { conditions: conditions(1.45e9, ['sw power cap', 0.9]) }),
    around(600e12, { id: 'gemm.fp16' }),
    at(80e12, 40e12, 120e12, { id: 'gemm.tf32' }),
    { ...failed, id: 'gemm.fp64' },
  ];
  const comparison = compare(report(rows), report(after));
  const text = (of = comparison, { color = false, width = 160 } = {}) =>
    comparisonText(of, names, { color, width });

  test('shows each row with old, new, change, and why', () => {
    const lines = text().split('\n');
    const line = (id: string) => lines.find((candidate) => candidate.startsWith(id))?.split(/ {2,}/);
    expect(line('gemm.bf16')).toEqual([
      'gemm.bf16',
      'builtin',
      '8192³',
      '1000 TFLOPS',
      '800 TFLOPS',
      '-20.0 %',
      'slower',
      'SM clock 2000 MHz → 1450 MHz; sw power cap 0 % → 90 % of the readings',
    ]);
    expect(line('gemm.fp16')?.slice(5)).toEqual(['+20.0 %', 'faster', 'no condition that was read differs']);
    expect(line('gemm.tf32')?.slice(5)).toEqual(['-20.0 %', 'unchanged']);
    expect(line('gemm.fp64')?.slice(3)).toEqual([
      '10.0 TFLOPS',
      '–',
      '–',
      'lost',
      'failed: CUDA_ERROR_X: it fell off the bus',
    ]);
    expect(text()).toContain('not compared: gemm.fp32 by builtin · 8192³ · cuda:0: only in OLD');
    expect(text()).toContain('the samples scatter too widely to tell');
    expect(lines.at(-2)).toBe('1 slower · 1 lost · 1 faster · 1 unchanged · 1 not compared');
  });

  test('heads with both files, what differs, and whether it is the same specimen', () => {
    expect(text()).toMatch(/^OLD {2}old\.json · 2026-01-01.*\nNEW {2}new\.json · /);
    expect(text()).toContain('Test card · cuda:0 · the same specimen');
    const devices = [described({ ...testCard, uuid: 'GPU-2', driver: '590.2' })];
    const other = text(compare(report(rows), report(after, { devices })));
    expect(other).toContain('ANOTHER SPECIMEN of the same card');
    expect(other).toContain('differs: driver 580.1 → 590.2');
    expect(text()).not.toContain('differs:');
  });

  test('in colors says the same, fits the width, and lets no control character through', () => {
    expect(stripVTControlCharacters(text(comparison, { color: true }))).toBe(text());
    expect(text(comparison, { color: true })).toContain('\u001b[');
    for (const line of text(comparison, { width: 80 }).split('\n'))
      expect(line.length).toBeLessThanOrEqual(80);
    const evil = 'evil\u001b[2J\u0007';
    const hostile = report(
      [
        { ...failed, id: evil },
        { ...base, id: 'b' },
      ],
      {
        devices: [described({ ...testCard, name: evil, driver: evil })],
      },
    );
    const rendered = comparisonText(
      compare(report([{ ...base, id: evil }, base]), hostile),
      { before: evil, after: evil },
      { color: false, width: 100 },
    );
    expect(rendered).not.toMatch(/(?!\n)\p{Cc}/u);
    expect(rendered).not.toMatch(/NaN|undefined|null|Infinity/);
  });

  test('of simulations says so first and last', () => {
    const simulated = text(compare(report(rows, { simulated: true }), report(after, { simulated: true })));
    const lines = simulated.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^SIMULATED/);
    expect(lines.at(-1)).toMatch(/^SIMULATED/);
    expect(text()).not.toContain('SIMULATED');
  });

  describe('of a row that was asked alone after a shared crash', () => {
    const priorFailure = { code: 'ECRASH', why: 'the process ended by SIGSEGV' };
    const crashed = (row: Row): Row => ({ ...row, priorFailure });
    const words = 'while the providers took turns, ECRASH: the process ended by SIGSEGV';
    const slow = around(800);
    const unlike = { ...base, data: 'zeros' as const };
    test.each<[string, Row, Row, 'before' | 'after' | null, string]>([
      ['unchanged', base, crashed(base), 'after', `unchanged  asked alone in NEW: ${words}`],
      ['slower', crashed(around(1000)), slow, 'before', `asked alone in OLD: ${words}; no cond`],
      ['lost', base, crashed(failed), 'after', `asked alone in NEW: ${words}; failed: CUDA`],
      ['not compared', base, crashed(unlike), 'after', `asked alone in NEW: ${words}; another`],
      ['both alone', crashed(base), crashed(base), null, 'unchanged'],
      ['neither', base, base, null, 'unchanged'],
    ])('%s', (_, old, now, side, said) => {
      const found = compare(report([old]), report([now]));
      expect(found.rows[0]?.alone).toEqual(side && { report: side, ...priorFailure });
      expect(text(found, { width: 400 })).toContain(said);
      expect(text(found).includes('asked alone')).toBe(side !== null);
    });
  });

  test('as JSON is what the schema says, and comes back', () => {
    expect(Comparison.parse(JSON.parse(JSON.stringify(comparison)))).toEqual(comparison);
  });
});
