// What a soak has found, in words: as the terminal and the page have it.

import { othersSeen } from '../judge/otherProcesses.js';
import type { Conditions, SoakError } from '../schema.js';
import type { SoakReport } from '../soak/schema.js';
import {
  absent,
  formatCelsius,
  formatClock,
  formatPercent,
  formatRate,
  formatSeconds,
  formatShape,
  formatWatts,
} from '../units.js';
import { eitherMemory } from './notices.js';

export const simulatedSoak = 'SIMULATED: a stand-in for tests answered; nothing here is a measurement.';

export const damagedNames: Record<SoakError['damaged'], string> = {
  output: 'an output',
  input: 'an input, since put right',
  verified: 'the verified output, since put right',
};

/** Without what is not known, which has a line of its own. */
export function soakFacts(report: SoakReport): { label: string; text: string }[] {
  const { device, options, kernel, shape, busyShare, missing } = report;
  // The data asked for are those of matrices: memory and links move random doubles whatever it is.
  const data = report.unit === 'FLOP/s' ? `${options.data} data, ` : '';
  const busy =
    busyShare === null ? '' : `, ${formatPercent(busyShare)} of it in launches, the rest comparing`;
  const facts: [string, string | null][] = [
    [
      'row',
      `${options.operation} by ${options.provider}, ${formatShape(shape)}, ${data}seed ${options.seed}`,
    ],
    ['kernel', kernel?.name ?? absent],
    ['time', `${formatSeconds(report.seconds)}${busy}`],
    ['rate', rate(report)],
    ['clock', range(report.clockHz, formatClock)],
    [device.mig ? 'board power' : 'power', range(report.powerWatts, formatWatts)],
    ['temperature', range(report.temperatureCelsius, formatCelsius)],
    ['memory temp.', range(report.memoryTemperatureCelsius, formatCelsius)],
    ['held back by', reasons(report.throttle)],
    ['ECC errors', ecc(report)],
    ['others', othersSeen(report)],
    ['not known', missing === '' ? null : missing],
    ['wrong rounds', `${report.wrongRounds}${report.errorsPerHour === null ? '' : `, ${perHour(report)}`}`],
  ];
  return facts.flatMap(([label, text]) => (text === null ? [] : [{ label, text }]));
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

function range(
  series: { min: number; median: number; max: number } | null,
  format: (value: number) => string,
): string | null {
  if (series === null) return null;
  return `${format(series.median)}, from ${format(series.min)} to ${format(series.max)}`;
}
