// One row in full: from the verdict down to the sources, as `nameplate explain` has it, with its telemetry drawn.

import { whyOf } from '../../judge/why.js';
import type { Report, Row } from '../../row.js';
import type { Conditions } from '../../schema.js';
import type { SoakVerdict } from '../../soak/schema.js';
import { formatCelsius, formatClock, formatSeconds, formatShape, formatWatts } from '../../units.js';
import { factsOf, unexplained } from '../facts.js';
import { phaseTable } from '../phases.js';
import { chart } from './chart.js';
import { type Content, html, type Markup } from './markup.js';
import { htmlTable } from './table.js';
import { waterfallOf } from './waterfall.js';

type Device = Report['devices'][number];

/** Where in the page a row is explained. */
export const anchorOf = (index: number) => `row-${index + 1}`;

/** The verdict as a word in its colour. */
export const badge = (status: Row['verdict']['status'] | SoakVerdict['status']) =>
  html`<span class="badge ${status}">${status}</span>`;

/** Closed until it is asked for; a link to what is inside opens it. `index` is the row's place in the report. */
export function rowDetails(row: Row, index: number, device: Device | undefined): Markup {
  const { verdict, rate, documented } = row;
  const facts = factsOf(row, device).map(
    ({ label, lines }) => html`<dt>${label}</dt>${lines.map((line) => html`<dd>${linked(line)}</dd>`)}\n`,
  );
  return html`<details><summary>${badge(verdict.status)} ${row.id} by ${row.provider} · ${formatShape(row.shape)}</summary>
<div id="${anchorOf(index)}">
<p>${whyOf(verdict)}</p>
${rate === null ? null : measured({ ...row, rate }, documented, device)}<dl>
${facts}</dl>
</div></details>
`;
}

function measured(
  row: Row & { rate: number },
  documented: Row['documented'],
  device: Device | undefined,
): Content {
  const { rows, columns } = phaseTable(row, device?.mig === true);
  return [
    documented === null ? html`<p>${unexplained(row, device)}</p>` : waterfallOf({ ...row, documented }),
    rows.length > 0 && htmlTable('Burst and sustained', rows, columns),
    row.conditions !== null && telemetry(row.conditions, device?.mig === true),
  ];
}

/** Over the sustained phase: what the sensors said, without watts where they are those of a shared board. */
function telemetry({ trace }: Conditions, shared: boolean): Content {
  if (trace === null) return null;
  const over = (title: string, column: readonly (number | null)[], format: (value: number) => string) => {
    const points = trace.at.flatMap((at, i) => {
      const value = column[i] ?? null;
      return value === null ? [] : [[at, value] as const];
    });
    return chart({
      title,
      x: { label: 'time since the first reading', format: formatSeconds, scale: 'linear' },
      y: { label: title, format, scale: 'linear' },
      points,
      width: 400,
    });
  };
  return html`<div class="charts">${[
    over('Clock', trace.clockHz, (value) => formatClock(value)),
    !shared && over('Power', trace.powerWatts, formatWatts),
    over('Temperature of the chip', trace.temperatureCelsius, formatCelsius),
  ]}</div>
`;
}

/** An address that a source gives can be followed. Only these two schemes: a foreign report may hold others. */
const linked = (line: string): Content =>
  line
    .split(/(https?:\/\/[^\s<>"')]+)/)
    .map((part, index) => (index % 2 === 1 ? html`<a href="${part}" rel="noreferrer">${part}</a>` : part));
