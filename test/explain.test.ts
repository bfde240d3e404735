import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { explainText } from '../src/report/explain.js';
import type { Report, Row } from '../src/row.js';
import {
  conditions,
  emptyRow,
  linkFigure,
  measured,
  memoryFigure,
  report,
  row,
  tensorFigure,
  testCard,
  testCpu,
} from './testCard.js';

const text = (of: Report, { color = false, width = 160, rows = of.rows } = {}) =>
  explainText(of, rows, { color, width, file: null });
const flat = (rendered: string) => rendered.replace(/\s+/g, ' ');
const alone = (one: Row, changes: Partial<Report> = {}) => text(report([one], changes));

const capped = conditions(1.45e9, ['sw power cap', 0.97]);
const gemm = row(measured(0.65, capped));
const bytes = { unit: 'B/s' as const, dtype: null, shape: { bytes: 2 ** 33 } };

/** What a reader with a pocket calculator takes from the paper: the printed factors and the printed percentage. */
function printed(rendered: string) {
  const factors = [...rendered.matchAll(/^ {2}x (\d+\.\d+) +(\S+ \S+)/gm)];
  const measured = /^ {2}measured +(\S+ \S+) .*= (-?[\d.]+) % of spec/m.exec(rendered);
  return {
    factors: factors.map((match) => Number(match[1])),
    left: factors.map((match) => match[2]),
    rate: measured?.[1],
    ofSpec: Number(measured?.[2]) / 100,
  };
}

