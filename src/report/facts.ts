// What is known of a row besides its rate, in words: how its samples behaved, what the device did meanwhile, what was verified
// and by which kernel, and where the documented figure is from.

import { pcie } from '../judge/pcie.js';
import { reasonsTold } from '../judge/throttle.js';
import type { Report, Row } from '../row.js';
import type { Conditions, Series } from '../schema.js';
import {
  formatBytes,
  formatCelsius,
  formatClock,
  formatCount,
  formatFlop,
  formatJoules,
  formatPercent,
  formatPerWatt,
  formatRate,
  formatSeconds,
  formatSumBits,
  formatWatts,
} from '../units.js';
import { notices } from './notices.js';

type Device = Report['devices'][number];

/** Why there is no documented figure beside a row. */
export function unexplained({ kernel, verdict }: Row, device: Device | undefined): string {
  if (kernel?.resource === 'none' && verdict.status === 'unjudged') return verdict.why;
  if (device?.card == null)
    return `no figure to set beside it: ${device?.cardReason ?? 'the device is not described'}`;
  const slice = device.mig ? ', or none for this slice' : '';
  return `no figure to set beside it: ${device.card} documents none for ${kernel?.resource ?? 'this row'}${slice}`;
}

/** In the order in which one doubts it. */
const sections: readonly { label: string; of: (row: Row, device: Device | undefined) => string[] }[] = [
  {
    label: 'of clock',
    of: ({ attribution }) =>
      attribution?.ofClock == null
        ? []
        : [`${formatPercent(attribution.ofClock, 1)} of what the SMs present can do at the clock held`],
  },
  {
    label: 'ceiling',
    of: ({ ceiling, rate, unit, dtype }) =>
      ceiling === null || rate === null
        ? []
        : [
            `${formatPercent(rate / ceiling.value, 1)} of the ${formatRate(ceiling.value, unit, dtype)} measured meanwhile: ${ceiling.how}`,
          ],
  },
  { label: 'samples', of: samples },
  { label: 'notices', of: notices },
  {
    label: 'telemetry',
    of: ({ conditions }, device) => (conditions === null ? [] : telemetry(conditions, device)),
  },
  { label: 'energy', of: energyLines },
  { label: 'verified', of: verification },
  { label: 'work', of: work },
  { label: 'kernel', of: kernel },
  { label: 'sources', of: ({ documented }) => documented?.sources ?? [] },
];

/** Sections of which nothing is known are not there. */
export function factsOf(row: Row, device: Device | undefined): { label: string; lines: string[] }[] {
  return sections
    .map(({ label, of }) => ({ label, lines: of(row, device) }))
    .filter(({ lines }) => lines.length > 0);
}

function samples({ statistics, unit, dtype }: Row): string[] {
  if (statistics === null) return [];
  const { median, mad, min, max, quantiles, launchesPerSample: launches } = statistics;
  const span = (low: number, high: number) =>
    `${formatRate(low, unit, dtype)} to ${formatRate(high, unit, dtype)}`;
  const size = `${statistics.samples} of ${launches} ${launches === 1 ? 'launch' : 'launches'} each`;
  return [
    `${size}: median ${formatRate(median, unit, dtype)}, median absolute deviation ${formatPercent(mad / median, 2)}, ` +
      `nine in ten from ${span(quantiles.q05, quantiles.q95)}, all from ${span(min, max)}`,
  ];
}

