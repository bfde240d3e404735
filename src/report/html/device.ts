// A device's part of the page: what it is, its table, its curves, and each row in full.

import pc from 'picocolors';
import type { Curve } from '../../curve.js';
import type { Report, Row } from '../../row.js';
import { formatBytes, formatRate } from '../../units.js';
import { bytesOf, halfWords, isOf, levelColumns, levelHeading, unfolded } from '../curves.js';
import { columns, deviceLine, healthLines, reasons } from '../text.js';
import { chart } from './chart.js';
import { type Content, html, type Markup } from './markup.js';
import { anchorOf, badge, rowDetails } from './row.js';
import { type HtmlColumn, htmlTable } from './table.js';

const plain = pc.createColors(false);

export function deviceSection(report: Report, id: string): Markup {
  const device = report.devices.find((candidate) => candidate.id === id);
  const rows = report.rows.filter((row) => row.device === id);
  const { heading, of: why } = reasons(rows);
  const place = (row: Row) => report.rows.indexOf(row);
  const shown = columns(plain, device).map((column) => ({ ...column, ...shows(column.title, place) }));
  const table = unfolded(rows, report.curves);
  return html`<section>
<h2>${device?.name ?? id}</h2>
<p>${device === undefined ? id : deviceLine(device)}</p>
${healthLines(device, plain, Number.POSITIVE_INFINITY).map((line) => html`<p class="warning">${line}</p>`)}
${heading !== null && html`<p>${heading}</p>`}
${rows.length === 0 ? html`<p>no rows</p>` : table.length > 0 && htmlTable('Measured beside documented', table, shown, why)}
${curvesOf(report, id)}
${rows.length > 0 && html`<h3>Row by row</h3>`}
${rows.map((row) => rowDetails(row, place(row), device))}</section>
`;
}

/** The name of a row leads to what is known of it, and a share is a bar too. */
function shows(title: string, place: (row: Row) => number): Pick<HtmlColumn<Row>, 'show'> {
  switch (title) {
    case 'row':
      return { show: (row, text) => html`<a href="#${anchorOf(place(row))}">${text}</a>` };
    case 'of spec':
    case 'of derived':
      return { show: ({ attribution }, text) => share(attribution?.ofSpec, text) };
    case 'of clock':
      return { show: ({ attribution }, text) => share(attribution?.ofClock, text) };
    case 'of ceiling':
      return { show: ({ ceiling }, text) => share(ceiling?.fraction, text) };
    case 'verdict':
      return { show: ({ verdict }) => badge(verdict.status) };
    default:
      return {};
  }
}

const share = (value: number | null | undefined, text: string): Content =>
  value == null
    ? text
    : html`<span class="share" style="--share:${Math.max(0, Math.min(100, 100 * value)).toFixed(1)}%">${text}</span>`;

/** Each curve drawn, with the table of its levels or the size from which on its copies are fast. */
function curvesOf({ curves, rows }: Report, device: string): Content {
  const own = curves.filter((curve) => curve.device === device);
  if (own.length === 0) return null;
  return [html`<h3>By size</h3>\n`, own.map((curve) => curveOf(curve, rows))];
}

function curveOf(curve: Curve, rows: readonly Row[]): Content {
  const { id, provider, peer, unit, levels } = curve;
  const points = rows
    .filter((row) => isOf(row, curve))
    .flatMap((row) => (row.rate === null ? [] : [[bytesOf(row), row.rate] as const]))
    .sort(([a], [b]) => a - b);
  const ends = levels.slice(0, -1).map(({ to, name }) => ({ x: to, name: name ?? '' }));
  return [
    chart({
      title: `${id}${peer === null ? '' : ` → ${peer}`} by ${provider}`,
      x: { label: 'size', format: formatBytes, scale: 'sizes' },
      y: { label: id, format: (value) => formatRate(value, unit), scale: 'decades' },
      points,
      marks: ends,
    }),
    levels.length > 0 && htmlTable(levelHeading(curve, rows), levels, levelColumns(curve)),
    html`<p>${halfWords(curve)}</p>\n`,
  ];
}
