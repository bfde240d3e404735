import { describe, expect, test } from 'vitest';
import type { Measured } from '../src/judge/measured.js';
import { resourceClass } from '../src/judge/resource.js';
import { THRESHOLDS } from '../src/judge/threshold.js';
import { judge } from '../src/judge/verdict.js';
import { notices } from '../src/report/notices.js';
import { type Status, Verdict } from '../src/row.js';
import type { Conditions } from '../src/schema.js';
import { resources } from '../src/specs/index.js';
import {
  cardFacts,
  conditions,
  kernel,
  linkFigure,
  measured,
  memoryFigure,
  row,
  tensorFigure,
  testCard,
  testCpu,
  verified,
  work,
} from './testCard.js';

const capped = conditions(1.45e9, ['sw power cap', 0.97]);
const verdictOf = (...input: Parameters<typeof measured>) => {
  const verdict = judge(measured(...input));
  expect(Verdict.parse(verdict)).toEqual(verdict);
  return verdict;
};

describe('the published healthy card passes', () => {
  // Shares and clocks of figures that people published; thresholds that failed them would drain healthy machines.
  test.each([
    ['H200 BF16, sustained under its power cap', 703 / 989, 1450 / 1830, tensorFigure],
    ['H100 PCIe FP16, under its power cap', 458 / 756, 458 / 756 / 0.9, tensorFigure],
    ['L40 FP32, under its power cap', 40 / 90.5, 1740 / 2490, { ...tensorFigure, resource: 'vector.fp32' }],
    ['T4 FP16, of 70 W', 24 / 65, 24 / 65 / 0.9, { ...tensorFigure, card: 't4' }],
    ['L4 FP16, of 72 W', 53 / 121, 53 / 121 / 0.9, { ...tensorFigure, card: 'l4' }],
    ['L4 FP32, the slowest', 10.7 / 30.3, 0.5, { ...tensorFigure, resource: 'vector.fp32', card: 'l4' }],
    ['A100 copy', 0.88, 1, memoryFigure],
    ['H100 PCIe copy', 1704 / 2039, 1, memoryFigure],
    ['PCIe 5.0 x16, the slower direction', 53 / 63, 1, linkFigure],
  ])('%s', (_, share, clock, documented) => {
    const state = conditions(2e9 * clock, ['sw power cap', 0.97]);
    expect(verdictOf(share, state, { documented }).status).toBe('pass');
  });
});

test.each([
  ['a10', 'pass'],
  ['a40', 'low'],
])('under its cap at 55 %% of its clock, %s: %s', (card, status) => {
  const state = conditions(2e9 * 0.55, ['sw power cap', 0.97]);
  expect(verdictOf(0.5, state, { documented: { ...tensorFigure, card } }).status).toBe(status);
});

test('a format that the device lacks is not called undocumented', () => {
  const lacking = measured(0.5, conditions(2e9), { documented: null });
  const emulated = { ...lacking.kernel, resource: 'none', emulated: true };
  expect(judge({ ...lacking, kernel: emulated })).toMatchObject({
    status: 'unjudged',
    why: 'the device lacks the format, and its arithmetic was done in a wider one',
  });
});

test.each(['board limit', 'reliability limit', 'reason bit 11'])(
  'a healthy card under its power cap passes with a %s beside it',
  (reason) => {
    expect(verdictOf(0.65, conditions(1.45e9, [reason, 1], ['sw power cap', 0.97]))).toMatchObject({
      status: 'pass',
      why: expect.stringMatching(/power cap held the clock/),
    });
  },
);

