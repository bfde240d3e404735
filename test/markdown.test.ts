// The report for a pull request, read back as a GitHub table.

import { describe, expect, it } from 'vitest';
import { curves } from '../src/judge/curves.js';
import { bytes, card, evil, full, hostile, printed, render, rows, simulated } from './sampleReport.js';
import { measured, report, row } from './testCard.js';

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
