// A comparison of two reports for a person at a terminal: what differs between the runs, the rows, what could not be
// compared, and the sum.

import pc from 'picocolors';
import type { Change } from '../compare/changes.js';
import type { Alone, Comparison, Figure, Outcome } from '../compare/comparison.js';
import { formatCount, formatPercent, formatRate, formatShape } from '../units.js';
import { type Column, column, table, wrap } from './table.js';
import { type Colors, type Paint, simulatedNotice } from './view.js';

type Line = Comparison['rows'][number];
type Status = Outcome['status'];

/** In the order of the sum. */
const statuses: Readonly<Record<Status, { words: string; paint: Paint }>> = {
  wrong: { words: 'wrong', paint: 'red' },
  slower: { words: 'slower', paint: 'red' },
  lost: { words: 'lost', paint: 'red' },
  faster: { words: 'faster', paint: 'green' },
  unchanged: { words: 'unchanged', paint: 'dim' },
  incomparable: { words: 'not compared', paint: 'yellow' },
};

const specimens: Readonly<Record<Comparison['devices'][number]['specimen'], string>> = {
  same: 'the same specimen',
  another: 'ANOTHER SPECIMEN of the same card',
  unknown: 'no uuid tells whether it is the same specimen',
};

/** `files`: the names of the two reports. */
export function comparisonText(
  comparison: Comparison,
  files: { before: string; after: string },
  { color, width }: { color: boolean; width: number },
): string {
  const colors = pc.createColors(color);
  const { rows } = comparison;
  const notice = comparison.simulated ? wrap(simulatedNotice, width).map(colors.yellow) : [];
  const shown = rows.filter(({ outcome }) => outcome.status !== 'incomparable');
  const sections = [
    notice,
    heading(comparison, files, colors, width),
    shown.length === 0 ? [] : compared(shown, comparison.devices.length > 1, colors, width),
    rows.flatMap((row) => notCompared(row, width)),
    legend(comparison, width).map(colors.dim),
    unreached(comparison, width).map(colors.yellow),
    [totals(rows, colors), ...notice],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function heading(
  { before, after, devices, changes }: Comparison,
  files: { before: string; after: string },
  colors: Colors,
  width: number,
): string[] {
  const run = (name: string, file: string, { startedAt, host, version }: Comparison['before']) =>
    wrap(`${name}  ${[file, startedAt, host, `nameplate ${version}`].join(' · ')}`, width, '  ');
  const differs = (all: readonly Change[]) =>
    all.length === 0 ? [] : wrap(`differs: ${changeWords(all)}`, width, '  ').map(colors.yellow);
  return [
    ...run('OLD', files.before, before),
    ...run('NEW', files.after, after),
    ...differs(changes),
    ...devices.flatMap((device) => {
      const ids = device.before === device.after ? device.before : `${device.before} → ${device.after}`;
      const words = wrap(`${device.name} · ${ids} · ${specimens[device.specimen]}`, width, '  ').map(
        colors.bold,
      );
      return [...words, ...differs(device.changes)];
    }),
  ];
}

function compared(rows: readonly Line[], several: boolean, colors: Colors, width: number): string[] {
  const rate = ({ unit, dtype }: Line, figure: Figure | null) =>
    figure && formatRate(figure.rate, unit, dtype);
  const columns: Column<Line>[] = [
    column('row', 0, 'left', ({ id }) => id),
    column('by', 0, 'left', ({ provider }) => provider),
    ...(several ? [column<Line>('device', 0, 'left', ({ device }) => device)] : []),
    column('shape', 1, 'left', ({ shape }) => formatShape(shape)),
    column('old', 0, 'right', (row) => 'before' in row.outcome && rate(row, row.outcome.before)),
    column('new', 0, 'right', (row) => 'after' in row.outcome && rate(row, row.outcome.after)),
    column('change', 0, 'right', ({ outcome }) => 'change' in outcome && signed(outcome.change)),
    {
      title: '',
      rank: 0,
      align: 'left',
      cell: ({ outcome: { status } }) => ({
        text: statuses[status].words,
        paint: colors[statuses[status].paint],
      }),
    },
  ];
  const { lines, note } = table(rows, columns, (row) => ({ text: remark(row) }), width);
  return [...lines, ...note.map(colors.dim)];
}

function remark({ outcome, alone }: Line): string {
  return [aloneWords(alone), outcomeWords(outcome)].filter((part) => part !== '').join('; ');
}

/** Said whatever came of the row: its two figures were not taken in the same way. */
function aloneWords(alone: Alone): string {
  if (alone === null) return '';
  const report = alone.report === 'before' ? 'OLD' : 'NEW';
  return `asked alone in ${report}: while the providers took turns, ${alone.code}: ${alone.why}`;
}

function outcomeWords(outcome: Outcome): string {
  switch (outcome.status) {
    case 'slower':
    case 'faster':
      return outcome.changes.length === 0
        ? 'no condition that was read differs'
        : changeWords(outcome.changes);
    case 'unchanged':
      return '';
    default:
      return outcome.why;
  }
}

function changeWords(changes: readonly Change[]): string {
  return changes.map(({ what, before, after }) => `${what} ${before} → ${after}`).join('; ');
}

function notCompared(line: Line, width: number): string[] {
  const { id, provider, shape, device, outcome } = line;
  if (outcome.status !== 'incomparable') return [];
  const name = `${id} by ${provider} · ${formatShape(shape)} · ${device}`;
  return wrap(`not compared: ${name}: ${remark(line)}`, width, '  ');
}

function legend({ tolerance, rows }: Comparison, width: number): string[] {
  const spread = rows.some(
    ({ outcome }) =>
      outcome.status === 'unchanged' && outcome.overlap && Math.abs(outcome.change) > tolerance,
  );
  const rule = `slower, faster: the 95 % intervals do not overlap and the medians differ by more than ${Number((100 * tolerance).toPrecision(6))} %.`;
  const wide = 'unchanged, where the change is larger: the samples scatter too widely to tell.';
  return [rule, ...(spread ? [wide] : [])].flatMap((line) => wrap(line, width, '  '));
}

const ends: Readonly<Record<Comparison['after']['state'], string>> = {
  complete: 'complete',
  interrupted: 'interrupted',
  running: 'not ended yet, or killed',
};

/** Last before the sum, which counts them among others: a green exit code says nothing of these. */
function unreached({ unreached: rows, after }: Comparison, width: number): string[] {
  if (rows === 0) return [];
  const words = `${formatCount(rows, 'row')} of OLD ${rows === 1 ? 'was' : 'were'} not measured in NEW`;
  return wrap(`${words} (${ends[after.state]})`, width, '  ');
}

function totals(rows: readonly Line[], colors: Colors): string {
  return Object.entries(statuses)
    .flatMap(([status, { words, paint }]) => {
      const count = rows.filter(({ outcome }) => outcome.status === status).length;
      if (count > 0) return [colors[paint](`${count} ${words}`)];
      return status === 'slower' || status === 'faster' || status === 'unchanged' ? [`0 ${words}`] : [];
    })
    .join(' · ');
}

function signed(change: number): string {
  const size = formatPercent(Math.abs(change), 1);
  return Number.parseFloat(size) === 0 ? size : `${change < 0 ? '-' : '+'}${size}`;
}