describe('a launch too brief for its figure', () => {
  const of = (share: number, documentedSeconds: number, documented = tensorFigure) =>
    verdictOf(share, conditions(2e9), { documented, launchSeconds: documentedSeconds / share });

  test.each([
    ['a copy of 4 KiB', 0.04, 4096 / 63e9, linkFigure],
    ['a copy of 1 MiB', 0.7, 2 ** 20 / 63e9, linkFigure],
    ['a product of 1024 cubed', 0.3, (2 * 1024 ** 3) / 989e12, tensorFigure],
    ['FP8 at 4096 cubed', 0.65, (2 * 4096 ** 3) / 1979e12, tensorFigure],
  ])('is not held against the card: %s', (_, share, seconds, documented) => {
    expect(of(share, seconds, documented)).toMatchObject({
      status: 'unjudged',
      why: expect.stringMatching(/but a launch would take [\d.]+ [nµu]s at the documented rate/),
    });
  });

  test('passes where it reaches it all the same', () => {
    expect(of(0.8, 30e-6).status).toBe('pass');
  });

  test.each([
    ['BF16 at 4096 cubed', 0.5, (2 * 4096 ** 3) / 989e12, tensorFigure],
    ['a copy of 256 MiB', 0.5, 2 ** 28 / 63e9, linkFigure],
  ])('is none from a tenth of a millisecond on: %s', (_, share, seconds, documented) => {
    expect(of(share, seconds, documented).status).toBe('low');
  });
});

describe('a slow card is found', () => {
  test.each([
    ['a third of the rate at full clock', verdictOf(0.35, conditions(2e9))],
    [
      'the same under a power cap that hardly lowers the clock',
      verdictOf(0.35, conditions(1.9e9, ['sw power cap', 1])),
    ],
    ['a cap that no healthy card needs', verdictOf(0.35, conditions(0.8e9, ['sw power cap', 1]))],
    [
      'the same of a small card',
      verdictOf(0.3, conditions(0.7e9, ['sw power cap', 1]), { documented: { ...tensorFigure, card: 't4' } }),
    ],
    ['a clock that fell for no named reason', verdictOf(0.5, conditions(1.1e9))],
    [
      'thermal slowdown too brief to matter',
      verdictOf(0.5, conditions(1.9e9, ['sw thermal slowdown', 0.05])),
    ],
    [
      'thermal slowdown that does not explain it',
      verdictOf(0.35, conditions(1.9e9, ['sw thermal slowdown', 0.9])),
    ],
    ['so slow that no clock could explain it, none being known', verdictOf(0.35, conditions(null))],
    [
      'missing SMs, power cap or not',
      verdictOf(0.45, conditions(1.7e9, ['sw power cap', 1]), {
        device: { ...testCard, multiprocessors: 60 },
      }),
    ],
    ['slow memory under a power cap', verdictOf(0.57, capped, { documented: memoryFigure })],
    ...['reliability limit', 'board limit', 'reason bit 11'].map((reason): [string, Verdict] => [
      `slow memory under a ${reason}`,
      verdictOf(0.5, conditions(1.45e9, [reason, 1]), { documented: memoryFigure }),
    ]),
    ['a reason bit that does not explain it', verdictOf(0.35, conditions(1.9e9, ['reason bit 11', 1]))],
    [
      'half the lanes, whatever else stood',
      verdictOf(0.42, conditions(2e9, ['applications clocks setting', 1]), {
        documented: linkFigure,
        device: { ...testCard, linkWidth: 8 },
      }),
    ],
  ])('%s', (_, verdict) => {
    expect(verdict.status).toBe('low');
  });

  test('and says by how much, against what, and where it went', () => {
    expect(verdictOf(0.35, conditions(2e9))).toEqual({
      status: 'low',
      fraction: expect.closeTo(0.35, 12),
      threshold: 0.7,
      why: '35.0 % of the documented figure, against 70 %; kernel reaches 35 % at this clock',
    });
  });
});

describe('throttled: the clock was taken by what the nameplate does not allow for', () => {
  const halved = { ...testCard, powerLimitWatts: 400 };
  test.each([
    [
      'heat',
      verdictOf(0.5, conditions(1.1e9, ['sw thermal slowdown', 0.9])),
      /thermal slowdown held the clock/,
    ],
    ['the board', verdictOf(0.5, conditions(1.1e9, ['hardware slowdown', 0.9])), /hardware slowdown/],
    [
      'heat beside a power cap',
      verdictOf(0.6, conditions(1.3e9, ['sw power cap', 1], ['sw thermal slowdown', 0.9])),
      /thermal/,
    ],
    ['someone', verdictOf(0.5, conditions(1.1e9, ['applications clocks setting', 1])), /clock setting/],
    [
      'a limit of the board',
      verdictOf(0.5, conditions(1.1e9, ['board limit', 1])),
      /board limit held the clock/,
    ],
    [
      'a lowered limit',
      verdictOf(0.6, conditions(1.3e9, ['sw power cap', 1]), { device: halved }),
      /400 W.* from 700 W/,
    ],
    [
      'heat, where memory starves',
      verdictOf(0.4, conditions(0.4e9, ['sw thermal slowdown', 1]), { documented: memoryFigure }),
      /thermal/,
    ],
  ])('%s', (_, verdict, why) => {
    expect(verdict).toMatchObject({ status: 'throttled', why: expect.stringMatching(why) });
  });

  test('but a row that reaches its threshold all the same passes', () => {
    expect(verdictOf(0.75, conditions(1.7e9, ['sw thermal slowdown', 0.9])).status).toBe('pass');
  });
});