describe('the waterfall', () => {
  let state = 2026;
  const between = (low: number, high: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + (high - low) * (state / 2 ** 32);
  };

  test('multiplies, as printed, to the printed percentage and ends at the printed rate', () => {
    const kinds = [
      { documented: tensorFigure, changes: {} },
      { documented: memoryFigure, changes: bytes },
      { documented: linkFigure, changes: bytes },
    ];
    for (let round = 0; round < 600; round += 1) {
      const { documented, changes } = kinds[round % kinds.length] ?? {
        documented: tensorFigure,
        changes: {},
      };
      const present = Math.ceil(between(10, 100));
      const clock = between(0.4e9, 2.2e9);
      const most = documented === tensorFigure ? (present / 100) * (clock / 2e9) : 1;
      const share = most * between(0.02, 1.03);
      const device = { ...testCard, multiprocessors: present, maxMemoryClockHz: between(3e9, 4e9) };
      const subject = measured(share, conditions(clock, ['sw power cap', 0.9]), { documented, device });
      const { factors, left, rate, ofSpec } = printed(alone(row(subject, changes)));
      expect(factors.length).toBe(subject.attribution?.factors.length);
      const product = factors.reduce((before, factor) => before * factor, 1);
      // One unit of the last printed digit: both sides are rounded.
      expect(Math.abs(product - ofSpec)).toBeLessThan(0.001);
      expect(Math.abs(ofSpec - share)).toBeLessThanOrEqual(0.0005 + 1e-9);
      expect(left.at(-1)).toBe(rate);
    }
  });

  test('starts at the figure as printed and says what is left after each factor, with evidence and command', () => {
    const rendered = alone(gemm);
    expect(rendered).toMatch(/^ {2}documented +1000 TFLOPS/m);
    expect(rendered).toContain('tensor.bf16 of test-card · dense · accumulated in fp32 · 2000 MHz assumed');
    const ofMemory = alone(row(measured(0.9, conditions(1.9e9), { documented: memoryFigure })));
    expect(ofMemory, 'bytes are neither dense nor sparse').not.toMatch(/dense|sparse/);
    expect(rendered).toMatch(/^ {2}x 1\.0000 +1000 TFLOPS .*multiprocessors\n +100 of 100 SMs present$/m);
    expect(rendered).toMatch(/^ {2}x 0\.7250 +725 TFLOPS .*clock\n +SM clock held at 1450 MHz/m);
    expect(flat(rendered)).toContain('power cap stood in 97 % of them; 698 W drawn; limit 700 W');
    expect(rendered).toMatch(/^ {2}x 0\.8966 +650 TFLOPS .*kernel\n +kernel reaches 90 % at this clock$/m);
    expect(rendered).toMatch(/^ {2}measured +650 TFLOPS .*= 65\.0 % of spec$/m);
    expect(rendered).toMatch(
      new RegExp(`^ +confirm: nvidia-smi -q -d CLOCK,POWER,PERFORMANCE -i ${testCard.uuid}$`, 'm'),
    );
  });

  test('draws no bar beyond the longest, also above 100 %', () => {
    const fast = row(measured(1.08, conditions(2.2e9)));
    const bars = [...alone(fast).matchAll(/█+/g)].map(([bar]) => bar.length);
    expect(bars).toHaveLength(5);
    expect(Math.max(...bars)).toBe(bars[2]);
    expect(bars[0]).toBeLessThan(bars.at(-1) ?? 0);
  });

  test('marks a figure that is recalled, derived, or whose clock is only implied', () => {
    const documented = { ...tensorFigure, recalled: true, derivation: 'half of fp8', clockImplied: true };
    const rendered = flat(alone(row(measured(0.9, conditions(2e9), { documented }))));
    expect(rendered).toContain('RECALLED: no source of it could be opened');
    expect(rendered).toContain('derived: half of fp8');
    expect(rendered).toContain('2000 MHz implied by it, named by no document');
    expect(alone(gemm)).not.toMatch(/RECALLED|derived|implied/);
  });

  test('of a MIG slice says its share and what it reaches of that', () => {
    const documented = { ...tensorFigure, expected: 140e12 };
    const device = { ...testCard, mig: true, multiprocessors: 14 };
    const rendered = alone(row(measured(0.9, conditions(2e9), { documented, device })));
    expect(rendered).toContain('MIG slice of 14 of 100 SMs present');
    expect(rendered).toContain('confirm: nvidia-smi -L\n');
    expect(rendered).toMatch(
      /this slice's share is 140 TFLOPS, 14\.0 % of the card; of that it reaches 90\.0 %/,
    );
    const ofMemory = { ...memoryFigure, expected: 0.14 * memoryFigure.value };
    expect(flat(alone(row(measured(0.9, conditions(2e9), { device, documented: ofMemory }))))).toMatch(
      /this slice's share is assumed to be \S+ \S+, 14\.0 % of the card/,
    );
    expect(alone(gemm)).not.toContain('slice');
  });

  test('of a MIG slice whose share no document gives does not say that the card has no figure', () => {
    const device = { ...testCard, mig: true, multiprocessors: 14 };
    const kernel = { ...measured(1).kernel, resource: 'memory' };
    const devices = [{ ...device, card: 'test-card', cardReason: '' }];
    const subject = measured(0.1, capped, { device, kernel, documented: null });
    expect(flat(alone(row(subject), { devices }))).toContain(
      'test-card documents none for memory, or none for this slice',
    );
  });

  test("of a MIG slice shows no watts but as the board's", () => {
    const device = { ...testCard, mig: true, multiprocessors: 14 };
    const devices = [{ ...device, card: null, cardReason: '' }];
    const rendered = flat(alone(row(measured(0.1, capped, { device })), { devices }));
    const owned = [
      '700 W cap of the whole board',
      '698 W drawn by the whole board; limit 700 W, default 700 W',
      'power of the whole board 698 W (691 W to 705 W)',
    ];
    for (const words of owned) expect(rendered).toContain(words);
    expect(owned.reduce((left, words) => left.replace(words, ''), rendered)).not.toMatch(/\d W\b/);
    expect(alone(gemm)).not.toContain('whole board');
  });

  test('names SMs that are fused off', () => {
    const device = { ...testCard, multiprocessors: 90 };
    const rendered = alone(row(measured(0.8, conditions(2e9), { device })));
    expect(rendered).toMatch(
      /^ {2}x 0\.9000 +900 TFLOPS .*\n +90 of 100 SMs present\n +confirm: nameplate devices$/m,
    );
  });

  test('needs a documented figure alone: without factors it says so and still gives the share', () => {
    const rendered = alone({ ...gemm, attribution: null });
    expect(rendered).toMatch(/^ {2}documented +1000 TFLOPS/m);
    expect(rendered).toMatch(/= 65\.0 % of spec\n +not split into factors/);
    expect(rendered).not.toMatch(/^ {2}x /m);
  });
});

