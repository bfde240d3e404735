import { describe, expect, test } from 'vitest';
import { attribute } from '../src/judge/attribute.js';
import type { AttributionInput } from '../src/judge/evidence.js';
import { standingReasons } from '../src/judge/throttle.js';
import {
  cardFacts,
  conditions,
  linkFigure,
  memoryFigure,
  peerFigure,
  tensorFigure,
  testCard,
} from './testCard.js';

const arithmetic = (changes: Partial<AttributionInput> = {}): AttributionInput => ({
  rate: 650e12,
  documented: tensorFigure,
  device: testCard,
  conditions: conditions(1.45e9, ['sw power cap', 0.97]),
  card: cardFacts,
  ...changes,
});
const factor = (input: AttributionInput, name: string) =>
  attribute(input).factors.find((candidate) => candidate.name === name);

describe('the factors multiply to measured / documented', () => {
  let state = 12345;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const maybe = <T>(value: T) => (next() < 0.3 ? null : value);

  test('whatever is known of the card and the clock', () => {
    for (let round = 0; round < 500; round += 1) {
      const documented = [tensorFigure, memoryFigure, linkFigure, peerFigure][round % 4] ?? tensorFigure;
      const input = arithmetic({
        rate: documented.value * (0.01 + next()),
        documented: { ...documented, assumedClockHz: maybe(1e9 + 1e9 * next()) },
        device: {
          ...testCard,
          multiprocessors: 1 + Math.floor(100 * next()),
          maxMemoryClockHz: maybe(3e9),
          linkGeneration: maybe(1 + Math.floor(6 * next())),
          linkWidth: maybe(16),
        },
        conditions: {
          ...conditions(maybe(0.2e9 + 2e9 * next()), ['sw power cap', next()]),
          nvlinks: maybe({ present: 18, active: Math.floor(19 * next()) }),
        },
        card: { multiprocessors: maybe(100), ratePerClock: maybe(5000) },
      });
      const { factors, ofSpec } = attribute(input);
      const product = factors.reduce((before, { value }) => before * value, 1);
      expect(Math.abs(product / ofSpec - 1)).toBeLessThan(1e-12);
      expect(ofSpec).toBe(input.rate / input.documented.value);
      expect(JSON.stringify(factors)).not.toMatch(/NaN|undefined|null (MHz|W)|Infinity/);
    }
  });
});

test('a power cap is told with its clock, watts, share and the command that shows it', () => {
  const { ofClock, summary } = attribute(arithmetic());
  expect(ofClock).toBeCloseTo(0.65 / 0.725, 12);
  expect(summary).toBe('power cap held the clock at 1450 of 2000 MHz');
  const clock = factor(arithmetic(), 'clock');
  expect(clock?.value).toBeCloseTo(0.725, 12);
  expect(clock?.evidence).toBe(
    'SM clock held at 1450 MHz (median of 58 samples, 1378–1523 MHz) of 2000 MHz assumed; ' +
      'power cap stood in 97 % of them; 698 W drawn; limit 700 W, default 700 W',
  );
  expect(clock?.confirm).toBe(`nvidia-smi -q -d CLOCK,POWER,PERFORMANCE -i ${testCard.uuid}`);
  expect(factor(arithmetic(), 'kernel')?.value).toBeCloseTo(0.65 / 0.725, 12);
});

test('where the clock is where it belongs, the rest is the kernel', () => {
  const { summary } = attribute(arithmetic({ conditions: conditions(2e9) }));
  expect(summary).toBe('kernel reaches 65 % at this clock');
});

test.each([
  ['the SM clock', tensorFigure, 2e9, 'clockHz'],
  ['the memory clock', memoryFigure, 3e9, 'memoryClockHz'],
])(
  '%s has a command to confirm it where it fell, and none where that rounds to 1.00',
  (_, documented, full, clock) => {
    const at = (share: number) => {
      const series = { median: share * full, min: share * full, max: share * full };
      const state = { ...conditions(2e9), [clock]: series };
      return factor(arithmetic({ documented, conditions: state }), 'clock');
    };
    expect(at(0.9999)).toMatchObject({ value: 0.9999, confirm: null });
    expect(at(0.996)?.confirm).toBeNull();
    expect(at(0.99)?.confirm).toMatch(/^nvidia-smi -q -d CLOCK/);
  },
);

test('a fallen clock without a reason says so', () => {
  expect(attribute(arithmetic({ conditions: conditions(1.45e9) })).summary).toMatch(
    /1450 of 2000 MHz for no named reason/,
  );
});