function telemetry(conditions: Conditions, device: Device | undefined): string[] {
  const { source, samples, seconds, missing, throttle, link, nvlinks, otherProcesses } = conditions;
  const { correctedErrors, uncorrectedErrors } = conditions;
  const missed = missing === '' ? [] : [`missing: ${missing}`];
  if (samples === 0) return missed.length > 0 ? missed : ['no readings'];
  const read = (name: string, series: Series | null, format: (value: number) => string) => {
    if (series === null) return [];
    const [median, min, max] = [series.median, series.min, series.max].map((value) => format(value));
    return [`${name} ${median}${min === max ? '' : ` (${min} to ${max})`}`];
  };
  const shares = throttle.map(({ reason, share }) => `${reason} in ${formatPercent(share)} of the readings`);
  const unnamed = reasonsTold(conditions) ? 'nothing that the driver names' : 'not told';
  const counts = [
    correctedErrors !== null && `${correctedErrors} corrected`,
    uncorrectedErrors !== null && `${uncorrectedErrors} uncorrected`,
  ].filter((count) => count !== false);
  const replays = link === null || link.replays === null ? '' : `, ${link.replays} replays`;
  return [
    `${source}: ${samples} readings in ${formatSeconds(seconds)}`,
    ...read(source === 'nvml' ? 'SM clock' : 'core clock', conditions.clockHz, formatClock),
    ...read('memory clock', conditions.memoryClockHz, formatClock),
    ...read(device?.mig ? 'power of the whole board' : 'power', conditions.powerWatts, formatWatts),
    ...read('chip', conditions.temperatureCelsius, formatCelsius),
    ...read('memory', conditions.memoryTemperatureCelsius, formatCelsius),
    ...(source !== 'nvml'
      ? []
      : [`clock held down by: ${shares.length === 0 ? unnamed : shares.join(', ')}`]),
    ...(counts.length === 0 ? [] : [`ECC errors: ${counts.join(', ')}`]),
    ...(link === null ? [] : [`link ${pcie(link)}${replays}`]),
    ...(nvlinks === null ? [] : [`${nvlinks.active} of ${nvlinks.present} NVLinks active`]),
    ...(otherProcesses === null ? [] : [`other processes seen on the device: ${otherProcesses.count}`]),
    ...missed,
  ];
}

function energyLines({ energy, unit, dtype }: Row): string[] {
  if (energy === null) return [];
  const each = {
    'FLOP/s': dtype === 'int8' ? 'operation' : 'FLOP',
    'B/s': 'byte',
    'op/s': 'operation',
    s: null,
  }[unit];
  return [
    [
      ...(each === null
        ? []
        : [formatPerWatt(energy.perWatt, unit, dtype), `${formatJoules(1 / energy.perWatt)} per ${each}`]),
      `${formatJoules(energy.joulesPerLaunch)} per launch`,
      `${formatWatts(energy.watts)} of the whole board, by its ${energy.source}`,
    ].join(' · '),
  ];
}

function verification({ verification }: Row): string[] {
  if (verification === null) return [];
  const { method, compared, worst, bound, differences, first, timedLaunchesCompared, sumBits } = verification;
  return [
    method,
    `${compared} elements compared, ${differences} wrong${worst === null ? '' : `, the worst at ${worst.toPrecision(2)} of its bound`} (bound: ${bound})`,
    ...(first === null ? [] : [`first at ${first.at}: expected ${first.expected}, found ${first.actual}`]),
    `the output of the last timed launches was ${timedLaunchesCompared ? '' : 'NOT '}compared with it bit by bit`,
    ...(sumBits === null
      ? []
      : [`a sum keeps ${formatSumBits(sumBits)} below its largest term, as a probe showed`]),
  ];
}

function work({ work, unit, dtype, data, seed }: Row): string[] {
  if (work === null) return [];
  const {
    flop,
    flopCounted,
    bytes,
    bytesCounted,
    workingSetBytes,
    rotations,
    leadingDimensions: ld,
    accumulator,
    output,
  } = work;
  return [
    [
      (unit === 'FLOP/s' || unit === 'op/s') &&
        `${formatFlop(flop, unit, dtype)} a launch${flopCounted === '' ? '' : ` (${flopCounted})`}`,
      `${formatBytes(bytes)} a launch (${bytesCounted})`,
      `working set ${formatBytes(workingSetBytes)} in ${formatCount(rotations, 'set')} of buffers`,
      ld !== null && `leading dimensions ${ld.a}, ${ld.b}, ${ld.c}`,
      accumulator !== null && `accumulated in ${accumulator}`,
      output !== null && `written as ${output}`,
      `${unit === 'FLOP/s' ? `data ${data}, ` : ''}seed ${seed}`,
    ]
      .filter((part) => part !== false)
      .join(' · '),
  ];
}

function kernel({ kernel, ratioToVendor }: Row): string[] {
  if (kernel === null) return [];
  return [
    [
      kernel.name,
      kernel.resource,
      !kernel.tuned && 'right, speed not established',
      kernel.emulated && 'emulated',
    ]
      .filter((part) => part !== false)
      .join(' · '),
    ...(kernel.note === '' ? [] : [kernel.note]),
    ...(ratioToVendor === null ? [] : [`${ratioToVendor.toFixed(2)}x the vendor's row of the same run`]),
  ];
}
