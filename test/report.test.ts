import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { curves } from '../src/judge/curves.js';
import { explainText } from '../src/report/explain.js';
import { formats, parseReport, ReportError } from '../src/report/index.js';
import { inventoryText } from '../src/report/inventory.js';
import type { Report, Row } from '../src/row.js';
import { withNear } from '../src/rows.js';
import type { Variant } from '../src/schema.js';
import { inventory } from './fake-native.js';
import {
  conditions,
  emptyRow,
  kernel,
  linkFigure,
  measured,
  memoryFigure,
  peerFigure,
  report,
  row,
  tensorFigure,
  testCard,
  testCpu,
  work,
} from './testCard.js';

const text = (of: Report, { color = false, width = 160, file = null as string | null } = {}) =>
  formats.text.render(of, { color, width, file });
const lineOf = (rendered: string, start: string) =>
  rendered.split('\n').find((line) => line.startsWith(start));

const bytes = <Changes>(changes: Changes) => ({ unit: 'B/s' as const, dtype: null, ...changes });
const gemm = row(measured(0.65, conditions(1.45e9, ['sw power cap', 0.97])), { ratioToVendor: 1.021 });
const vendor = row(measured(0.66, conditions(1.45e9, ['sw power cap', 0.97])), { provider: 'cublaslt' });
const copy = row(
  measured(0.9, conditions(1.9e9), { documented: memoryFigure }),
  bytes({ id: 'memory.copy', shape: { bytes: 2 ** 33 }, work: { ...work, bytesCounted: 'read + write' } }),
);
const link = row(
  measured(0.4, conditions(1.9e9), { documented: linkFigure, device: { ...testCard, linkWidth: 8 } }),
  bytes({
    id: 'link.h2d.pinned',
    shape: { bytes: 2 ** 28 },
    work: { ...work, bytesCounted: 'one direction' },
  }),
);
const peer = emptyRow(
  bytes({ id: 'peer.copy', verdict: { status: 'unsupported' as const, why: 'one device' } }) as never,
);
const full = report([gemm, vendor, copy, link, peer]);

describe('the terminal report', () => {
  test('names the device with what its rates depend on', () => {
    expect(text(full).split('\n')[0]).toBe(
      'Test card · cuda:0 · driver 580.1 · 100 SMs · 100 GB · 700 W cap · PCIe 5.0 x16',
    );
  });

  test('a lowered power cap and missing lanes show in the header', () => {
    const device = { ...testCard, powerLimitWatts: 500, linkWidth: 8, linkGeneration: 1 };
    const header = text(report([gemm], { devices: [{ ...device, card: null, cardReason: '' }] })).split(
      '\n',
    )[0];
    expect(header).toContain('500 W of 700 W cap');
    expect(header).toContain('PCIe 5.0 x8 of x16');
  });

  test("a MIG slice does not show the board's watts as its own", () => {
    const devices = [{ ...testCard, mig: true, card: null, cardReason: '' }];
    const line = lineOf(text(report([gemm], { devices })), 'gemm.bf16');
    expect(line).toContain('1450 MHz');
    expect(line).not.toMatch(/\d W\b/);
    expect(lineOf(text(report([gemm])), 'gemm.bf16')).toContain('698 W');
  });

  test('sets measured beside documented, with both percentages, clock, watts, ratio and the reason', () => {
    expect(lineOf(text(full, { width: 200 }), 'gemm.bf16        builtin')?.split(/ {2,}/)).toEqual([
      'gemm.bf16',
      'builtin',
      '8192³',
      '650 TFLOPS',
      '1000 TFLOPS',
      '65 %',
      '1450 MHz',
      '90 %',
      '698 W',
      '1.02x',
      'pass',
      'power cap held the clock at 1450 of 2000 MHz',
    ]);
  });

  test('an unsupported row is a dash with its reason', () => {
    expect(lineOf(text(full), 'peer.copy')).toMatch(/–.*unsupported {2}one device$/);
  });

  test('says how bytes are counted for the rows shown, and only for those', () => {
    expect(text(full)).toContain('bytes of memory.copy: read + write.');
    expect(text(full)).toContain('bytes of link.h2d.pinned: one direction.');
    expect(text(report([gemm]))).not.toContain('bytes of');
  });

  test('names the provider only where there are two', () => {
    expect(text(full)).toContain('cublaslt');
    expect(text(report([gemm]))).not.toContain('builtin');
  });

  test('other shapes are written out', () => {
    expect(text(report([{ ...gemm, shape: { m: 4096, n: 2048, k: 1024 } }]))).toContain('4096×2048×1024');
  });

  test('ends with the counts, the time, the state and the file', () => {
    const last = text(full, { file: 'out.json' }).trimEnd().split('\n').at(-1);
    expect(last).toBe('3 pass · 1 low · 1 unsupported · 58.2 s · complete · out.json');
    expect(text({ ...full, state: 'interrupted' })).toMatch(/58\.2 s · interrupted\n$/);
  });

  test('absences tell what to do', () => {
    const absences = [
      {
        what: 'NVIDIA driver',
        reason: 'libcuda.so.1 was not found',
        remedy: 'install the driver',
        code: null,
      },
    ];
    expect(text({ ...full, absences })).toContain(
      'no NVIDIA driver: libcuda.so.1 was not found → install the driver',
    );
  });

  test('a recalled figure is marked and explained', () => {
    const recalled = row(measured(0.9, conditions(2e9), { documented: { ...tensorFigure, recalled: true } }));
    expect(text(report([recalled]))).toMatch(/1000 TFLOPS\*.*\* recalled: no source/s);
    expect(text(full)).not.toMatch(/S\*|\* recalled/);
  });

  test('a failed row shows its code', () => {
    const failed = emptyRow({
      verdict: { status: 'failed', code: 'CUDA_ERROR_LAUNCH_FAILED', why: 'replace it' },
    });
    expect(text(report([failed]))).toContain('CUDA_ERROR_LAUNCH_FAILED: replace it');
  });

  test('a device without rows, and a report without devices, are still a report', () => {
    expect(text(report([]))).toContain('no rows');
    expect(text(report([], { devices: [] }))).toMatch(/^0 pass · 0 low/);
  });
});

