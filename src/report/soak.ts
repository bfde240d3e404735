// A soak for a person: the live line while it runs, and the whole when it has ended; and for a file, and back.

import pc from 'picocolors';
import { othersSeen } from '../judge/otherProcesses.js';
import type { Conditions, SoakError } from '../schema.js';
import { SoakReport, soakSchemaVersion } from '../soak/schema.js';
import {
  absent,
  formatClock,
  formatCount,
  formatPercent,
  formatRate,
  formatSeconds,
  formatShape,
  formatWatts,
} from '../units.js';
import { checkVersion, damaged, parseJson } from './json.js';
import { eitherMemory } from './notices.js';
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
    temperatureCelsius !== null && celsius(temperatureCelsius),
    `${report.launches} launches compared`,
    formatCount(report.wrongRounds, 'error'),
    !!uncorrectedErrors && formatCount(uncorrectedErrors, 'uncorrected ECC error'),
  ];
  return parts.filter((part) => typeof part === 'string').join(' · ');
}

export function soakText(report: SoakReport, { color, width, file }: View): string {
  const colors = pc.createColors(color);
  const { device, options, kernel, shape, verdict, state } = report;
  const notice = report.simulated
    ? [colors.yellow('SIMULATED: a stand-in for tests answered; nothing here is a measurement.')]
    : [];
  const size = formatShape(shape);
  const paint = verdict.status === 'clean' ? colors.green : colors.red;
  const why = verdict.status === 'failed' ? `${verdict.code}: ${verdict.why}` : verdict.why;
  // The data asked for are those of matrices: memory and links move random doubles whatever it is.
  const data = report.unit === 'FLOP/s' ? `${options.data} data, ` : '';
  const facts: [string, string | null][] = [
    ['row', `${options.operation} by ${options.provider}, ${size}, ${data}seed ${options.seed}`],
    ['kernel', kernel?.name ?? absent],
    [
      'time',
      `${formatSeconds(report.seconds)}${report.busyShare === null ? '' : `, ${formatPercent(report.busyShare)} of it in launches, the rest comparing`}`,
    ],
    ['rate', rate(report)],
    ['clock', range(report.clockHz, formatClock)],
    [device.mig ? 'board power' : 'power', range(report.powerWatts, formatWatts)],
    ['temperature', range(report.temperatureCelsius, celsius)],
    ['memory temp.', range(report.memoryTemperatureCelsius, celsius)],
    ['held back by', reasons(report.throttle)],
    ['ECC errors', ecc(report)],
    ['others', othersSeen(report)],
    ['not known', report.missing === '' ? null : report.missing],
    ['wrong rounds', `${report.wrongRounds}${report.errorsPerHour === null ? '' : `, ${perHour(report)}`}`],
  ];
  const lines = [
    ...notice,
    colors.bold(harmless(`${device.name} · ${device.id}`)),
    ...healthLines(device, colors, width),
    ...facts.flatMap(([label, text]) =>
      text === null ? [] : wrap(`${label.padEnd(13)}${text}`, width, ' '.repeat(13)),
    ),
    ...report.errors.slice(0, errorsShown).flatMap((error) => wrap(errorText(error), width, '    ')),
    ...(report.errors.length > errorsShown
      ? [
          `  … ${report.wrongRounds - errorsShown} more${file === null ? '' : `; the report file lists ${report.errors.length}, the first of each second`}`,
        ]
      : []),
    ...wrap(`${verdict.status}: ${why}`, width, '  ').map(paint),
    [...(state === 'interrupted' ? ['interrupted'] : []), ...(file === null ? [] : [harmless(file)])].join(
      ' · ',
    ),
    ...notice,
  ];
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}

const damagedNames: Record<SoakError['damaged'], string> = {
  output: 'an output',
  input: 'an input, since put right',
  verified: 'the verified output, since put right',
};

function errorText({ seconds, damaged, differences, first }: SoakError): string {
  const others = differences > 1 ? ` and ${differences - 1} more` : '';
  return `  after ${formatSeconds(seconds)}: ${damagedNames[damaged]}: ${first.at}${others}: expected ${first.expected}, found ${first.actual}`;
}

/** A rate from less than an hour is an extrapolation, and no error in a minute does not mean none in an hour. */
function perHour({ errorsPerHour, seconds, wrongRounds }: SoakReport): string {
  if (errorsPerHour === null || wrongRounds === 0) return `none in ${formatSeconds(seconds)}`;
  return `${Number(errorsPerHour.toPrecision(3))} per hour${seconds < 3600 ? `, extrapolated from ${formatSeconds(seconds)}` : ''}`;
}

/** "3 corrected, the first after 12 s, 0 uncorrected" */
function ecc({ correctedErrors, uncorrectedErrors, eccErrors, shape }: SoakReport): string | null {
  if (correctedErrors === null && uncorrectedErrors === null) return null;
  const since = (kind: 'corrected' | 'uncorrected') => {
    const first = eccErrors.find((step) => step[kind] > 0);
    return first === undefined ? kind : `${kind}, the first after ${formatSeconds(first.seconds)}`;
  };
  const whose = uncorrectedErrors && 'peer' in shape ? `, ${eitherMemory}` : '';
  return `${correctedErrors ?? absent} ${since('corrected')}, ${uncorrectedErrors ?? absent} ${since('uncorrected')}${whose}`;
}

function reasons(throttle: Conditions['throttle']): string | null {
  if (throttle.length === 0) return null;
  return throttle.map(({ reason, share }) => `${reason} ${formatPercent(share)} of the time`).join(', ');
}

/** The clock, the watts and the rate are ranges over the seconds: a mean alone would hide what began late. */
function rate(report: SoakReport): string {
  const { rate, rates, unit, dtype } = report;
  if (rate === null) return absent;
  const format = (value: number) => formatRate(value, unit, dtype);
  const span = rates === null ? '' : `, by the second from ${format(rates.min)} to ${format(rates.max)}`;
  return `${format(rate)} while in launches${span}`;
}

const celsius = (degrees: number) => `${degrees} °C`;

function range(
  series: { min: number; median: number; max: number } | null,
  format: (value: number) => string,
): string | null {
  if (series === null) return null;
  return `${format(series.median)}, from ${format(series.min)} to ${format(series.max)}`;
}