describe('a clock for which no reason stood', () => {
  const flat = { ...conditions(1.45e9), clockHz: { median: 1.45e9, min: 1.44e9, max: 1.455e9 } };

  test('and that never moved looks locked, and what unlocks it is said', () => {
    expect(attribute(arithmetic({ conditions: flat })).summary).toMatch(
      /1450 of 2000 MHz for no named reason, the same throughout, as if locked: nvidia-smi -rgc -i GPU-\S+ unlocks it/,
    );
    expect(attribute(arithmetic({ conditions: conditions(1.45e9) })).summary).not.toContain('locked');
  });

  test('and that is the highest of the device is not called locked', () => {
    const device = { ...testCard, maxClockHz: 1.455e9 };
    expect(attribute(arithmetic({ conditions: flat, device })).summary).toMatch(
      /^clock at 1450 of 2000 MHz, up to the highest that the device has/,
    );
  });

  test('because none was told is not called without one', () => {
    const untold = { at: [0], clockHz: [1.45e9], throttle: [null] };
    const silent = {
      memoryClockHz: [],
      powerWatts: [],
      temperatureCelsius: [],
      memoryTemperatureCelsius: [],
    };
    const state = { ...flat, trace: { ...untold, ...silent } };
    expect(attribute(arithmetic({ conditions: state })).summary).toMatch(
      /^clock at .* MHz, the reasons not told/,
    );
  });
});

test("commands for a MIG slice name its board's place on the bus: nvidia-smi knows no slice by its UUID", () => {
  const device = { ...testCard, mig: true, uuid: 'MIG-5c89852c', pciBusId: '00000000:1B:00.0' };
  expect(factor(arithmetic({ device }), 'clock')?.confirm).toMatch(/-i 00000000:1B:00\.0$/);
  const other = { ...conditions(2e9), otherProcesses: { count: 1, memoryBytes: null, smShare: 0.5 } };
  expect(attribute(arithmetic({ device, conditions: other })).factors.at(-1)?.confirm).toMatch(
    /--query-compute-apps=\S+ --format=csv -i 00000000:1B:00\.0$/,
  );
});

describe('what is not known is left out, and the remainder names it', () => {
  test.each([
    ['no clock was read', { conditions: conditions(null) }, /SM clock held not known \(no NVML\)/],
    ['the driver answered 0 MHz', { conditions: conditions(0) }, /SM clock held not known/],
    [
      'no clock is assumed',
      { documented: { ...tensorFigure, assumedClockHz: null } },
      /clock assumed .* not known/,
    ],
    [
      'the SMs are not documented',
      { card: { ...cardFacts, multiprocessors: null } },
      /number of SMs .* not known/,
    ],
  ])('%s', (_, changes, words) => {
    const { factors, summary } = attribute(arithmetic(changes));
    expect(factors.at(-1)).toMatchObject({ name: 'remainder', evidence: expect.stringMatching(words) });
    expect(factors.some(({ name }) => name === 'kernel')).toBe(false);
    expect(summary).toMatch(words);
  });

  test.each([
    ['clock', { conditions: conditions(null) }],
    ['clock of 0', { conditions: conditions(0) }],
    ['rate per clock', { card: { ...cardFacts, ratePerClock: null } }],
  ])('no share of the clock without a %s', (_, changes) => {
    expect(attribute(arithmetic(changes)).ofClock).toBeNull();
  });
});

test('missing SMs are a factor, and those of a MIG slice are called that', () => {
  const fused = arithmetic({ device: { ...testCard, multiprocessors: 90 }, conditions: conditions(2e9) });
  expect(factor(fused, 'multiprocessors')).toMatchObject({ value: 0.9, evidence: '90 of 100 SMs present' });
  expect(attribute(fused).summary).toMatch(/90 of 100 SMs/);
  const slice = arithmetic({ device: { ...testCard, multiprocessors: 14, mig: true } });
  expect(factor(slice, 'multiprocessors')?.evidence).toBe('MIG slice of 14 of 100 SMs present');
});