describe('a CPU', () => {
  const cpuRow = (id: string) =>
    row(
      measured(0.001, conditions(null), {
        device: testCpu,
        documented: null,
        kernel: { ...kernel, emulated: id.includes('fp8') },
      }),
      {
        id,
        device: 'cpu',
      },
    );
  const rendered = text(
    report([cpuRow('gemm.fp32'), cpuRow('gemm.fp8e4m3')], {
      devices: [{ ...testCpu, card: null, cardReason: 'documented figures are kept for GPUs only' }],
    }),
  );

  test('is measured, not judged, and that is said once', () => {
    expect(rendered.match(/no documented figure/g)).toHaveLength(1);
    expect(rendered).toContain('measured, not judged: a CPU has no documented figure to be judged by');
    expect(lineOf(rendered, 'gemm.fp32')).toMatch(/1\.00 TFLOPS {2}unjudged$/);
  });

  test('is described by its own facts, without columns that it cannot fill', () => {
    expect(rendered.split('\n')[0]).toBe(
      'Test processor · cpu · 16 threads on 8 of 8 cores, hyperthreads used; affinity 0-15; no cgroup limit · 16 GiB · avx2',
    );
    expect(rendered).not.toMatch(/documented {2}|of spec|of clock|power/);
  });

  test('shows a row against both ceilings, and where they come from', () => {
    const figure = { ...tensorFigure, resource: 'vector.fp32', value: 200e9, printed: '200 GFLOPS' };
    const documented = { ...figure, expected: 200e9, derivation: '2 cores x 32 FLOP per clock x 3.13 GHz' };
    const against = {
      ...cpuRow('gemm.fp32'),
      rate: 100e9,
      documented,
      ceiling: { value: 125e9, samples: 5, how: 'a loop', fraction: 0.8 },
      attribution: { ofSpec: 0.5, ofClock: null, factors: [], summary: '' },
    };
    const devices = [{ ...testCpu, card: null, cardReason: 'AMD Zen 4' }];
    const shown = text(report([against], { devices }));
    expect(lineOf(shown, 'row')?.split(/ {2,}/)).toEqual(
      expect.arrayContaining(['derived', 'of derived', 'ceiling', 'of ceiling']),
    );
    expect(lineOf(shown, 'gemm.fp32')).toMatch(/100 GFLOPS +200 GFLOPS +50 % +125 GFLOPS +80 %/);
    expect(shown.replaceAll(/\s+/g, ' ')).toContain('vector.fp32 2 cores x 32 FLOP per clock x 3.13 GHz');
    expect(shown).not.toContain('of spec');
    const unknown = [{ ...testCpu, card: null, cardReason: 'no derived ceiling: unheard of' }];
    const lacking = text(report([{ ...against, documented: null, attribution: null }], { devices: unknown }));
    expect(lacking).toContain('no derived ceiling: unheard of.');
    expect(lineOf(lacking, 'gemm.fp32')).toMatch(/125 GFLOPS +80 %/);
  });

  test('names the formats that it emulates', () => {
    expect(rendered).toContain('emulated, the device lacking the format or the instruction: gemm.fp8e4m3.');
  });
});

