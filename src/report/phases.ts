// Burst beside sustained: the same work before and after the device has found its clock, each with its own conditions.

import type { PhaseSummary, Row, Statistics } from '../row.js';
import type { Series } from '../schema.js';
import { formatCelsius, formatClock, formatPercent, formatRate, formatWatts } from '../units.js';
import { type Column, column, table } from './table.js';

const stopped: Readonly<Record<Statistics['stopped'], string>> = {
  precise: 'precise enough',
  time: 'time was up',
  cancelled: 'cancelled',
};

type Line = PhaseSummary & { name: string };

/** Two lines of a row, as a table; without watts where they are those of a `shared` board. */
export function phases(row: Row, width: number, shared: boolean): string[] {
  const { rows, columns } = phaseTable(row, shared);
  if (rows.length === 0) return [];
  const { lines, note } = table(rows, columns, () => ({ text: '' }), width - 2);
  return [...lines, ...note].map((line) => `  ${line}`);
}

/** The same, not yet laid out. */
export function phaseTable({ statistics, conditions, energy, burst, unit, dtype }: Row, shared: boolean) {
  const sustained = statistics && conditions && { statistics, conditions, energy };
  const named = (name: string, phase: PhaseSummary | null): Line[] =>
    phase === null ? [] : [{ name, ...phase }];
  const rows = [...named('burst', burst), ...named('sustained', sustained)];
  const reading = (series: Series | null, format: (value: number) => string) =>
    series && format(series.median);
  const columns: Column<Line>[] = [
    column('', 0, 'left', ({ name }) => name),
    column('median', 0, 'right', (line) => formatRate(line.statistics.median, unit, dtype)),
    column('95 % interval', 1, 'right', (line) => interval(line.statistics)),
    column('clock', 2, 'right', (line) => reading(line.conditions.clockHz, formatClock)),
    column('power', 3, 'right', (line) => !shared && reading(line.conditions.powerWatts, formatWatts)),
    column('chip', 4, 'right', (line) => reading(line.conditions.temperatureCelsius, formatCelsius)),
    column('samples', 5, 'right', (line) => String(line.statistics.samples)),
    column('stopped', 6, 'left', (line) => stopped[line.statistics.stopped]),
  ];
  return { rows, columns };
}

/** Relative to the median, since three digits of both ends would often be the same. */
function interval({ median, interval: { low, high } }: Statistics): string {
  const end = (value: number) => `${value >= median ? '+' : ''}${formatPercent(value / median - 1, 2)}`;
  return `${end(low)} to ${end(high)}`;
}
