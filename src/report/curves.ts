// Levels of a memory system, a table a curve: what rows at many sizes say together.

import type { Curve, CurveLevel } from '../curve.js';
import { peerOf } from '../judge/curves.js';
import type { Report, Row } from '../row.js';
import { formatBytes, formatClocks, formatRate } from '../units.js';
import { type Column, column, table, wrap } from './table.js';

/** Rows of this many sizes are read as a curve; a table of them all would hide the rest of the report. */
const manySizes = 8;

/**
 * The rows of one device that a table shows: those that a curve stands for are left to the report file. Of copies the
 * largest stays: its rate is what a document speaks of, and it says which way it took and what a far NUMA node costs.
 */
export function unfolded(rows: readonly Row[], curves: readonly Curve[]): Row[] {
  const folded = curves.filter(
    ({ sizes, levels, half }) => sizes >= manySizes && (levels.length > 0 || half !== null),
  );
  const largest = (curve: Curve) =>
    Math.max(...rows.filter((row) => isOf(row, curve) && row.rate !== null).map(bytesOf));
  const ordinary = ({ verdict: { status } }: Row) => status === 'pass' || status === 'unjudged';
  return rows.filter((row) => {
    const curve = folded.find((curve) => isOf(row, curve));
    if (curve === undefined || !ordinary(row)) return true;
    return curve.half !== null && bytesOf(row) === largest(curve);
  });
}

/** The size at which a row was measured. */
export const bytesOf = ({ shape }: Row) => ('bytes' in shape ? shape.bytes : 0);

/** Whether a row is a point of a curve. */
export const isOf = (row: Row, curve: Curve) =>
  curve.id === row.id &&
  curve.provider === row.provider &&
  curve.device === row.device &&
  curve.peer === peerOf(row);

/** A table for each curve of a device that has levels, and a line for each that has a half-rate size. */
export function curveLines({ curves, rows }: Report, device: string, width: number): string[] {
  const own = curves.filter((curve) => curve.device === device);
  const halves = own.flatMap((curve) => {
    const words = halfWords(curve);
    return words === null ? [] : wrap(words, width, '  ');
  });
  const tables = own
    .filter(({ levels }) => levels.length > 0)
    .flatMap((curve) => {
      const { lines } = table(curve.levels, levelColumns(curve), () => ({ text: '' }), width);
      return ['', ...wrap(levelHeading(curve, rows), width, '  '), ...lines];
    });
  return [...tables, ...(halves.length > 0 ? ['', ...halves] : [])];
}

/** "link.h2d.pinned → cuda:1 by driver at 19 sizes: ..."; null where a curve has no half-rate size. */
export function halfWords({ id, provider, peer, sizes, half, unit }: Curve): string | null {
  if (half === null) return null;
  const size = formatBytes(Math.round(half.bytes / 1024) * 1024);
  const to = peer === null ? '' : ` → ${peer}`;
  return `${id}${to} by ${provider} at ${sizes} sizes: ${formatRate(half.rate, unit)} for large copies, half of it from ${size} on`;
}

export function levelHeading(curve: Curve, rows: readonly Row[]): string {
  const words = rows.find((row) => isOf(row, curve))?.work?.bytesCounted ?? '';
  return `${curve.id} at ${curve.sizes} sizes of the working set: ${words}`;
}

export function levelColumns({ levels, unit }: Curve): Column<CurveLevel>[] {
  const clocks = levels.some((level) => level.clocks !== null);
  return [
    column('  level', 0, 'left', ({ name }) => `  ${name ?? 'unnamed'}`),
    column('from', 0, 'right', ({ from }) => formatBytes(from)),
    column('to', 0, 'right', ({ to }) => formatBytes(to)),
    column(
      'reported',
      0,
      'right',
      ({ reportedBytes }) => reportedBytes !== null && formatBytes(reportedBytes),
    ),
    column('measured', 0, 'right', ({ rate }) => formatRate(rate, unit)),
    ...(clocks
      ? [
          column<CurveLevel>(
            'clocks',
            0,
            'right',
            (level) => level.clocks !== null && formatClocks(level.clocks),
          ),
        ]
      : []),
  ];
}