test('a row says what its samples did and what the device counted, beside its verdict', () => {
  const subject = measured(0.9, {
    ...conditions(2e9),
    correctedErrors: 3,
    link: { generation: 5, width: 16, replays: 1 },
    nvlinks: { present: 18, active: 17 },
  });
  const statistics = {
    ...subject.statistics,
    drift: -0.031,
    modes: [
      { median: 800e12, share: 0.25 },
      { median: 900e12, share: 0.75 },
    ],
    stragglers: 1,
  };
  const energy = {
    watts: 698,
    perWatt: 1.29e12,
    joulesPerLaunch: 0.85,
    source: 'power readings' as const,
  };
  const rendered = text(report([row({ ...subject, statistics }, { energy })]), { width: 100 }).replace(
    /\s+/g,
    ' ',
  );
  for (const words of [
    'rate fell by 3.1 % within the window',
    'two levels: 800 TFLOPS (25 % of the samples) and 900 TFLOPS (75 % of the samples)',
    '1 of 200 samples was far slower than the rest',
    '3 ECC errors corrected meanwhile',
    '1 PCI Express replay meanwhile',
  ])
    expect(rendered).toContain(words);
  // A card without a bridge has none active, and is none the worse for it.
  expect(rendered).not.toContain('NVLinks');
  // Of an H100 PCIe a bridge reaches 12 of 18, and its documented figure counts those; of copies both ways none is documented.
  const renamed = { id: 'renamed', family: null, shape: { bytes: 2 ** 28, peer: 'cuda:1' }, dtype: null };
  const peer = row({ ...subject, statistics }, renamed);
  expect(text(report([peer]), { width: 100 })).not.toContain('NVLinks active');
  const bridged = (active: number) => {
    const state = { ...subject.conditions, nvlinks: { present: 18, active } };
    const documented = { ...peerFigure, nvlinks: 12 };
    return text(report([row(measured(0.9, state, { documented }), renamed)]), { width: 200 });
  };
  expect(bridged(12)).not.toContain('NVLinks active');
  expect(bridged(8)).toContain('8 of 12 NVLinks active');
  const wrong = (over: string, differences: number) => {
    const kernel = subject.kernel && { ...subject.kernel, name: `cuMemcpyPeerAsync, over ${over}` };
    const verification = { ...subject.verification, differences };
    const verdict = { status: 'corrupted' as const, why: 'for a reason' };
    const changes = { ...renamed, verification, verdict };
    return text(report([row({ ...subject, kernel }, changes)]), { width: 300 });
  };
  const ofNoCard = 'an IOMMU or ACS may have lost the copy, and no card';
  const ofEither = "in this device's memory or in the peer's: nvidia-smi -q -d ECC tells whose";
  expect(wrong('PCI Express', 1)).toContain(ofNoCard);
  expect(wrong('NVLink', 1)).not.toContain('IOMMU');
  for (const over of ['PCI Express', 'NVLink']) {
    expect(wrong(over, 1)).not.toContain(ofEither);
    // An uncorrected ECC error is of memory, and of no way.
    expect(wrong(over, 0)).not.toContain('IOMMU');
    expect(wrong(over, 0)).toContain(ofEither);
  }
  expect(text(report([row(subject, { energy })]))).toMatch(/per watt[\s\S]*1\.29 TFLOPS\/W/);
  expect(text(report([row(measured(0.9))]))).not.toMatch(/within the window|levels|ECC|replay|NVLink/);
});

