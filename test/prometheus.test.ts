// The report as Prometheus' text format, read back by its grammar.

import { describe, expect, it } from 'vitest';
import type { Report } from '../src/row.js';
import { card, evil, full, gemm, hostile, printed, render, rows, simulated } from './sampleReport.js';
import { report, testCard, testCpu } from './testCard.js';

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
