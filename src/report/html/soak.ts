// A soak as one page: the verdict, what was seen meanwhile, and every error with its place.

import pc from 'picocolors';
import { whyOf } from '../../judge/why.js';
import type { SoakReport } from '../../soak/schema.js';
import { formatSeconds } from '../../units.js';
import { damagedNames, simulatedSoak, soakFacts } from '../soakFacts.js';
import { column } from '../table.js';
import { deviceLine, healthLines } from '../text.js';
import { html } from './markup.js';
import { page } from './page.js';
import { badge } from './row.js';
import { htmlTable } from './table.js';

type SoakError = SoakReport['errors'][number];
type EccStep = SoakReport['eccErrors'][number];

const after = ({ seconds }: { seconds: number }) => formatSeconds(seconds);
const errorColumns = [
  column<SoakError>('after', 0, 'left', after),
  column<SoakError>('what', 0, 'left', ({ damaged }) => damagedNames[damaged]),
  column<SoakError>('first place', 0, 'left', ({ first }) => first.at),
  column<SoakError>('expected', 0, 'right', ({ first }) => first.expected),
  column<SoakError>('found', 0, 'right', ({ first }) => first.actual),
  column<SoakError>('differences', 0, 'right', ({ differences }) => String(differences)),
];
const eccColumns = [
  column<EccStep>('after', 0, 'left', after),
  column<EccStep>('corrected', 0, 'right', ({ corrected }) => String(corrected)),
  column<EccStep>('uncorrected', 0, 'right', ({ uncorrected }) => String(uncorrected)),
];

export function renderSoakHtml(report: SoakReport): string {
  const { device, simulated, verdict, errors, eccErrors } = report;
  const health = healthLines(device, pc.createColors(false), Number.POSITIVE_INFINITY);
  const facts = soakFacts(report).map(({ label, text }) => html`<dt>${label}</dt><dd>${text}</dd>\n`);
  const listed = `Wrong rounds, ${errors.length} of ${report.wrongRounds}`;
  return page({
    of: report,
    heading: `nameplate soak: ${device.name}`,
    simulated: simulated ? simulatedSoak : null,
    outcome: html`<p>${badge(verdict.status)}: ${whyOf(verdict)}</p>`,
    main: html`<p>${deviceLine(device)}</p>
${health.map((line) => html`<p class="warning">${line}</p>\n`)}<dl>
${facts}</dl>
${errors.length > 0 && htmlTable(listed, errors, errorColumns)}
${eccErrors.length > 0 && htmlTable('ECC errors, by when the counters were read', eccErrors, eccColumns)}`,
  });
}