describe('a far NUMA node', () => {
  // Ids that say nothing: which copy is beside which is not read from them.
  const copy = (way: string, variant: Variant, rate: number | null, changes: Partial<Row> = {}) =>
    row(measured(0.9), {
      id: `renamed ${way} ${rate}`,
      family: 'link',
      operation: way,
      dtype: null,
      variant,
      provider: 'driver',
      shape: { bytes: 2 ** 28 },
      unit: 'B/s',
      rate,
      ...changes,
    });
  const ratios = (rows: Row[]) => withNear(rows).map(({ ratioToNear }) => ratioToNear);

  test("is set beside the device's own, by the same way, size, provider and device alone", () => {
    const rows = [
      copy('h2d', 'pinned', 50e9, { shape: { bytes: 4096 } }),
      copy('h2d', 'pinned', 40e9, { provider: 'builtin' }),
      copy('h2d', 'pinned', 20e9, { device: 'cuda:1' }),
      copy('h2d', 'pageable', 10e9),
      copy('h2d', 'pinned', 55e9),
      copy('d2h', 'pinned', 50e9),
      copy('h2d', 'far', 44e9),
      copy('d2h', 'far', 51e9),
    ];
    expect(ratios(rows)).toEqual([...Array(6).fill(null), 0.8, 1.02]);
  });

  test('has no ratio where one of the two has no rate', () => {
    expect(ratios([copy('h2d', 'far', 44e9)])).toEqual([null]);
    expect(ratios([copy('h2d', 'pinned', null), copy('h2d', 'far', 44e9)])).toEqual([null, null]);
    expect(ratios([copy('h2d', 'pinned', 55e9), copy('h2d', 'far', null)])).toEqual([null, null]);
  });

  test('says in the table and in explain how much slower it is', () => {
    const rows = ['h2d', 'd2h'].flatMap((way) => [
      copy(way, 'pinned', 55e9),
      copy(way, 'far', way === 'h2d' ? 44e9 : 56.1e9),
    ]);
    const whole = report(withNear(rows));
    const view = { color: false, width: 160, file: null };
    const below = "20.0 % below the 55.0 GB/s of the device's own NUMA node";
    const above = "2.0 % above the 55.0 GB/s of the device's own NUMA node";
    for (const rendered of [text(whole), explainText(whole, whole.rows, view)]) {
      const words = rendered.replaceAll(/\s+/g, ' ');
      expect(words).toContain(below);
      expect(words).toContain(above);
      expect(words.match(/NUMA node/g)).toHaveLength(2);
    }
  });
});

