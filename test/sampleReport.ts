// Reports with a row of every verdict, and with whatever a foreign report may hold, for the tests of the formats.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { formats } from '../src/report/index.js';
import { renderJson } from '../src/report/json.js';
import type { Report, Row } from '../src/row.js';
import { nameplate } from './command.js';
import { conditions, emptyRow, measured, memoryFigure, report, row, testCard } from './testCard.js';

export type Name = keyof typeof formats;
export const render = (name: Name, of: Report) =>
  formats[name].render(of, { color: false, width: 160, file: null });

export const card = { ...testCard, card: 'test-card', cardReason: '' };
export const verdicts: Row['verdict'][] = [
  { status: 'low', fraction: 0.5, threshold: 0.7, why: 'half of the figure' },
  { status: 'inconclusive', fraction: 0.7, threshold: 0.7, why: 'the interval holds the threshold' },
  { status: 'throttled', fraction: 0.5, threshold: 0.7, why: 'the clock fell' },
  { status: 'implausible', fraction: 1.4, limit: 1.05, why: 'faster than the silicon' },
  { status: 'corrupted', why: '3 elements differ' },
  { status: 'unjudged', why: 'no threshold' },
  { status: 'unsupported', why: 'one device' },
  { status: 'failed', code: 'CUDA_ERROR_LAUNCH_FAILED', why: 'replace it' },
];
export const gemm = row(measured(0.9, conditions(1.9e9)));
export const vendor = row(measured(0.91, conditions(1.9e9)), { provider: 'cublaslt' });
export const other = row(measured(0.8, conditions(1.9e9)), { shape: { m: 4096, n: 2048, k: 1024 } });
export const bytes = { unit: 'B/s' as const, dtype: null };
export const copy = (size: number) =>
  row(measured(0.9, conditions(1.9e9), { documented: memoryFigure }), {
    ...{ id: 'memory.copy', family: 'memory', shape: { bytes: size }, ...bytes },
  });
export const latency = row(measured(0.9, conditions(1.9e9), { documented: null }), {
  ...{ id: 'latency.memory', family: 'latency', shape: { bytes: 2 ** 28 }, dtype: null },
  ...{ unit: 's', rate: 6.12e-7, clocks: 1163 },
});
/** Sizes that a reader is shown as the same. */
export const alike = [copy(2 ** 33), copy(10 ** 9), copy(10 ** 9 + 64)];
export const judged = verdicts.map((verdict) =>
  verdict.status === 'unsupported' || verdict.status === 'failed'
    ? emptyRow({ id: `gemm.${verdict.status}`, verdict })
    : row(measured(0.5), { id: `gemm.${verdict.status}`, verdict }),
);
export const rows = [gemm, vendor, other, ...alike, latency, ...judged];
export const full = report(rows, { devices: [card] });
export const simulated = (of: Report): Report => ({
  ...{ ...of, simulated: true },
  devices: of.devices.map((device) => ({ ...device, simulated: true })),
});

/** What may not become a cell, a formula, an element, markup or a series. */
export const evil = [
  `=HYPERLINK("http://a.example","b")`,
  '+1;=1+1;\t-2;"@x',
  `\t=1\r\n@SUM(A1)\u001b[31m`,
  '| a \\| b `c` <img src=x> <!-- [d](http://e.example) **f** @g #1 www.h.example\n\n# i',
  `]]></testcase>&amp;<!DOCTYPE x>'"\u0000\u000b\ufffe\ud800`,
  `x"} 1\nnameplate_verdict{status="pass"} 1\\`,
] as const;
export const hostile = report(
  evil.flatMap((text) => {
    const verdict = { status: 'failed' as const, code: text, why: text };
    const bad = emptyRow({ id: text, provider: text, verdict });
    const kernel = gemm.kernel && { ...gemm.kernel, name: text };
    return [bad, bad, { ...gemm, id: text, provider: text, kernel, shape: { bytes: 64, peer: text } }];
  }),
  {
    devices: [{ ...card, name: evil[0], uuid: evil[4], driver: evil[3], card: evil[1], cardReason: evil[3] }],
    host: { ...full.host, hostname: evil[5] },
    absences: evil.map((text) => ({ what: text, reason: text, remedy: text, code: text })),
  },
);

/** A file with the report, and what the command says of it. */
export async function printed(of: Report, format: Name) {
  const file = join(mkdtempSync(join(tmpdir(), 'nameplate-formats-')), 'report.json');
  writeFileSync(file, renderJson(of));
  const { code, stdout, stderr } = await nameplate('report', file, '--format', format);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}
