// The report as one page: a file that needs no other, runs no script, and can be mailed, kept or printed.

import type { Report } from '../../row.js';
import { formatSeconds } from '../../units.js';
import { legend } from '../legend.js';
import { siblingWords } from '../siblings.js';
import { countsOf, deviceIds } from '../text.js';
import { simulatedNotice } from '../view.js';
import { deviceSection } from './device.js';
import { html, Markup } from './markup.js';
import { badge } from './row.js';
import { style } from './style.js';

/** Nothing is fetched and nothing runs, even where a hostile report found a way past the escaping. */
const policy = "default-src 'none'; style-src 'unsafe-inline'";

export function renderHtml(report: Report): string {
  const { host, tool, startedAt, seconds, state, simulated, absences } = report;
  const names = report.devices.map(({ name }) => name).join(', ') || 'no device';
  const counts = countsOf(report.rows).map(
    ({ status, count }) => html`<span>${count} ${badge(status)}</span> `,
  );
  const notice = simulated && html`<p class="notice"><strong>${simulatedNotice}</strong></p>`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${simulated && 'SIMULATED · '}nameplate: ${names}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<header>
<h1>nameplate: ${names}</h1>
${notice}
<p>${startedAt} · ${formatSeconds(seconds)} · ${state} · ${host.hostname} · ${host.os}</p>
<p class="counts">${counts}</p>
</header>
<main>
${deviceIds(report).map((id) => deviceSection(report, id))}
${siblingWords(report).map((words) => html`<p class="warning">${words}</p>\n`)}
${absences.map(({ what, reason, remedy }) => html`<p class="warning">no ${what}: ${reason} → ${remedy}</p>\n`)}
${legend(report).map((note) => html`<p class="legend">${note}</p>\n`)}
</main>
<footer>
${notice}
<p>nameplate ${tool.build.version}. Figures with every digit are in the JSON that this was made from.</p>
</footer>
</body>
</html>
`;
  return page.text;
}