describe('copies at many sizes', () => {
  const small = { status: 'unjudged' as const, why: 'small' };
  /** 4 KiB to 1 GiB. `atEnd`: of the largest alone, which then disagrees with those before it. */
  const sweep = (rate: number, changes: Partial<Row>, atEnd = 1) =>
    Array.from({ length: 19 }, (_, octave) => {
      const bytes = 4096 * 2 ** octave;
      const end = octave === 18;
      return row(measured(0.9), {
        ...bytesRow(changes),
        shape: changes.shape && 'peer' in changes.shape ? { ...changes.shape, bytes } : { bytes },
        rate: (rate / (1 + 2 ** 20 / bytes)) * (end ? atEnd : 1),
        ...(end ? {} : { verdict: small }),
      });
    });
  const bytesRow = (changes: Partial<Row>) => ({
    ...{ family: 'link' as const, dtype: null, unit: 'B/s' as const, provider: 'driver', ...changes },
  });
  const peerRow = (peer: string, way: string): Partial<Row> => ({
    ...{ id: 'peer.copy', family: 'peer', shape: { bytes: 0, peer } },
    kernel: { ...kernel, name: `cuMemcpyPeerAsync, over ${way}` },
  });
  const shown = (rows: Row[]) => {
    const whole = report(rows, { curves: curves(rows, [testCard]) });
    const lines = text(whole, { width: 200 }).split('\n');
    return { lines, table: lines.slice(0, lines.indexOf('', 3)) };
  };

  test('show the largest to each GPU with the way it took, and a line for each', () => {
    const { lines, table } = shown([
      ...sweep(400e9, peerRow('cuda:1', 'NVLink')),
      ...sweep(25e9, peerRow('cuda:2', 'PCI Express')),
    ]);
    expect(table.filter((line) => line.startsWith('peer.copy')).map((line) => line.trimEnd())).toEqual([
      expect.stringMatching(/1 GiB → cuda:1 .*400 GB\/s.* over NVLink$/),
      expect.stringMatching(/1 GiB → cuda:2 .*25.0 GB\/s.* over PCI Express$/),
    ]);
    expect(lines).toContain(
      'peer.copy → cuda:1 by driver at 19 sizes: 399 GB/s for large copies, half of it from 1021 KiB on',
    );
    expect(lines.filter((line) => line.includes('→ cuda:2 by driver at 19 sizes: 25.0 GB/s'))).toHaveLength(
      1,
    );
  });

  test('to a GPU without a half-rate size are all shown, whatever another GPU has', () => {
    const uneven = sweep(13e9, peerRow('cuda:3', 'PCI Express'), 0.4);
    const { table } = shown([...sweep(400e9, peerRow('cuda:1', 'NVLink')), ...uneven]);
    expect(table.filter((line) => line.includes('→ cuda:3'))).toHaveLength(19);
    expect(table.filter((line) => line.includes('→ cuda:1'))).toHaveLength(1);
  });

  test('on a far NUMA node keep their difference to the near one', () => {
    const near = { operation: 'h2d', id: 'link.h2d.pinned', variant: 'pinned' as const };
    const far = { operation: 'h2d', id: 'link.h2d.far', variant: 'far' as const };
    const { table } = shown(withNear([...sweep(55e9, near), ...sweep(38.5e9, far)]));
    expect(table.filter((line) => line.startsWith('link.'))).toEqual([
      expect.stringMatching(/^link\.h2d\.pinned .*54.9 GB\/s.*90 %/),
      expect.stringMatching(/^link\.h2d\.far .*38.5 GB\/s.*30.0 % below the 54.9 GB\/s of the device's own/),
    ]);
  });

  test('of an earlier report, whose curves name no GPU, are not folded into one another', () => {
    const { peer, ...earlier } = curves(sweep(400e9, peerRow('cuda:1', 'NVLink')), [testCard])[0] ?? {};
    expect(peer).toBe('cuda:1');
    const rows = sweep(25e9, peerRow('cuda:2', 'PCI Express'));
    const read = parseReport(JSON.stringify({ ...report(rows), curves: [earlier] }));
    expect(text(read, { width: 200 }).match(/→ cuda:2/g)?.length).toBeGreaterThanOrEqual(19);
  });
});

test('a simulated report says so first and last', () => {
  const devices = [{ ...testCard, simulated: true, card: null, cardReason: '' }];
  const lines = text({ ...full, simulated: true, devices })
    .trimEnd()
    .split('\n');
  expect(lines[0]).toMatch(/^SIMULATED/);
  expect(lines[2]).toMatch(/SIMULATED/);
  expect(lines.at(-1)).toMatch(/^SIMULATED/);
  expect(text(full)).not.toContain('SIMULATED');
});

describe('what a terminal gets', () => {
  const csi = '\u001b[';
  test('colors only where they are wanted, and the same words either way', () => {
    const plain = text(full);
    const colored = text(full, { color: true });
    expect(plain).not.toContain(csi);
    expect(colored).toContain(csi);
    expect(stripVTControlCharacters(colored)).toBe(plain);
  });

  test.each([80, 100, 120, 200])(
    'no line is longer than %d columns, and nothing of the verdicts is lost',
    (width) => {
      const rendered = text(full, { width, file: 'nameplate-report.json' });
      for (const line of rendered.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
      const words = rendered.replaceAll(/\s+/g, ' ');
      for (const { verdict } of [link, peer]) expect(words).toContain('why' in verdict ? verdict.why : '');
    },
  );

  test('what had to be left out is named', () => {
    expect(text(full, { width: 80 })).toMatch(/left out for want of width: .*power/);
    expect(text(full, { width: 200 })).not.toContain('left out');
  });

  test('no control characters of a device name or a driver message get through', () => {
    const hostile = `evil${csi}2J\u0007`;
    const rendered = text(
      report([emptyRow({ id: hostile, verdict: { status: 'failed', code: 'E', why: hostile } })], {
        devices: [{ ...testCard, name: hostile, card: null, cardReason: '' }],
        absences: [{ what: hostile, reason: hostile, remedy: hostile, code: null }],
      }),
      { file: hostile },
    );
    expect(rendered).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  test('nothing undefined, nothing that is not a number', () => {
    expect(text(full)).not.toMatch(/NaN|undefined|null|Infinity/);
  });
});

describe('JSON', () => {
  test('keeps a trace readable, a line a sensor, and exact', () => {
    const at = [0, 0.025, 0.05];
    const clockHz = [1.98e9, null, -1.5e-7];
    const empty = [null, null, null];
    const trace = {
      at,
      clockHz,
      memoryClockHz: empty,
      powerWatts: empty,
      temperatureCelsius: empty,
      memoryTemperatureCelsius: empty,
      throttle: [0, 4, 4],
    };
    const traced = report([
      row(measured(0.9, { ...conditions(2e9), trace, missing: 'odd [\n 1,\n 2\n] text' })),
    ]);
    const json = formats.json.render(traced, { color: false, width: 80, file: null });
    expect(json).toContain('"clockHz": [ 1980000000, null, -1.5e-7 ]');
    expect(parseReport(json)).toEqual(traced);
  });

  const json = (of: Report) => formats.json.render(of, { color: true, width: 80, file: null });

  test('comes back exactly, ends in a newline and has no color', () => {
    expect(parseReport(json(full))).toEqual(full);
    expect(json(full)).toMatch(/\}\n$/);
    expect(json(full)).not.toContain('\u001b');
    expect(parseReport(`\uFEFF${json(full)}`), 'an editor put a byte order mark before it').toEqual(full);
  });

  test.each([
    ['nothing', '', /empty/],
    ['half a report', json(full).slice(0, 500), /truncated/],
    ['another program’s output', '[2026-01-01] all fine', /not JSON/],
    ['a table', text(full), /not JSON/],
    ['another program’s JSON', '{"gpus": []}', /no nameplate report/],
    ['a list', '[]', /no nameplate report/],
    ['null', 'null', /no nameplate report/],
    ['another version', JSON.stringify({ ...full, schemaVersion: 1 }), /schemaVersion 1.* reads 2/],
    [
      'a field of a later version',
      JSON.stringify({ ...full, mood: 'good' }),
      /does not know, mood in its top level: a later version wrote it/,
    ],
    ['a missing part', JSON.stringify({ ...full, rows: undefined }), /damaged.*rows/],
    ['an edited row', json(full).replace('"pass"', '"excellent"'), /damaged.*rows\.0\.verdict/],
    [
      'a simulation that passes for a measurement',
      json(full)
        .replaceAll('"simulated": false', '"simulated": true')
        .replace(/(.*)"simulated": true/, '$1"simulated": false'),
      /damaged.*is simulated, and the report does not say so/,
    ],
    ['a rate that is no number', json(full).replace(/"rate": \d+/, '"rate": "fast"'), /rows\.0\.rate/],
  ])('%s is refused with one sentence', (_, broken, message) => {
    expect(() => parseReport(broken)).toThrow(ReportError);
    expect(() => parseReport(broken)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    expect(() => parseReport(broken)).toThrow(message);
    expect(() => parseReport(broken)).toThrow(/^[^\n]+\.$/);
  });
});

test('the inventory says of power limit and link what the report says of them', () => {
  const device = { ...testCard, powerLimitWatts: 500, linkWidth: 4, linkGeneration: 1 };
  const shown = (of: typeof device) => inventoryText(inventory([of]));
  expect(shown(device)).toContain('500 W of 700 W cap');
  expect(shown(device)).toContain('PCIe 5.0 x4 of x16');
  expect(shown({ ...device, mig: true })).toContain('cap of the whole board');
});

test('the inventory leaves a terminal as it is, whatever a driver calls its card', () => {
  const name = 'Test\u001b[2JGPU\u0007';
  const absence = { what: name, reason: name, remedy: name, code: null };
  const shown = inventoryText({ ...inventory([{ ...testCard, name }]), absences: [absence] });
  expect(shown).toContain('GPU');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
});
