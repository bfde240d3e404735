// A soak for a person: the live line while it runs, and the whole when it has ended; and for a file, and back.

import pc from 'picocolors';
import { whyOf } from '../judge/why.js';
import type { SoakError } from '../schema.js';
import { SoakReport, soakSchemaVersion } from '../soak/schema.js';
import { formatCelsius, formatClock, formatCount, formatRate, formatSeconds, formatWatts } from '../units.js';
import { checkVersion, damaged, parseJson } from './json.js';
import { damagedNames, simulatedSoak, soakFacts } from './soakFacts.js';
import { harmless, wrap } from './table.js';
import { healthLines } from './text.js';
import type { View } from './view.js';

const errorsShown = 20;

export const soakJson = (report: SoakReport): string => `${JSON.stringify(report, null, 2)}\n`;

/**
 * Reads a soak back; null where the text is another report.
 *
 * @throws ReportError for a truncated or damaged one, and for one of another version.
 */
export function parseSoak(text: string): SoakReport | null {
  const found = parseJson(text);
  if (typeof found !== 'object' || found === null || !('soakSchemaVersion' in found)) return null;
  checkVersion('soakSchemaVersion', found.soakSchemaVersion, soakSchemaVersion);
  const report = SoakReport.safeParse(found);
  if (report.success) return report.data;
  throw damaged(report.error);
}

/** As it is now, so that a clock that falls late is seen: "gemm.fp16 on cuda:0 · 2 min 10 s of 5 min 0 s · 702 TFLOPS · 1450 MHz · 698 W · 61 °C · 41022 launches compared · 0 errors" */
export function soakLine(report: SoakReport): string {
  const { options, device, seconds, last, unit, dtype, uncorrectedErrors } = report;
  const { rate = null, clockHz = null, powerWatts = null, temperatureCelsius = null } = last ?? {};
  const parts = [
    `${options.operation} on ${device.id}`,
    `${formatSeconds(Math.round(seconds))} of ${formatSeconds(options.minutes * 60)}`,
    rate !== null && formatRate(rate, unit, dtype),
    clockHz !== null && formatClock(clockHz),
    powerWatts !== null && formatWatts(powerWatts),
    temperatureCelsius !== null && formatCelsius(temperatureCelsius),
    `${report.launches} launches compared`,
    formatCount(report.wrongRounds, 'error'),
    !!uncorrectedErrors && formatCount(uncorrectedErrors, 'uncorrected ECC error'),
  ];
  return parts.filter((part) => typeof part === 'string').join(' · ');
}

export function soakText(report: SoakReport, { color, width, file }: View): string {
  const colors = pc.createColors(color);
  const { device, verdict, state } = report;
  const notice = report.simulated ? [colors.yellow(simulatedSoak)] : [];
  const paint = verdict.status === 'clean' ? colors.green : colors.red;
  const lines = [
    ...notice,
    colors.bold(harmless(`${device.name} · ${device.id}`)),
    ...healthLines(device, colors, width),
    ...soakFacts(report).flatMap(({ label, text }) =>
      wrap(`${label.padEnd(13)}${text}`, width, ' '.repeat(13)),
    ),
    ...report.errors.slice(0, errorsShown).flatMap((error) => wrap(errorText(error), width, '    ')),
    ...(report.errors.length > errorsShown
      ? [
          `  … ${report.wrongRounds - errorsShown} more${file === null ? '' : `; the report file lists ${report.errors.length}, the first of each second`}`,
        ]
      : []),
    ...wrap(`${verdict.status}: ${whyOf(verdict)}`, width, '  ').map(paint),
    [...(state === 'interrupted' ? ['interrupted'] : []), ...(file === null ? [] : [harmless(file)])].join(
      ' · ',
    ),
    ...notice,
  ];
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}

function errorText({ seconds, damaged, differences, first }: SoakError): string {
  const others = differences > 1 ? ` and ${differences - 1} more` : '';
  return `  after ${formatSeconds(seconds)}: ${damagedNames[damaged]}: ${first.at}${others}: expected ${first.expected}, found ${first.actual}`;
}