describe('inconclusive', () => {
  test.each([
    [
      'timed launches that nobody compared',
      verdictOf(0.9, conditions(2e9), { verification: { ...verified, timedLaunchesCompared: false } }),
      /timed launches was not compared/,
    ],
    [
      'the interval straddles the threshold',
      verdictOf(0.7, conditions(2e9), { halfWidth: 0.02 }),
      /straddles/,
    ],
    ['too few samples', verdictOf(0.9, conditions(2e9), { samples: 3 }), /3 samples/],
    [
      'a gap that an unknown clock could explain',
      verdictOf(0.6, conditions(null)),
      /SM clock held not known/,
    ],
    [
      'the same beside a reason that is not known',
      verdictOf(0.6, conditions(null, ['reason bit 11', 1])),
      /SM clock held not known/,
    ],
    [
      'a cap whose limit cannot be read',
      verdictOf(0.65, capped, { device: { ...testCard, powerLimitWatts: null } }),
      /lowered one is not ruled out/,
    ],
  ])('%s', (_, verdict, why) => {
    expect(verdict).toMatchObject({ status: 'inconclusive', why: expect.stringMatching(why) });
  });

  test.each([
    [0.73, 'pass'],
    [0.67, 'low'],
  ])('a narrow interval decides: %d is %s', (share, status) => {
    expect(verdictOf(share, conditions(2e9)).status).toBe(status);
  });
});

describe('implausible: better than possible is our fault until shown otherwise', () => {
  test.each([
    ['beyond the clock held', verdictOf(0.8, conditions(1.45e9)), 0.8 / 0.725],
    ['beyond the highest clock, the held one unknown', verdictOf(1.2, conditions(null)), 1.2],
    ['memory that was cache', verdictOf(2, conditions(2e9), { documented: memoryFigure }), 2],
    ['a link faster than its wires', verdictOf(1.1, conditions(2e9), { documented: linkFigure }), 1.1],
    [
      'even from a kernel not built for speed',
      verdictOf(1.3, conditions(2e9), { kernel: { ...kernel, tuned: false } }),
      1.3,
    ],
  ])('%s', (_, verdict, fraction) => {
    expect(verdict).toMatchObject({ status: 'implausible', fraction: expect.closeTo(fraction, 9) });
  });

  test('above the documented figure is fine where the clock explains it', () => {
    expect(verdictOf(1.05, conditions(2.2e9)).status).toBe('pass');
  });

  // An RTX 5090 D: 548.5 TFLOPS of FP8 where 419 are documented.
  test('above a figure that such cards were measured at twice of is fine, and far above that is not', () => {
    const documented = { ...tensorFigure, upTo: 2 };
    const card = { multiprocessors: 100, ratePerClock: null };
    expect(verdictOf(1.31, conditions(2e9), { documented, card }).status).toBe('pass');
    expect(verdictOf(1.31, conditions(2e9), { card }).status).toBe('implausible');
    expect(verdictOf(2.4, conditions(2e9), { documented, card })).toMatchObject({ status: 'implausible' });
    const text = (share: number) =>
      notices(row(measured(share, conditions(2e9), { documented, card }))).join();
    expect(text(1.31)).toContain('the document gives 50 % of the rate that such cards were measured at');
    expect(text(0.9)).not.toContain('the document gives');
  });
});

