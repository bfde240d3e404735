// The formats of a report that other programs read, each read back by a reader that knows only the format.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { curves } from '../src/judge/curves.js';
import { exitCode } from '../src/judge/exitCode.js';
import { formats } from '../src/report/index.js';
import { renderJson } from '../src/report/json.js';
import type { Report, Row } from '../src/row.js';
import { nameplate } from './command.js';
import { conditions, emptyRow, measured, memoryFigure, report, row, testCard, testCpu } from './testCard.js';

type Name = keyof typeof formats;
const render = (name: Name, of: Report) => formats[name].render(of, { color: false, width: 160, file: null });

const card = { ...testCard, card: 'test-card', cardReason: '' };
const verdicts: Row['verdict'][] = [
  { status: 'low', fraction: 0.5, threshold: 0.7, why: 'half of the figure' },
  { status: 'inconclusive', fraction: 0.7, threshold: 0.7, why: 'the interval holds the threshold' },
  { status: 'throttled', fraction: 0.5, threshold: 0.7, why: 'the clock fell' },
  { status: 'implausible', fraction: 1.4, limit: 1.05, why: 'faster than the silicon' },
  { status: 'corrupted', why: '3 elements differ' },
  { status: 'unjudged', why: 'no threshold' },
  { status: 'unsupported', why: 'one device' },
  { status: 'failed', code: 'CUDA_ERROR_LAUNCH_FAILED', why: 'replace it' },
];
const gemm = row(measured(0.9, conditions(1.9e9)));
const vendor = row(measured(0.91, conditions(1.9e9)), { provider: 'cublaslt' });
const other = row(measured(0.8, conditions(1.9e9)), { shape: { m: 4096, n: 2048, k: 1024 } });
const bytes = { unit: 'B/s' as const, dtype: null };
const copy = (size: number) =>
  row(measured(0.9, conditions(1.9e9), { documented: memoryFigure }), {
    ...{ id: 'memory.copy', family: 'memory', shape: { bytes: size }, ...bytes },
  });
const latency = row(measured(0.9, conditions(1.9e9), { documented: null }), {
  ...{ id: 'latency.memory', family: 'latency', shape: { bytes: 2 ** 28 }, dtype: null },
  ...{ unit: 's', rate: 6.12e-7, clocks: 1163 },
});
/** Sizes that a reader is shown as the same. */
const alike = [copy(2 ** 33), copy(10 ** 9), copy(10 ** 9 + 64)];
const judged = verdicts.map((verdict) =>
  verdict.status === 'unsupported' || verdict.status === 'failed'
    ? emptyRow({ id: `gemm.${verdict.status}`, verdict })
    : row(measured(0.5), { id: `gemm.${verdict.status}`, verdict }),
);
const rows = [gemm, vendor, other, ...alike, latency, ...judged];
const full = report(rows, { devices: [card] });
const simulated = (of: Report): Report => ({
  ...{ ...of, simulated: true },
  devices: of.devices.map((device) => ({ ...device, simulated: true })),
});

/** What may not become a cell, a formula, an element, markup or a series. */
const evil = [
  `=HYPERLINK("http://a.example","b")`,
  '+1;=1+1;\t-2;"@x',
  `\t=1\r\n@SUM(A1)\u001b[31m`,
  '| a \\| b `c` <img src=x> <!-- [d](http://e.example) **f** @g #1 www.h.example\n\n# i',
  `]]></testcase>&amp;<!DOCTYPE x>'"\u0000\u000b\ufffe\ud800`,
  `x"} 1\nnameplate_verdict{status="pass"} 1\\`,
] as const;
const hostile = report(
  evil.flatMap((text) => {
    const verdict = { status: 'failed' as const, code: text, why: text };
    const bad = emptyRow({ id: text, provider: text, verdict });
    const kernel = gemm.kernel && { ...gemm.kernel, name: text };
    return [bad, bad, { ...gemm, id: text, provider: text, kernel, shape: { bytes: 64, peer: text } }];
  }),
  {
    devices: [{ ...card, name: evil[0], uuid: evil[4], driver: evil[3], card: evil[1], cardReason: evil[3] }],
    host: { ...full.host, hostname: evil[5] },
    absences: evil.map((text) => ({ what: text, reason: text, remedy: text })),
  },
);