describe('beside the waterfall', () => {
  test('stands the verdict with its reason, and a failure with its code', () => {
    expect(flat(alone(gemm))).toContain(
      'gemm.bf16 by builtin · 8192³ · cuda:0 pass: 65.0 % of the documented figure',
    );
    const failed = emptyRow({ verdict: { status: 'failed', code: 'CUDA_ERROR_X', why: 'replace it' } });
    expect(alone(failed).trimEnd().split('\n').at(-1)).toBe('  failed: CUDA_ERROR_X: replace it');
  });

  test('stands burst beside sustained, each with its clock, watts and temperature', () => {
    const cool = { ...conditions(1.98e9), temperatureCelsius: { median: 41, min: 40, max: 42 } };
    const early = measured(0.81, cool);
    const burst = { statistics: early.statistics, conditions: cool, energy: null };
    const rendered = alone({ ...gemm, burst });
    expect(rendered).toMatch(/^ +burst +810 TFLOPS .* 1980 MHz +698 W +41 °C +200 +precise enough$/m);
    expect(rendered).toMatch(/^ +sustained +650 TFLOPS .* 1450 MHz +698 W +60 °C +200 +precise enough$/m);
    expect(rendered).toContain('-0.50 % to +0.50 %');
  });

  test('stand samples and what they did', () => {
    const statistics = {
      ...gemm.statistics,
      ...measured(0.65).statistics,
      drift: -0.031,
      modes: [
        { median: 600e12, share: 0.25 },
        { median: 700e12, share: 0.75 },
      ],
      stragglers: 2,
    };
    const words = flat(alone({ ...gemm, statistics }));
    expect(words).toContain('median 650 TFLOPS, median absolute deviation 0.20 %');
    expect(words).toContain('rate fell by 3.1 % within the window');
    expect(words).toContain('samples have two levels: 600 TFLOPS (25 % of the samples) and 700 TFLOPS');
    expect(words).toContain('2 of 200 samples were far slower');
  });

  test('stands what the sensors said, and what they did not', () => {
    const state = {
      ...capped,
      memoryTemperatureCelsius: { median: 84, min: 80, max: 88 },
      correctedErrors: 3,
      link: { generation: 5, width: 8, replays: 7 },
      nvlinks: { present: 18, active: 17 },
      missing: 'fan speed: not supported',
    };
    const words = flat(alone(row(measured(0.65, state))));
    for (const expected of [
      'nvml: 58 readings in 700 ms',
      'SM clock 1450 MHz (1378 MHz to 1523 MHz)',
      'memory clock 3000 MHz',
      'power 698 W (691 W to 705 W)',
      'chip 60 °C (57 °C to 63 °C)',
      'memory 84 °C (80 °C to 88 °C)',
      'clock held down by: sw power cap in 97 % of the readings',
      'ECC errors: 3 corrected, 0 uncorrected',
      'link PCIe 5.0 x8, 7 replays',
      '17 of 18 NVLinks active',
      'missing: fan speed: not supported',
    ])
      expect(words).toContain(expected);
  });

  test('stands that no reason held the clock down only where the driver told of reasons', () => {
    const held = (throttle: (number | null)[]) => {
      const at = throttle.map((_, index) => index / 40);
      const silent = { clockHz: [], memoryClockHz: [], powerWatts: [], temperatureCelsius: [] };
      const trace = { at, throttle, memoryTemperatureCelsius: [], ...silent };
      return flat(alone(row(measured(0.9, { ...conditions(1.9e9), trace }))));
    };
    expect(held([null, 0])).toContain('clock held down by: nothing that the driver names');
    expect(held([null, null])).toContain('clock held down by: not told');
  });

  test.each([
    ['gemm.bf16', gemm, 1e12, '1.00 TFLOPS/W · 1.00 pJ per FLOP'],
    ['gemm.int8', { ...gemm, dtype: 'int8' as const }, 2e12, '2.00 TOPS/W · 0.5 pJ per operation'],
    ['memory.copy', { ...gemm, ...bytes }, 5e9, '5.00 GB/J · 200 pJ per byte'],
  ])('stands the energy of %s with its source', (_, of, perWatt, words) => {
    const energy = { watts: 650, perWatt, joulesPerLaunch: 1.25, source: 'energy counter' as const };
    expect(flat(alone({ ...of, energy }))).toContain(
      `${words} · 1.25 J per launch · 650 W of the whole board, by its energy counter`,
    );
  });

  test('stands what was multiplied, and of memory nothing that it did not move', () => {
    const zeros = { data: 'zeros' as const };
    expect(flat(alone({ ...gemm, ...zeros }))).toContain('data zeros, seed 1');
    const moved = flat(alone({ ...gemm, ...bytes, ...zeros }));
    expect(moved).toContain(' · seed 1');
    expect(moved).not.toContain('zeros');
  });

  test('stand verification, work, kernel and sources', () => {
    const documented = { ...tensorFigure, sources: ['Data sheet <https://example.org/sheet.pdf>'] };
    const subject = measured(0.65, capped, { documented });
    const kernel = { ...subject.kernel, note: 'picked of 8', tuned: false, emulated: true };
    const words = flat(alone(row(subject, { kernel, ratioToVendor: 0.512 })));
    for (const expected of [
      'compared with a float64 reference 4096 elements compared, 0 wrong, the worst at 0.40 of its bound (bound: within the rounding of fp32 sums)',
      'the output of the last timed launches was compared with it bit by bit',
      '1.10 TFLOP a launch · 384 MiB a launch (read a and b once, write c once)',
      'leading dimensions 8192, 8192, 8192 · accumulated in fp32 · written as bf16 · data uniform, seed 1',
      'test_kernel · tensor.bf16 · right, speed not established · emulated picked of 8',
      "0.51x the vendor's row",
      '89.7 % of what the SMs present can do at the clock held',
      'sources Data sheet <https://example.org/sheet.pdf>',
    ])
      expect(words).toContain(expected);
  });

  test('a wrong result shows what was expected and found', () => {
    const first = { at: 'row 3', expected: '1', actual: '2' };
    const subject = measured(0.65);
    const verification = { ...subject.verification, differences: 9, first, timedLaunchesCompared: false };
    const words = flat(alone(row({ ...subject, verification })));
    expect(words).toContain('first at row 3: expected 1, found 2');
    expect(words).toContain('launches was NOT compared');
  });
});

