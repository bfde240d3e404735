// A table of the same columns as the one at a terminal, without want of width.

import { type Column, filled } from '../table.js';
import { type Content, html, type Markup } from './markup.js';

/** A column, and how its cell is shown where its text alone is not enough. */
export type HtmlColumn<Row> = Column<Row> & { show?: (row: Row, text: string) => Content };

/**
 * The first cell of a row is its heading. Columns of which nothing is known are left out, as at a terminal. The remark of a
 * row has a line of its own: beside its figures there is no room for a sentence.
 */
export function htmlTable<Row>(
  caption: Content,
  rows: readonly Row[],
  columns: readonly HtmlColumn<Row>[],
  remark: (row: Row) => string = () => '',
): Markup {
  const shown = filled(columns, rows);
  const side = ({ align }: HtmlColumn<Row>) => (align === 'right' ? html` class="number"` : '');
  const head = shown.map((column) => html`<th scope="col"${side(column)}>${column.title}</th>`);
  const lines = rows.map((row) => {
    const cells = shown.map((column, index) => {
      const { text } = column.cell(row);
      const content = column.show?.(row, text) ?? text;
      return index === 0 ? html`<th scope="row">${content}</th>` : html`<td${side(column)}>${content}</td>`;
    });
    const words = remark(row);
    if (words === '') return html`<tr>${cells}</tr>\n`;
    return html`<tr class="remarked">${cells}</tr>
<tr><td class="remark" colspan="${shown.length}"><span>${words}</span></td></tr>
`;
  });
  return html`<div class="wide"><table><caption>${caption}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${lines}</tbody></table></div>
`;
}
