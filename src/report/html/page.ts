// What every page is: a file that needs no other, runs no script, and can be mailed, kept or printed.

import type { Report } from '../../row.js';
import { formatSeconds } from '../../units.js';
import { type Content, html, Markup } from './markup.js';
import { style } from './style.js';

/** Nothing is fetched and nothing runs, even where a hostile report found a way past the escaping. */
const policy = "default-src 'none'; style-src 'unsafe-inline'";

type Parts = {
  of: Pick<Report, 'host' | 'tool' | 'startedAt' | 'seconds' | 'state'>;
  heading: string;
  /** Said before and after everything else; null where a real device answered. */
  simulated: string | null;
  /** What came of it, below the heading. */
  outcome: Content;
  main: Content;
};

export function page({ of, heading, simulated, outcome, main }: Parts): string {
  const { host, tool, startedAt, seconds, state } = of;
  const notice = simulated !== null && html`<p class="notice"><strong>${simulated}</strong></p>`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${simulated !== null && 'SIMULATED · '}${heading}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<header>
<h1>${heading}</h1>
${notice}
<p>${startedAt} · ${formatSeconds(seconds)} · ${state} · ${host.hostname} · ${host.os}</p>
${outcome}
</header>
<main>
${main}
</main>
<footer>
${notice}
<p>nameplate ${tool.build.version}. Figures with every digit are in the JSON that this was made from.</p>
</footer>
</body>
</html>
`.text;
}