describe('a row without a documented figure', () => {
  const subject = measured(0.001, conditions(null), { device: testCpu, documented: null });

  test('of a CPU says why, and explains the rest', () => {
    const devices = [{ ...testCpu, card: null, cardReason: 'kept for GPUs only' }];
    const rendered = alone(row(subject, { device: 'cpu' }), { devices });
    expect(rendered).toContain('no figure to set beside it: kept for GPUs only');
    expect(rendered).toContain('missing: no NVML');
    expect(rendered).not.toMatch(/of spec|^ {2}x /m);
  });

  test('of a known card names the resource', () => {
    expect(alone(row(measured(0.5, capped, { documented: null })))).toContain(
      'test-card documents none for tensor.bf16',
    );
  });
});

describe('what a terminal gets', () => {
  const csi = '\u001b[';
  const copy = row(measured(0.9, conditions(1.9e9), { documented: memoryFigure }), {
    ...bytes,
    id: 'memory.copy',
  });
  const full = report([
    gemm,
    copy,
    emptyRow({ id: 'peer.copy', verdict: { status: 'unsupported', why: 'one device' } }),
  ]);

  test('the rows that were asked for, and no others', () => {
    const rendered = text(full, { rows: [copy] });
    expect(rendered).toContain('memory.copy');
    expect(rendered).not.toMatch(/gemm|peer/);
  });

  test('colors only where they are wanted, and the same words either way', () => {
    expect(text(full)).not.toContain(csi);
    expect(text(full, { color: true })).toContain(csi);
    expect(stripVTControlCharacters(text(full, { color: true }))).toBe(text(full));
  });

  test.each([80, 100, 200])(
    'no line longer than %d columns, save a command that is there to be copied',
    (width) => {
      for (const line of text(full, { width }).split('\n')) {
        if (!line.includes('confirm:')) expect(line.length).toBeLessThanOrEqual(width);
      }
    },
  );

  test('nothing undefined, nothing that is not a number, no control character of a foreign file', () => {
    const hostile = `evil${csi}2J\u0007`;
    const documented = { ...tensorFigure, printed: hostile, card: hostile, sources: [hostile] };
    const subject = measured(0.5, { ...capped, missing: hostile }, { documented });
    const kernel = { ...subject.kernel, name: hostile, note: hostile };
    const attribution = subject.attribution && {
      ...subject.attribution,
      factors: subject.attribution.factors.map((factor) => ({
        ...factor,
        evidence: hostile,
        confirm: hostile,
      })),
    };
    const rendered = alone(row(subject, { id: hostile, kernel, attribution }));
    expect(rendered).not.toMatch(/(?!\n)\p{Cc}/u);
    expect(rendered).not.toMatch(/NaN|undefined|null|Infinity/);
    expect(text(full)).not.toMatch(/NaN|undefined|null|Infinity/);
  });

  test('an answer also where an edited report holds figures that cannot be', () => {
    for (const [documented, factor] of [
      [0, 1],
      [1000e12, -1],
      [-1000e12, 1],
    ] as const) {
      const factors = [{ name: 'clock' as const, value: factor, evidence: '', confirm: null }];
      const attribution = gemm.attribution && { ...gemm.attribution, factors };
      const edited = { ...gemm, documented: { ...tensorFigure, value: documented }, attribution };
      expect(alone(edited)).toMatch(/measured +650 TFLOPS/);
    }
  });

  test('a simulated report says so first and last', () => {
    const lines = text({ ...full, simulated: true })
      .trimEnd()
      .split('\n');
    expect(lines[0]).toMatch(/^SIMULATED/);
    expect(lines.at(-1)).toMatch(/^SIMULATED/);
    expect(text(full)).not.toContain('SIMULATED');
  });
});