describe('memory', () => {
  const memory = (changes: Partial<AttributionInput> = {}) =>
    arithmetic({ rate: 3.6e12, documented: memoryFigure, conditions: conditions(1.45e9), ...changes });

  test('is held against the memory clock, not the SM clock', () => {
    expect(attribute(memory()).ofClock).toBeNull();
    expect(factor(memory(), 'clock')?.value).toBe(1);
    expect(factor(memory(), 'kernel')?.value).toBeCloseTo(0.9, 12);
    const slow = memory({ device: { ...testCard, maxMemoryClockHz: 4e9 } });
    expect(attribute(slow).summary).toBe('memory clock held at 3000 of 4000 MHz');
  });

  test('of a MIG slice is not blamed on the kernel', () => {
    const slice = memory({ rate: 0.45e12, documented: { ...memoryFigure, expected: 0.5e12 } });
    expect(attribute(slice).factors.at(-1)?.name).toBe('remainder');
    expect(attribute(slice).summary).toBe(
      "MIG slice, assumed to have 12.5 % of the card's memory bandwidth, as of its memory slices",
    );
  });
});

describe('link', () => {
  const link = (device: Partial<AttributionInput['device']>, rate = 25e9) =>
    arithmetic({ rate, documented: linkFigure, device: { ...testCard, ...device } });

  test.each([
    ['half the lanes', { linkWidth: 8 }],
    ['a slot of the generation before', { linkGeneration: 4, linkMaxGeneration: 4 }],
  ])('%s is half the rate', (_, device) => {
    expect(factor(link(device), 'link')?.value).toBeCloseTo(0.5, 2);
    expect(factor(link(device), 'link')?.confirm).toBe(
      'grep . /sys/bus/pci/devices/0000:1b:00.0/{.,..}/*_link_*',
    );
    expect(attribute(link(device)).summary).toMatch(
      /^link runs at PCIe [45]\.0 x(8|16), documented 63 GB\/s/,
    );
  });

  test('a link below what both ends can do was trained down, and says so', () => {
    const down = link({ linkWidth: 8 });
    expect(attribute(down).summary).toMatch(
      /link runs at PCIe 5\.0 x8, .*\(trained down: card can do PCIe 5\.0 x16, slot PCIe 5\.0 x16; grep \. \S+ shows it\)/,
    );
  });

  test('a slot that can do less than the card is the cause', () => {
    const older = link({ linkGeneration: 4, linkSlot: { generation: 4, width: 16 } });
    expect(factor(older, 'link')?.evidence).toMatch(
      /the slot ends at PCIe 4\.0 x16, the card can do PCIe 5\.0 x16$/,
    );
    expect(factor(link({ linkWidth: 8, linkSlot: null }), 'link')?.evidence).not.toMatch(/slot/);
  });

  test('where the system does not show the ends, what NVML calls possible tells as much', () => {
    const unseen = { linkCard: null, linkSlot: null };
    expect(attribute(link({ ...unseen, linkWidth: 8 })).summary).toMatch(
      /x8, documented 63 GB\/s \(trained down; nvidia-smi -q -i GPU-\S+ shows it\)$/,
    );
    const older = link({ ...unseen, linkGeneration: 4, linkMaxGeneration: 4 });
    expect(attribute(older).summary).toMatch(/^link runs at PCIe 4\.0 x16, documented 63 GB\/s$/);
  });

  test('a port that an emulator made up, below the link in use, tells nothing', () => {
    const port = { linkSlot: { generation: 1, width: 1 }, linkGeneration: 4 };
    expect(factor(link(port), 'link')?.evidence).toMatch(
      / possible here; documented 63 GB\/s; trained down$/,
    );
    expect(factor(link({ ...port, linkMaxGeneration: 4 }), 'link')?.evidence).not.toMatch(/slot|trained/);
  });

  test('a full link leaves the shortfall to the host', () => {
    expect(factor(link({}), 'link')?.value).toBeCloseTo(1, 2);
    expect(attribute(link({})).summary).toMatch(/40 % of the link in use.*host/);
  });

  test('a state read while the link slept explains nothing', () => {
    const asleep = attribute(link({ linkGeneration: 1 }, 55e9));
    expect(asleep.factors.map(({ name }) => name)).toEqual(['remainder']);
    expect(asleep.summary).toMatch(/PCIe 1\.0 x16, asleep/);
  });
});

