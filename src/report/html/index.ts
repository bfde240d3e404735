// The report of a run as one page.

import type { Report } from '../../row.js';
import { legend } from '../legend.js';
import { siblingWords } from '../siblings.js';
import { countsOf, deviceIds } from '../text.js';
import { simulatedNotice } from '../view.js';
import { deviceSection } from './device.js';
import { html } from './markup.js';
import { page } from './page.js';
import { badge } from './row.js';

export function renderHtml(report: Report): string {
  const { devices, simulated, absences } = report;
  const names = devices.map(({ name }) => name).join(', ') || 'no device';
  const counts = countsOf(report.rows).map(
    ({ status, count }) => html`<span>${count} ${badge(status)}</span> `,
  );
  return page({
    of: report,
    heading: `nameplate: ${names}`,
    simulated: simulated ? simulatedNotice : null,
    outcome: html`<p class="counts">${counts}</p>`,
    main: html`${deviceIds(report).map((id) => deviceSection(report, id))}
${siblingWords(report).map((words) => html`<p class="warning">${words}</p>\n`)}
${absences.map(({ what, reason, remedy }) => html`<p class="warning">no ${what}: ${reason} → ${remedy}</p>\n`)}
${legend(report).map((note) => html`<p class="legend">${note}</p>\n`)}`,
  });
}
