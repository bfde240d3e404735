// The report for a pull request or an issue: the table of the terminal as GitHub draws it, and nothing that the report's own
// words could turn into markup.

import pc from 'picocolors';
import type { Report, Row } from '../row.js';
import { formatSeconds } from '../units.js';
import { curveLines, unfolded } from './curves.js';
import { legend } from './legend.js';
import { siblingWords } from './siblings.js';
import { type Column, filled, harmless } from './table.js';
import { columns, countsOf, deviceIds, deviceLine, healthLines, reasons } from './text.js';
import { simulatedNotice } from './view.js';

const plain = pc.createColors(false);

/** What stands beside a verdict; the clock, watts and ratios are for those who look closer, and in the report file. */
const shownTitles: ReadonlySet<string> = new Set([
  ...['row', 'by', 'shape', 'measured', 'clocks', 'documented', 'derived', 'of spec', 'of derived'],
  ...['of clock', 'of ceiling', 'verdict'],
]);

export function renderMarkdown(report: Report): string {
  const { rows, seconds, state, simulated, absences } = report;
  const counts = countsOf(rows).map(({ status, count }) => `${count} ${status}`);
  const blocks = [
    simulated && `> **${escaped(simulatedNotice)}**`,
    ...deviceIds(report).flatMap((id) => deviceBlocks(report, id)),
    list([
      ...siblingWords(report),
      ...legend(report),
      ...absences.map(({ what, reason, remedy }) => `no ${what}: ${reason} → ${remedy}`),
    ]),
    escaped([...counts, formatSeconds(seconds), state].join(' · ')),
  ];
  return `${blocks.filter((block) => typeof block === 'string' && block !== '').join('\n\n')}\n`;
}

function deviceBlocks(report: Report, id: string): string[] {
  const device = report.devices.find((candidate) => candidate.id === id);
  const rows = report.rows.filter((row) => row.device === id);
  const { heading, of: why } = reasons(rows);
  const shown = unfolded(rows, report.curves);
  const chosen = columns(plain, device).filter(({ title }) => shownTitles.has(title));
  return [
    `### ${escaped(device === undefined ? id : deviceLine(device))}`,
    list(healthLines(device, plain, Number.POSITIVE_INFINITY)),
    heading === null ? '' : escaped(heading),
    rows.length === 0 ? 'no rows' : '',
    shown.length === 0 ? '' : table(shown, filled(chosen, shown), why),
    ...curveBlocks(curveLines(report, id, 100)),
  ];
}

/**
 * Their columns hold by their blanks. An indented block, unlike a fenced one, has no end that a name could write; but after a
 * list it would be a part of that, and no block.
 */
function curveBlocks(lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const indented = lines.map((line) => (line === '' ? '' : `    ${line}`)).join('\n');
  return ['Over many sizes:', indented.replace(/^\n+/, '')];
}

function table(rows: readonly Row[], shown: readonly Column<Row>[], why: (row: Row) => string): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line([...shown.map(({ title }) => title), 'why']),
    line([...shown.map(({ align }) => (align === 'right' ? '--:' : ':--')), ':--']),
    ...rows.map((row) => line([...shown.map(({ cell }) => cell(row).text), why(row)].map(escaped))),
  ].join('\n');
}

const list = (lines: readonly string[]): string => lines.map((line) => `- ${escaped(line)}`).join('\n');

/** A blank that is none and joins what it stands between (U+2060): seen by no reader, and by whatever looks for a link. */
const joiner = '\u2060';

/**
 * Text that stays text. A backslash makes most signs ordinary; those that a table or HTML looks for first are entities. What
 * GitHub and GitLab make links of afterwards, people, issues and addresses, no escape keeps from it: there a joiner does.
 * The last two begin a list or underline a heading, at the start of a line alone.
 */
function escaped(text: string): string {
  return harmless(text)
    .trim()
    .replace(/[\\`*_[\]~$#!]/g, '\\$&')
    .replace(/[@#!$~%](?=\w)|:(?=\/\/)|\bwww(?=\.)/gi, `$&${joiner}`)
    .replace(/[|<>&]/g, (sign) => `&#${sign.charCodeAt(0)};`)
    .replace(/^(?=[-+=])/, '\\')
    .replace(/^(\d+)(?=[.)](\s|$))/, '$1\\');
}