/** A file with the report, and what the command says of it. */
async function printed(of: Report, format: Name) {
  const file = join(mkdtempSync(join(tmpdir(), 'nameplate-formats-')), 'report.json');
  writeFileSync(file, renderJson(of));
  const { code, stdout, stderr } = await nameplate('report', file, '--format', format);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe('csv', () => {
  /** RFC 4180, and nothing else. */
  function parse(text: string): Record<string, string>[] {
    const records: string[][] = [];
    const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
    let record: string[] = [];
    while (cell.lastIndex < text.length) {
      const at = cell.lastIndex;
      const match = cell.exec(text);
      if (match === null) throw new Error(`no cell at ${at}: ${text.slice(at, at + 40)}`);
      record.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
      if (match[3] === ',') continue;
      records.push(record);
      record = [];
    }
    const [header = [], ...lines] = records;
    return lines.map((line) => {
      expect(line).toHaveLength(header.length);
      return Object.fromEntries(line.map((text, index) => [header[index] ?? '', text]));
    });
  }

  it('has a line a row, with the figures as they are, and nothing where there is none', () => {
    const lines = parse(render('csv', full));
    expect(lines).toHaveLength(rows.length);
    lines.forEach((line, index) => {
      const { id, rate, attribution, burst, statistics, verdict, seed } = rows[index] as Row;
      const figures = {
        ...{ rate, of_spec: attribution?.ofSpec, interval_low: statistics?.interval.low, seed },
        ...{ interval_high: statistics?.interval.high, burst_rate: burst?.statistics.median },
      };
      for (const [name, figure] of Object.entries(figures))
        expect(line[name], name).toBe(figure == null ? '' : String(figure));
      expect(line).toMatchObject({ row: id, verdict: verdict.status, why: verdict.why, simulated: 'false' });
      expect(line).toMatchObject({ device: 'cuda:0', device_name: 'Test card', card: 'test-card' });
    });
    expect(lines[2]).toMatchObject({ shape: '4096x2048x1024', unit: 'FLOP/s', clock_hz: '1900000000' });
    expect(lines.slice(3, 6).map(({ shape }) => shape)).toEqual(['8589934592', '1000000000', '1000000064']);
    expect(lines.at(-1)).toMatchObject({ code: 'CUDA_ERROR_LAUNCH_FAILED', kernel: '', power_watts: '' });
  });

  it('says of every line that it is simulated', () => {
    const lines = parse(render('csv', simulated(full)));
    expect(new Set(lines.map((line) => line.simulated))).toEqual(new Set(['true']));
  });

  it('runs nothing in a spreadsheet, whatever separates its cells', () => {
    const text = render('csv', hostile);
    const lines = parse(text);
    expect(lines.map(({ rate }) => rate).filter(Boolean)).toHaveLength(evil.length);
    expect(lines[0]?.row).toBe(`'${evil[0]}`);
    expect(text.replaceAll('\r\n', '')).not.toMatch(/\p{Cc}/u);
    for (const cell of [...lines.flatMap((line) => Object.values(line)), ...text.split(/[;\r\n]+/)])
      expect(cell).not.toMatch(/^[\s"]*[=+\-@]/);
  });

  it('leaves a minus to the numbers', () => {
    const drift = {
      ...gemm,
      rate: -1.5e-7,
      verdict: { ...verdicts[5], why: 'a-b; c = d' } as Row['verdict'],
    };
    expect(parse(render('csv', report([drift])))[0]).toMatchObject({ rate: '-1.5e-7', why: 'a-b; c = d' });
  });

  it('calls the arithmetic of a CPU derived, and no document', () => {
    const devices = [{ ...testCpu, id: 'cuda:0', card: null, cardReason: '' }];
    const [line] = parse(render('csv', report([gemm], { devices })));
    expect(line).toMatchObject({
      documented: '',
      of_spec: '',
      derived: '1000000000000000',
      of_derived: '0.9',
    });
  });

  it('is a header where there are no rows', () => {
    expect(render('csv', report([], { devices: [] }))).toMatch(/^row,[a-z_,]+,nameplate\r\n$/);
  });

  it('is printed by the command', async () => {
    expect(await printed(full, 'csv')).toBe(render('csv', full));
  });
});

describe('markdown', () => {
  /** What a row of a GitHub table holds: cells between pipes, entities and backslashes resolved. */
  const cells = (line: string) =>
    line
      .slice(2, -2)
      .split(' | ')
      .map((cell) =>
        cell
          .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
          .replace(/\\([!-/:-@[-`{-~])/g, '$1')
          .replaceAll('\u2060', ''),
      );
  const tableOf = (text: string) => text.split('\n').filter((line) => line.startsWith('|'));

  it('has the table of the terminal, a reason in each row, and the sum', () => {
    const text = render('markdown', full);
    expect(text.split('\n')[0]).toMatch(/^### Test card · cuda:0 · driver 580\.1 · 100 SMs/);
    const [head = '', rule = '', ...lines] = tableOf(text);
    expect(cells(head)).toEqual([
      ...['row', 'by', 'shape', 'measured', 'clocks', 'documented', 'of spec', 'of clock', 'verdict', 'why'],
    ]);
    expect(rule).toMatch(/^\|( (:--|--:) \|){10}$/);
    expect(lines).toHaveLength(rows.length);
    expect(cells(lines[0] ?? '')).toEqual([
      ...['gemm.bf16', 'builtin', '8192³', '900 TFLOPS', '–', '1000 TFLOPS', '90 %', '95 %', 'pass'],
      'clock at 1900 of 2000 MHz for no named reason; kernel reaches 95 % at this clock',
    ]);
    expect(cells(lines.at(-1) ?? '').slice(-2)).toEqual(['failed', 'CUDA_ERROR_LAUNCH_FAILED: replace it']);
    expect(text).toMatch(/^- of spec: measured \/ documented; .*\n\n6 pass · 1 low .* · complete\n$/ms);
  });

  it('says before all else that it is simulated', () => {
    expect(render('markdown', simulated(full))).toMatch(/^> \*\*SIMULATED: a stand-in for tests answered/);
    expect(render('markdown', full)).not.toContain('SIMULATED');
  });

  it('holds nothing of a report as markup', () => {
    const text = render('markdown', hostile);
    const [head, , ...lines] = tableOf(text).map(cells);
    expect(lines).toHaveLength(hostile.rows.length);
    for (const line of lines) expect(line).toHaveLength(head?.length ?? 0);
    const words = evil[3].replaceAll('\n\n', ' ');
    expect(lines.find(([id]) => id === words)?.at(-1)).toBe(`${words}: ${words}`);
    for (const line of text.split('\n')) {
      expect(line).toMatch(/^(\||### |- |no rows|\d|$)/);
      expect(line.replace(/^### /, '').replaceAll(/&#\d+;/g, '')).not.toMatch(
        /[<>&]|(?<!\\)(\\\\)*[`*_[\]#!~]|@\w|#\w|:\/\/|www\./,
      );
    }
  });

  it('shows curves as they stand, whatever a name says', () => {
    const swept = [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22].map((power) => {
      const kind = { id: evil[3], family: 'cache', operation: 'cache.read', variant: 'device' } as const;
      return row(measured(0.9), { ...kind, ...bytes, rate: 4e12, shape: { bytes: 2 ** power } });
    });
    const text = render('markdown', report(swept, { devices: [card], curves: curves(swept, [card]) }));
    const [before, after = ''] = text.split('Over many sizes:\n\n');
    expect(before).not.toContain('    ');
    expect(after.split('\n\n')[0]).toMatch(/^( {4}.*\n?)+$/);
    expect(after).toContain('    | a \\| b `c` <img');
  });

  it('is printed by the command', async () => {
    expect(await printed(full, 'markdown')).toBe(render('markdown', full));
  });
});

describe('junit', () => {
  type Element = { name: string; attributes: Record<string, string>; children: Element[]; text: string };

  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  const resolved = (text: string) =>
    text.replace(/&([^;]*);?/g, (whole, name) => {
      const sign = entities[name];
      if (sign === undefined) throw new Error(`no such entity: ${whole}`);
      return sign;
    });

  /** XML without comments, CDATA and DOCTYPE: what is well-formed here is so by the whole standard. */
  function parse(xml: string): Element {
    expect(xml).not.toMatch(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u);
    const root: Element = { name: '', attributes: {}, children: [], text: '' };
    const open = [root];
    const token = /<\/([\w-]+)>|<([\w-]+)((?: \w+="[^"<]*")*)(\/?)>|([^<>]+)/y;
    token.lastIndex = '<?xml version="1.0" encoding="UTF-8"?>\n'.length;
    while (token.lastIndex < xml.length) {
      const at = token.lastIndex;
      const [whole, , name, list = '', empty, text] = token.exec(xml) ?? [];
      if (whole === undefined) throw new Error(`not well-formed at ${at}: ${xml.slice(at, at + 60)}`);
      const top = open.at(-1) ?? root;
      if (text !== undefined) top.text += resolved(text);
      else if (name === undefined) expect(open.pop()?.name).toBe(whole.slice(2, -1));
      else {
        const pairs = [...list.matchAll(/ (\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [
          key,
          resolved(value),
        ]);
        const element = { name, attributes: Object.fromEntries(pairs), children: [], text: '' };
        expect(Object.keys(element.attributes), 'no attribute twice').toHaveLength(pairs.length);
        top.children.push(element);
        if (empty === '') open.push(element);
      }
    }
    expect(open).toHaveLength(1);
    expect(root.children).toHaveLength(1);
    return root.children[0] as Element;
  }

  const kinds = ['failure', 'error', 'skipped'];
  const casesOf = (suites: Element) =>
    suites.children.flatMap((suite) => suite.children).filter(({ name }) => name === 'testcase');
  const outcome = (one: Element) => one.children.find(({ name }) => kinds.includes(name));
  const named = (of: Report, name: string) => {
    const [found] = casesOf(parse(render('junit', of))).filter(({ attributes }) => attributes.name === name);
    return found && (outcome(found)?.name ?? 'pass');
  };
  const red = (of: Report) => {
    const { failures, errors } = parse(render('junit', of)).attributes;
    return Number(failures) + Number(errors) > 0;
  };

  it('has a suite a device and a case a row, and says of each what it is', () => {
    const suites = parse(render('junit', full));
    expect(suites.children.map(({ attributes }) => attributes.name)).toEqual(['Test card cuda:0', 'run']);
    const cases = casesOf(suites).slice(0, rows.length);
    expect(cases[0]?.attributes).toEqual({
      ...{ classname: 'cuda:0.gemm', name: 'gemm.bf16 8192x8192x8192 builtin', time: '1.400' },
    });
    expect(cases[0]?.children[0]?.text).toBe(
      'measured: 900 TFLOPS\ndocumented: 1000 TFLOPS\nof spec: 90.0 %\nkernel: test_kernel\n',
    );
    expect(cases.slice(-verdicts.length).map((one) => outcome(one)?.name)).toEqual([
      ...['failure', 'skipped', 'skipped', 'failure', 'failure', 'skipped', 'skipped', 'error'],
    ]);
    expect(outcome(cases.at(-1) as Element)?.attributes).toEqual({
      ...{ type: 'CUDA_ERROR_LAUNCH_FAILED', message: 'CUDA_ERROR_LAUNCH_FAILED: replace it' },
    });
  });

  it.each([
    ['every verdict', full],
    ['hostile strings', hostile],
    ['no device', report([], { devices: [] })],
  ])('counts what is in it, and gives no name twice: %s', (_, of) => {
    const suites = parse(render('junit', of));
    for (const one of [suites, ...suites.children]) {
      const cases = one === suites ? casesOf(suites) : one.children.filter(({ name }) => name === 'testcase');
      const count = (kind: string) => String(cases.filter((each) => outcome(each)?.name === kind).length);
      const [failures, errors, skipped] = kinds.map(count);
      const tests = String(cases.length);
      const counts = one === suites ? { tests, failures, errors } : { tests, failures, errors, skipped };
      expect(one.attributes).toMatchObject(counts);
    }
    const keys = casesOf(suites).map(({ attributes }) => `${attributes.classname}\n${attributes.name}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is red exactly where the exit code of the run was not 0', () => {
    const gone = { what: 'cuda:1', reason: 'cuDeviceGetUuid failed', remedy: 'reset it' };
    const repair = { means: 'remapped rows', corrected: 0, uncorrected: 1, pending: false } as const;
    const fine = report([gemm, latency], { devices: [card] });
    const health = (changes: Partial<typeof card>) => ({ ...fine, devices: [{ ...card, ...changes }] });
    const cases: Report[] = [
      ...rows.map((one) => report([one], { devices: [card] })),
      ...judged.map((one) => report([gemm, one], { devices: [card] })),
      ...[fine, full, report([], { devices: [] }), { ...fine, absences: [gone] }],
      { ...fine, absences: [gone], options: { ...fine.options, devices: ['cuda:0'] } },
      ...[
        { ...fine, state: 'interrupted' as const },
        { ...fine, state: 'running' as const },
      ],
      ...[true, false].map((failed) => health({ memoryRepair: { ...repair, failed } })),
      ...['none', 'GPU reset'].map((recoveryAction) => health({ recoveryAction })),
    ];
    const reds = cases.map(red);
    expect(reds).toEqual(
      cases.map((of) => exitCode(of, { strict: false, interrupted: of.state !== 'complete' }) !== 0),
    );
    expect(new Set(reds).size).toBe(2);
    expect(named(health({ memoryRepair: { ...repair, failed: true } }), 'memory can be repaired')).toBe(
      'failure',
    );
    expect(named(health({ recoveryAction: 'GPU reset' }), 'no fault awaits recovery')).toBe('failure');
    expect(named(fine, 'no fault awaits recovery'), 'a driver that does not tell').toBeUndefined();
    expect(named({ ...fine, absences: [gone] }, 'every GPU asked for answers')).toBe('error');
  });

  it('says in the class of each case that it is simulated', () => {
    const cases = casesOf(parse(render('junit', simulated(full))));
    for (const { attributes } of cases) expect(attributes.classname).toMatch(/^SIMULATED /);
    expect(render('junit', full)).not.toContain('SIMULATED');
  });

  it('keeps hostile strings as text', () => {
    const [first] = casesOf(parse(render('junit', hostile))).filter((one) =>
      one.attributes.name?.startsWith(']]>'),
    );
    const words = `]]></testcase>&amp;<!DOCTYPE x>'" `;
    expect(outcome(first as Element)?.attributes).toEqual({ type: words, message: `${words}: ${words}` });
  });

  it.skipIf(spawnSync('xmllint', ['--version']).error !== undefined)('is XML to xmllint', () => {
    for (const of of [full, hostile]) {
      const { status, stderr } = spawnSync('xmllint', ['--noout', '-'], { input: render('junit', of) });
      expect({ status, stderr: String(stderr) }).toEqual({ status: 0, stderr: '' });
    }
  });

  it('is printed by the command', async () => {
    expect(await printed(full, 'junit')).toBe(render('junit', full));
  });
});

describe('prometheus', () => {
  type Sample = { name: string; labels: Record<string, string>; value: number };

  /** The text format, version 0.0.4, of which an untyped or a scattered metric is an error here. */
  function parse(text: string): Sample[] {
    const series = new Set<string>();
    const typed: string[] = [];
    const samples: Sample[] = [];
    expect(text.endsWith('\n')).toBe(true);
    for (const line of text.slice(0, -1).split('\n')) {
      const about = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
      if (about !== null) {
        const [, keyword, name = '', rest] = about;
        if (keyword === 'TYPE') expect(rest).toBe('gauge');
        if (keyword === 'HELP') expect(typed).not.toContain(name);
        if (keyword === 'HELP') typed.push(name);
        continue;
      }
      const [, name = '', list = '', value = ''] =
        /^([a-zA-Z_:][\w:]*)\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*)\} (-?[\d.]+(?:e[+-]?\d+)?)$/.exec(
          line,
        ) ?? [];
      expect(name, line).toBe(typed.at(-1));
      const pairs = [...list.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', escaped = '']) => [
        key,
        escaped.replace(/\\(.)/g, (_, sign) => (sign === 'n' ? '\n' : sign)),
      ]);
      const sorted = JSON.stringify([name, ...pairs.map((pair) => pair.join('=')).sort()]);
      expect(series, line).not.toContain(sorted);
      series.add(sorted);
      samples.push({
        name: name.replace(/^nameplate_/, ''),
        labels: Object.fromEntries(pairs),
        value: Number(value),
      });
    }
    return samples;
  }
  const of = (samples: Sample[], wanted: string) => samples.filter(({ name }) => name === wanted);

  it('has a series for each figure that there is, in its unit, and none for another', () => {
    const samples = parse(render('prometheus', full));
    const rates = of(samples, 'rate_flop_per_second');
    expect(rates).toHaveLength(rows.filter(({ unit, rate }) => unit === 'FLOP/s' && rate !== null).length);
    expect(rates[0]).toEqual({
      name: 'rate_flop_per_second',
      labels: {
        ...{ simulated: 'false', name: 'Test card', uuid: testCard.uuid, device: 'cuda:0' },
        ...{ row: 'gemm.bf16', provider: 'builtin', shape: '8192x8192x8192' },
      },
      value: gemm.rate,
    });
    expect(of(samples, 'rate_bytes_per_second').map(({ labels }) => labels.shape)).toEqual([
      ...['8589934592', '1000000000', '1000000064'],
    ]);
    expect(of(samples, 'latency_seconds').map(({ value }) => value)).toEqual([6.12e-7]);
    expect(of(samples, 'of_spec_ratio')).toHaveLength(
      rows.filter((each) => each.attribution !== null).length,
    );
    expect(of(samples, 'verdict').map(({ labels }) => labels.status)).toEqual(
      rows.map(({ verdict }) => verdict.status),
    );
    expect(of(samples, 'documented_rate_flop_per_second')[0]?.value).toBe(1e15);
    expect(samples.filter(({ name }) => /derived|ceiling|past_repair|recovery/.test(name))).toEqual([]);
  });

  it('says of the whole when it was, whether it came to its end and how it ended', () => {
    const whole = (report: Report) =>
      Object.fromEntries(
        parse(render('prometheus', report))
          .filter(({ name }) => name.startsWith('report_'))
          .map(({ name, value }) => [name.slice('report_'.length), value]),
      );
    expect(whole(full)).toEqual({
      ...{
        start_time_seconds: 1767225600,
        duration_seconds: 58.2,
        complete: 1,
        gpus_missed: 0,
        exit_code: 4,
      },
    });
    expect(whole({ ...full, rows: [gemm], state: 'interrupted' })).toMatchObject({
      complete: 0,
      exit_code: 130,
    });
  });

  it('says of a device what its driver tells of it', () => {
    const repair = { means: 'remapped rows', corrected: 0, uncorrected: 1, pending: false } as const;
    const sick = { ...card, memoryRepair: { ...repair, failed: true }, recoveryAction: 'none' };
    const samples = parse(render('prometheus', { ...full, devices: [sick] }));
    expect(of(samples, 'memory_past_repair').map(({ value }) => value)).toEqual([1]);
    expect(of(samples, 'recovery_awaited').map(({ value }) => value)).toEqual([0]);
    const pages = { ...card, memoryRepair: { ...repair, means: 'retired pages' as const, failed: null } };
    expect(render('prometheus', { ...full, devices: [pages] })).not.toContain('past_repair');
    expect(render('junit', { ...full, devices: [pages] })).not.toContain('can be repaired');
  });

  it('says of each series that it is simulated', () => {
    const samples = parse(render('prometheus', simulated(full)));
    expect(new Set(samples.map(({ labels }) => labels.simulated))).toEqual(new Set(['true']));
  });

  it('keeps hostile strings in their labels, and numbers rows that nothing tells apart', () => {
    const text = render('prometheus', hostile);
    expect(text).not.toMatch(/(?!\n)\p{Cc}/u);
    const samples = parse(text);
    expect(of(samples, 'verdict')).toHaveLength(hostile.rows.length);
    expect(of(samples, 'verdict').filter(({ labels }) => labels.shape === '8192x8192x8192 #2')).toHaveLength(
      evil.length,
    );
    const words = evil[5].replace('\n', ' ');
    expect(of(samples, 'verdict').at(-1)?.labels).toMatchObject({ row: words, status: 'pass' });
    expect(of(samples, 'report_complete')[0]?.labels.hostname).toBe(words);
  });

  it('calls the arithmetic of a CPU derived, and no document', () => {
    const devices = [{ ...testCpu, id: 'cuda:0', card: null, cardReason: '' }];
    const names = parse(render('prometheus', report([gemm], { devices }))).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['derived_rate_flop_per_second', 'of_derived_ratio']));
    expect(names.filter((name) => /documented|of_spec/.test(name))).toEqual([]);
  });

  it('is printed by the command', async () => {
    expect(await printed(full, 'prometheus')).toBe(render('prometheus', full));
  });
});
