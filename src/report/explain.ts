// What `nameplate explain` prints: everything that a report knows of a row, from the verdict down to the sources.
//
// The table of a report answers "is it right?"; this answers "why is it not 100 %?", and lets a reader doubt each step.

import pc from 'picocolors';
import { whyOf } from '../judge/why.js';
import type { Report, Row } from '../row.js';
import { formatShape } from '../units.js';
import { factsOf, unexplained } from './facts.js';
import { phases } from './phases.js';
import { harmless, wrap } from './table.js';
import { deviceLine, healthLines } from './text.js';
import { type Colors, simulatedNotice, statusColor, type View } from './view.js';
import { waterfall } from './waterfall.js';

type Device = Report['devices'][number];

/** `rows` of `report`, each explained, device by device. */
export function explainText(report: Report, rows: readonly Row[], { color, width }: View): string {
  const colors = pc.createColors(color);
  const notice = report.simulated ? [wrap(simulatedNotice, width).map(colors.yellow).join('\n')] : [];
  const sections = [...new Set(rows.map(({ device }) => device))].flatMap((id) => {
    const device = report.devices.find((candidate) => candidate.id === id);
    const heading = wrap(device === undefined ? id : deviceLine(device), width, '  ').map(colors.bold);
    const explained = rows
      .filter((row) => row.device === id)
      .map((row) => explain(row, device, colors, width));
    const health = healthLines(device, colors, width);
    return [[...heading, ...health], ...explained].map((lines) => lines.join('\n'));
  });
  return `${[...notice, ...sections, ...notice].join('\n\n')}\n`;
}

function explain(row: Row, device: Device | undefined, colors: Colors, width: number): string[] {
  const { verdict, rate, documented } = row;
  const paint = colors[statusColor[verdict.status]];
  const parts = [
    wrap(`${row.id} by ${row.provider} · ${formatShape(row.shape)} · ${row.device}`, width, '  ').map(
      colors.bold,
    ),
    wrap(`${verdict.status}: ${whyOf(verdict)}`, width - 2, '  ').map(
      (line, index) => `  ${index === 0 ? line.replace(verdict.status, paint) : line}`,
    ),
  ];
  if (rate !== null) {
    parts.push(
      [''],
      documented === null
        ? labelled('documented', [unexplained(row, device)], width)
        : waterfall({ ...row, rate, documented }, colors, width),
      [''],
      phases(row, width, device?.mig === true),
    );
  }
  const facts = factsOf(row, device).flatMap(({ label, lines }) => labelled(label, lines, width));
  if (facts.length > 0) parts.push([''], facts);
  return parts.flat();
}

const labelWidth = 12;

/** `label` beside the first line and blank beside the rest; each is wrapped, but an address is never broken. */
function labelled(label: string, lines: readonly string[], width: number): string[] {
  return lines
    .flatMap((text) => wrap(harmless(text), width - labelWidth - 4, '  '))
    .map((line, index) => `  ${(index === 0 ? label : '').padEnd(labelWidth)}${line}`.trimEnd());
}