describe('wrong results outrank everything', () => {
  const wrong = {
    ...verified,
    differences: 2,
    first: { at: 'row 1, column 13', expected: '0x3f80', actual: '0x3f81' },
  };
  test.each([
    [
      'from the native side',
      judge({ outcome: 'wrong', provider: 'builtin', kernel, work, verification: wrong }),
    ],
    ['after timing', verdictOf(0.9, conditions(2e9), { verification: wrong })],
    ['on a CPU', verdictOf(0.9, conditions(null), { verification: wrong, device: testCpu })],
  ])('%s', (_, verdict) => {
    expect(verdict).toEqual({
      status: 'corrupted',
      why: expect.stringMatching(
        /^2 differences, the first at row 1, column 13: expected 0x3f80, found 0x3f81/,
      ),
    });
  });

  test('an error beyond its bound, too', () => {
    expect(verdictOf(0.9, conditions(2e9), { verification: { ...verified, worst: 1.5 } }).status).toBe(
      'corrupted',
    );
  });

  test('what was never compared has no rate', () => {
    const blind = { ...verified, compared: 0, worst: null };
    expect(verdictOf(0.9, conditions(2e9), { verification: blind })).toMatchObject({
      status: 'failed',
      code: 'EUNVERIFIED',
    });
  });
});

test('an uncorrected ECC error is a wrong result, though the comparison found none; corrected ones are not', () => {
  const struck = (errors: Partial<Conditions>) => judge(measured(0.9, { ...conditions(2e9), ...errors }));
  expect(struck({ uncorrectedErrors: 1 })).toEqual({
    status: 'corrupted',
    why: expect.stringMatching(/^1 uncorrected ECC error while the row was timed/),
  });
  const burstConditions = { ...conditions(2e9), uncorrectedErrors: 1 };
  expect(judge(measured(0.9, conditions(2e9), { burstConditions }))).toEqual(
    struck({ uncorrectedErrors: 1 }),
  );
  expect(judge(measured(0.9, conditions(2e9), { untimedErrors: 2 }))).toEqual({
    status: 'corrupted',
    why: expect.stringMatching(/^2 uncorrected ECC errors while the row was prepared and verified, between/),
  });
  expect(judge(measured(0.9, conditions(2e9), { untimedErrors: 0 })).status).toBe('pass');
  expect(struck({ correctedErrors: 5, uncorrectedErrors: 0 }).status).toBe('pass');
  expect(struck({ correctedErrors: null, uncorrectedErrors: null }).status).toBe('pass');
});

describe('unjudged, with the reason', () => {
  const changes: [string, Partial<Measured>, RegExp][] = [
    ['a CPU', { device: testCpu }, /a CPU has no documented figure/],
    ['an unknown card', { documented: null }, /unknown card/],
    ['a resource nobody documents', { kernel: { ...kernel, resource: 'none' } }, /no document/],
    [
      'DPX, of which documents print a ratio and no rate',
      { kernel: { ...kernel, resource: 'dpx' }, documented: null },
      /no document .* rate of DPX instructions; .*"up to 7x"/,
    ],
    [
      'a resource without published evidence',
      { documented: { ...tensorFigure, resource: 'tensor.bf16.sparse' } },
      /no threshold/,
    ],
    ['an emulated format', { kernel: { ...kernel, emulated: true } }, /lacks the format/],
    [
      'a link faster than any whose healthy rate is published',
      { documented: { ...linkFigure, value: 121e9, expected: 121e9, printed: '121 GB/s' } },
      /no threshold for 121 GB\/s of a link: no published figure/,
    ],
    [
      'a link under confidential computing',
      { documented: linkFigure, device: { ...testCard, features: ['confidential computing'] } },
      /confidential computing encrypts what crosses the link/,
    ],
    ['zeros, which flatter', { data: 'zeros' }, /zeros draw less power/],
  ];
  test.each(changes)('%s', (_, change, why) => {
    expect(verdictOf(0.9, conditions(2e9), change)).toEqual({
      status: 'unjudged',
      why: expect.stringMatching(why),
    });
  });

  test('a kernel not built for speed cannot fail a card, and may pass it', () => {
    const untuned = { kernel: { ...kernel, tuned: false } };
    expect(verdictOf(0.3, conditions(2e9), untuned)).toEqual({
      status: 'unjudged',
      why: 'own kernel: right, but its speed is not established; its rate does not judge the card',
    });
    expect(verdictOf(0.9, conditions(2e9), untuned).status).toBe('pass');
  });

  test.each([
    ['H200', 3292 / 4800],
    ['H100 SXM', 2475 / 3350],
    ['A100', 1500 / 2039],
    ['H20-3e', 2232 / 4800],
  ])("the driver's own copy on a healthy %s says nothing of the card", (_, share) => {
    const copy = { documented: memoryFigure, provider: 'driver', kernel: { ...kernel, tuned: false } };
    expect(verdictOf(share, conditions(2e9), copy)).toEqual({
      status: 'unjudged',
      why: 'work of the driver: right, but its speed is not established; its rate does not judge the card',
    });
    expect(verdictOf(0.9, conditions(2e9), copy).status).toBe('pass');
  });
});