describe('NVLink', () => {
  const copy = (present: number, active: number, nvlinks: number | null = 18) =>
    arithmetic({
      rate: 300e9,
      documented: { ...peerFigure, nvlinks },
      conditions: { ...conditions(2e9), nvlinks: { present, active } },
    });

  test('of which some are down is explained by those, with the command that shows which', () => {
    expect(attribute({ ...copy(18, 15), rate: 360e9 }).summary).toBe('15 of 18 NVLinks active');
    expect(factor(copy(18, 15), 'link')).toEqual({
      name: 'link',
      value: 15 / 18,
      evidence: '15 of 18 NVLinks active; documented 450 GB/s',
      confirm: `nvidia-smi nvlink -s -i ${testCard.uuid}`,
    });
    expect(factor(copy(18, 15), 'remainder')?.value).toBeCloseTo(300 / 450 / (15 / 18), 12);
    expect(factor(copy(18, 15), 'remainder')?.evidence).toMatch(/^80 % of one direction .*packet headers/);
  });

  test('is counted against the links of the documented figure, not those of the chip', () => {
    expect(factor(copy(18, 12, 12), 'link')).toMatchObject({ value: 1, confirm: null });
    expect(attribute(copy(18, 12, 12)).summary).toMatch(
      /^67 % of one direction of the NVLinks, .*packet headers/,
    );
    expect(factor(copy(18, 9, 12), 'link')?.value).toBe(0.75);
  });

  test('of which too few are up to carry the rate are not believed', () => {
    const { factors, summary } = attribute({ ...copy(18, 15), rate: 400e9 });
    expect(factors.map(({ name }) => name)).toEqual(['remainder']);
    expect(summary).toBe('15 of 18 NVLinks active, which cannot carry this rate');
  });

  test.each([
    ['the figure names no number of links', copy(4, 2, null)],
    ['none is up, over which nothing was copied', copy(18, 0)],
    ['they were not counted', arithmetic({ rate: 300e9, documented: peerFigure })],
  ])('explains nothing where %s', (_, input) => {
    expect(attribute(input).factors.map(({ name }) => name)).toEqual(['remainder']);
    expect(attribute(input).factors[0]?.value).toBeCloseTo(300 / 450, 12);
  });
});

describe('reasons for a fallen clock', () => {
  test.each([
    ['sw power cap', 'power', 'power cap'],
    ['sw thermal slowdown', 'slowdown', 'thermal slowdown'],
    ['hw thermal slowdown', 'slowdown', 'thermal slowdown'],
    ['hw power brake slowdown', 'slowdown', 'external power brake'],
    ['hw slowdown', 'slowdown', 'hardware slowdown'],
    ['applications clocks setting', 'setting', 'clock setting'],
    ['display clock setting', 'setting', 'clock setting'],
    ['sync boost', 'setting', 'sync boost with another GPU'],
    ['board limit', 'other', 'board limit'],
    ['reliability limit', 'other', 'reliability limit'],
    ['reason bit 11', 'other', 'reason bit 11'],
  ])('%s is %s: %s', (reason, kind, words) => {
    expect(standingReasons(conditions(1e9, [reason, 0.9]))).toEqual([{ kind, words, share: 0.9 }]);
  });

  test('what stood for moments does not count; the most frequent comes first, and once', () => {
    const standing = standingReasons(
      conditions(
        1e9,
        ['sw power cap', 0.05],
        ['sw thermal slowdown', 0.3],
        ['hw thermal slowdown', 0.3],
        ['sync boost', 0.9],
      ),
    );
    expect(standing.map(({ words, share }) => [words, share])).toEqual([
      ['sync boost with another GPU', 0.9],
      ['thermal slowdown', 0.6],
    ]);
  });

  test('bits of one name that take turns count together', () => {
    const standing = standingReasons(
      conditions(1e9, ['sw thermal slowdown', 0.2], ['hw thermal slowdown', 0.2]),
    );
    expect(standing).toEqual([{ kind: 'slowdown', words: 'thermal slowdown', share: 0.4 }]);
    const both = standingReasons(conditions(1e9, ['sw thermal slowdown', 0.9], ['hw thermal slowdown', 0.9]));
    expect(both).toMatchObject([{ share: 1 }]);
  });

  test.each([
    ['heat', ['hw thermal slowdown', 1], ['thermal slowdown']],
    ['a power brake', ['hw power brake slowdown', 0.95], ['external power brake']],
    [
      'nothing more precise for most of the time',
      ['hw thermal slowdown', 0.3],
      ['hardware slowdown', 'thermal slowdown'],
    ],
    ['a cause too brief to matter', ['hw power brake slowdown', 0.2], ['hardware slowdown']],
    ['a cap, which is no cause of it', ['sw power cap', 0.9], ['hardware slowdown', 'power cap']],
  ] as const)('a hardware slowdown is named after its cause: %s', (_, [...beside], words) => {
    const standing = standingReasons(conditions(1e9, ['hw slowdown', 1], beside));
    expect(standing.map((reason) => reason.words)).toEqual(words);
  });
});
