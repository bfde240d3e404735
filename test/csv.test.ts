// The report for a spreadsheet, read back by a reader that knows RFC 4180 alone.

import { describe, expect, it } from 'vitest';
import type { Row } from '../src/row.js';
import { evil, full, gemm, hostile, printed, render, rows, simulated, verdicts } from './sampleReport.js';
import { report, testCpu } from './testCard.js';

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
      expect(line).toMatchObject({ row: id, verdict: verdict.status, why: verdict.why, origin: 'device' });
      expect(line).toMatchObject({ device: 'cuda:0', device_name: 'Test card', card: 'test-card' });
    });
    expect(lines[2]).toMatchObject({ shape: '4096x2048x1024', unit: 'FLOP/s', clock_hz: '1900000000' });
    expect(lines.slice(3, 6).map(({ shape }) => shape)).toEqual(['8589934592', '1000000000', '1000000064']);
    expect(lines.at(-1)).toMatchObject({ code: 'CUDA_ERROR_LAUNCH_FAILED', kernel: '', power_watts: '' });
  });

  it('says of every line that it is simulated', () => {
    const lines = parse(render('csv', simulated(full)));
    expect(new Set(lines.map((line) => line.origin))).toEqual(new Set(['SIMULATED']));
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