test('unsupported and failed keep the reason of the native side', () => {
  expect(judge({ outcome: 'unsupported', provider: 'builtin', reason: 'needs two devices' })).toEqual({
    status: 'unsupported',
    why: 'needs two devices',
  });
  const gone = {
    outcome: 'failed',
    provider: 'builtin',
    code: 'CUDA_ERROR_LAUNCH_FAILED',
    message: 'gone',
  } as const;
  for (const uncorrectedErrors of [null, 0])
    expect(judge({ ...gone, uncorrectedErrors })).toEqual({
      status: 'failed',
      code: 'CUDA_ERROR_LAUNCH_FAILED',
      why: 'gone',
    });
  expect(judge({ ...gone, uncorrectedErrors: 2 })).toEqual({
    status: 'corrupted',
    why: 'CUDA_ERROR_LAUNCH_FAILED: gone; 2 uncorrected ECC errors meanwhile',
  });
});

test('a launch that an uncorrected ECC error ended is a wrong result, and no failure of ours', () => {
  const code = 'CUDA_ERROR_ECC_UNCORRECTABLE';
  const died = { outcome: 'failed', provider: 'builtin', message: 'device memory failed' } as const;
  expect(judge({ ...died, code, uncorrectedErrors: null })).toEqual({
    status: 'corrupted',
    why: `${code}: device memory failed`,
  });
});

test('a MIG slice is judged against its share of the card', () => {
  const slice = {
    device: { ...testCard, mig: true, multiprocessors: 14 },
    documented: { ...tensorFigure, expected: 0.14 * tensorFigure.value },
    card: cardFacts,
  };
  expect(verdictOf(0.8, conditions(2e9), slice)).toMatchObject({
    status: 'pass',
    fraction: expect.closeTo(0.8, 12),
    why: "80.0 % of this slice's share",
  });
  expect(verdictOf(0.3, conditions(2e9), slice).status).toBe('low');
});

test('a recalled figure is judged, and its standing is said', () => {
  const verdict = verdictOf(0.9, conditions(2e9), { documented: { ...tensorFigure, recalled: true } });
  expect(verdict).toMatchObject({ status: 'pass', why: expect.stringMatching(/no source could be opened/) });
});

test('a recalled figure fails no card', () => {
  const recalled = { documented: { ...tensorFigure, recalled: true } };
  expect(verdictOf(0.3, conditions(2e9), recalled).status).toBe('inconclusive');
  expect(verdictOf(0.3, conditions(2e9)).status).toBe('low');
});

test('where reasons are not told, a clock that may be the cap leaves it open, and a slow kernel is low all the same', () => {
  const readings = { at: [0], clockHz: [1.45e9], throttle: [null] };
  const silent = { memoryClockHz: [], powerWatts: [], temperatureCelsius: [], memoryTemperatureCelsius: [] };
  const untold = (clock: number) => ({ ...conditions(clock), trace: { ...readings, ...silent } });
  expect(verdictOf(0.65, untold(1.45e9))).toMatchObject({
    status: 'inconclusive',
    why: expect.stringMatching(/the reasons not told/),
  });
  expect(verdictOf(0.45, untold(1.45e9)).status).toBe('low');
  expect(verdictOf(0.4, untold(0.9e9)).status).toBe('low');
  expect(verdictOf(0.65, conditions(1.45e9)).status).toBe('low');
});

