// What every page is: a file that needs no other, runs no script, and can be mailed, kept or printed.

import { type Content, html, Markup } from './markup.js';
import { style } from './style.js';

/** Nothing is fetched and nothing runs, even where a hostile report found a way past the escaping. */
const policy = "default-src 'none'; style-src 'unsafe-inline'";

/** `simulated` is said before and after everything else, and null where a real device answered. */
export type Parts = {
  heading: string;
  simulated: string | null;
  /** Below the heading. */
  about: Content;
  main: Content;
  version: string;
};

export function page({ heading, simulated, about, main, version }: Parts): string {
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
${about}
</header>
<main>
${main}
</main>
<footer>
${notice}
<p>nameplate ${version}. Figures with every digit are in the JSON that this was made from.</p>
</footer>
</body>
</html>
`.text;
}
