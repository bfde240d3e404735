// Lines and columns of plain text, coloured last: a width counted over colour codes is wrong.

import { absent } from '../units.js';

/** What a cell shows; the colour is put on after the padding. */
export type Cell = { text: string; paint?: ((text: string) => string) | undefined };

export type Column<Row> = {
  title: string;
  align: 'left' | 'right';
  /** Columns of rank 0 stay; others go where the width is short, the highest rank first, or where all cells are empty. */
  rank: number;
  cell(row: Row): Cell;
};

/** A column of plain text; what is not there is a dash. */
export function column<Row>(
  title: string,
  rank: number,
  align: 'left' | 'right',
  cell: (row: Row) => string | null | undefined | false,
): Column<Row> {
  return { title, rank, align, cell: (row) => ({ text: cell(row) || absent }) };
}

/** Those of which something is known, or that stay: a column of dashes says nothing. */
export function filled<Shown extends Column<Row>, Row>(
  columns: readonly Shown[],
  rows: readonly Row[],
): Shown[] {
  const known = ({ text }: Cell) => text !== '' && text !== absent;
  return columns.filter(({ rank, cell }) => rank === 0 || rows.some((row) => known(cell(row))));
}

const gap = '  ';
const indent = '    ';

/**
 * Text from a driver or a foreign file may hold control characters, and a terminal obeys those. Halves of a surrogate pair
 * and noncharacters cannot be written as UTF-8 or as XML.
 */
export function harmless(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').replace(/[\p{Cs}\uFFFE\uFFFF]/gu, '');
}

/** Breaks `text` at spaces into lines of at most `width`; a longer word keeps a line of its own. */
export function wrap(text: string, width: number, hanging = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of harmless(text).split(' ')) {
    const longer = line === '' ? `${lines.length > 0 ? hanging : ''}${word}` : `${line} ${word}`;
    if (line !== '' && longer.length > width) {
      lines.push(line);
      line = hanging + word;
    } else line = longer;
  }
  return [...lines, line];
}

/**
 * A table without borders. The remark of a row follows its last cell where it fits, else it takes lines of its own.
 *
 * @returns the lines, and those of a note of the columns that the width had no room for; none where it had.
 */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  remark: (row: Row) => Cell,
  width: number,
): { lines: string[]; note: string[] } {
  const all = columns
    .map((column) => {
      const cells = rows.map((row) => {
        const { text, paint } = column.cell(row);
        return { text: harmless(text), paint };
      });
      return {
        ...column,
        cells,
        size: Math.max(column.title.length, ...cells.map(({ text }) => text.length)),
      };
    })
    .filter(({ rank, cells }) => rank === 0 || cells.some(({ text }) => text !== '' && text !== absent));
  const leftOut = new Set<string>();
  const shown = () => all.filter(({ title }) => !leftOut.has(title));
  const total = () => shown().reduce((sum, { size }) => sum + size + gap.length, -gap.length);
  for (const { title, rank } of [...all].sort((a, b) => b.rank - a.rank)) {
    if (rank > 0 && total() > width) leftOut.add(title);
  }

  const pad = (text: string, { align, size }: { align: string; size: number }) =>
    align === 'right' ? text.padStart(size) : text.padEnd(size);
  const head = shown()
    .map((column) => pad(column.title, column))
    .join(gap);
  const lines = [head.trimEnd()];
  rows.forEach((row, index) => {
    const cells = shown().map((column) => {
      const { text, paint } = column.cells[index] ?? { text: '', paint: undefined };
      const padded = pad(text, column);
      return text === '' || paint === undefined ? padded : padded.replace(text, () => paint(text));
    });
    const line = cells.join(gap);
    const { text, paint = (plain: string) => plain } = remark(row);
    if (text === '') lines.push(line.trimEnd());
    else if (total() + gap.length + text.length <= width) lines.push(`${line}${gap}${paint(harmless(text))}`);
    else {
      lines.push(line.trimEnd());
      for (const part of wrap(text, width - indent.length)) lines.push(indent + paint(part));
    }
  });
  const titles = [...leftOut].join(', ');
  return { lines, note: titles === '' ? [] : wrap(`left out for want of width: ${titles}`, width, '  ') };
}