test('memory that a clock setting starves is throttled, not low', () => {
  const set = conditions(0.6e9, ['applications clocks setting', 1]);
  expect(verdictOf(0.4, set, { documented: memoryFigure }).status).toBe('throttled');
  expect(verdictOf(0.4, conditions(2e9), { documented: memoryFigure }).status).toBe('low');
  const idle = conditions(testCard.maxClockHz ?? 0, ['applications clocks setting', 1]);
  expect(verdictOf(0.4, idle, { documented: memoryFigure }).status).toBe('low');
});

test.each([
  ['a card whose SMs no document counts', {}, { card: { ...cardFacts, multiprocessors: null } }, 'unjudged'],
  ['a MIG slice', { mig: true, multiprocessors: 14 }, {}, 'low'],
  ['all SMs', {}, {}, 'low'],
  ['a part of them', { multiprocessors: 50 }, {}, 'unjudged'],
  ['memory by all SMs', {}, { documented: memoryFigure }, 'low'],
  ['memory by a part of them', { multiprocessors: 50 }, { documented: memoryFigure }, 'unjudged'],
  ['the link', { multiprocessors: 50 }, { documented: linkFigure }, 'low'],
])('under MPS %s', (_, facts, changes, status) => {
  const device = { ...testCard, features: ['MPS'], ...facts };
  expect(verdictOf(0.1, conditions(2e9), { device, ...changes }).status).toBe(status);
});

test('memory and links are judged whatever data were asked for: they move random doubles', () => {
  for (const documented of [memoryFigure, linkFigure]) {
    expect(verdictOf(0.9, conditions(2e9), { documented, data: 'zeros' }).status).toBe('pass');
    expect(verdictOf(0.3, conditions(2e9), { documented, data: 'zeros' }).status).toBe('low');
  }
});

test('memory above its own clock may give as much more than is documented', () => {
  const raised = { ...conditions(2e9), memoryClockHz: { median: 3.2e9, min: 3.2e9, max: 3.2e9 } };
  expect(verdictOf(1.08, raised, { documented: memoryFigure }).status).toBe('pass');
  expect(verdictOf(1.2, raised, { documented: memoryFigure }).status).toBe('implausible');
  expect(verdictOf(1.08, conditions(2e9), { documented: memoryFigure }).status).toBe('implausible');
});

test('the fraction of a pass reaches its threshold, that of low and throttled does not, over all shares and clocks', () => {
  const seen = new Set<Status>();
  for (let share = 0.02; share < 1.4; share += 0.02) {
    for (let clock = 0.4e9; clock < 2.3e9; clock += 0.1e9) {
      for (const reason of ['sw power cap', 'sw thermal slowdown', 'reason bit 11']) {
        const verdict = judge(measured(share, conditions(clock, [reason, 0.9])));
        seen.add(verdict.status);
        if (verdict.status === 'pass') expect(verdict.fraction).toBeGreaterThanOrEqual(verdict.threshold);
        if (verdict.status === 'low' || verdict.status === 'throttled') {
          expect(verdict.fraction).toBeLessThan(verdict.threshold);
        }
      }
    }
  }
  expect([...seen].sort()).toEqual(['implausible', 'inconclusive', 'low', 'pass', 'throttled']);
});

test('every documented resource is of a class, and of one that has a threshold but for those named here', () => {
  const classes = resources.map((resource) => ({ resource, name: resourceClass(resource) }));
  expect(classes.filter(({ name }) => name === null)).toEqual([]);
  const without = classes.filter(({ name }) => name !== null && THRESHOLDS[name] === undefined);
  expect(new Set(without.map(({ name }) => name))).toEqual(new Set(['sparse', 'peer']));
});

test('every threshold says why, and what published figure it lies below', () => {
  for (const { value, limit, reason, evidence } of Object.values(THRESHOLDS)) {
    expect(value).toBeGreaterThan(0);
    expect(value).toBeLessThan(1);
    expect(limit).toBeGreaterThan(1);
    expect(reason).not.toBe('');
    expect(evidence).toMatch(/\d+ %/);
  }
});
