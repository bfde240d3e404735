// What was different: between two runs, between two devices, between the conditions of two rows.
//
// A slower row alone is a complaint. Beside a clock that fell, a link that lost lanes or another driver it is a lead.

import * as z from 'zod';
import { pcie } from '../judge/pcie.js';
import { reasonsTold } from '../judge/throttle.js';
import type { Report, Row } from '../row.js';
import type { Conditions, DeviceFacts } from '../schema.js';
import { formatBytes, formatCelsius, formatClock, formatPercent, formatWatts } from '../units.js';

export const Change = z.strictObject({ what: z.string(), before: z.string(), after: z.string() });
export type Change = z.infer<typeof Change>;

/** A thing to read, in words; null where it is not known. */
type Reading<Of> = { what: string; read: (of: Of) => string | null | undefined };

const ofRun: readonly Reading<Report>[] = [
  { what: 'nameplate', read: ({ tool }) => tool.build.version },
  { what: 'compiler', read: ({ tool }) => tool.build.compiler },
  { what: 'level', read: ({ options }) => options.level },
  // Two that take turns share the heat.
  { what: 'providers asked for', read: ({ options }) => options.provider },
  { what: 'telemetry', read: ({ options }) => (options.telemetry ? 'on' : 'off') },
  { what: 'state', read: ({ state }) => state },
  { what: 'host', read: ({ host }) => host.hostname },
  { what: 'operating system', read: ({ host }) => host.os },
];

const highestClock = ({ maxClockHz: clock }: DeviceFacts) => (clock === null ? null : formatClock(clock));

const ofDevice: readonly Reading<DeviceFacts>[] = [
  { what: 'driver', read: ({ driver }) => driver },
  { what: 'CUDA version of the driver', read: ({ driverApi }) => driverApi },
  { what: 'power limit', read: ({ powerLimitWatts: limit }) => (limit === null ? null : formatWatts(limit)) },
  { what: 'SMs', read: ({ backend, multiprocessors }) => (backend === 'cpu' ? null : `${multiprocessors}`) },
  { what: 'highest SM clock', read: (device) => (device.backend === 'cpu' ? null : highestClock(device)) },
  { what: 'highest clock', read: (device) => (device.backend === 'cpu' ? highestClock(device) : null) },
  {
    what: 'highest memory clock',
    read: ({ maxMemoryClockHz: clock }) => (clock === null ? null : formatClock(clock)),
  },
  {
    what: 'memory put out of use',
    read: ({ memoryRepair: repair }) =>
      repair &&
      `${repair.uncorrected + repair.corrected} ${repair.means}${repair.failed ? ', and one that failed' : ''}`,
  },
  // An encrypted link, the share that an MPS server gives, instruction sets that a virtual machine hides.
  { what: 'features', read: ({ features }) => features.join(' ') || 'none' },
  { what: 'ECC', read: ({ ecc }) => (ecc === null ? null : ecc ? 'on' : 'off') },
  {
    what: 'link at most',
    read: ({ linkMaxGeneration: generation, linkMaxWidth: width }) =>
      generation === null || width === null ? null : pcie({ generation, width }),
  },
];

const ofRow: readonly Reading<Row>[] = [
  {
    what: 'link',
    read: ({ conditions }) => conditions?.link && pcie(conditions.link),
  },
  {
    what: 'NVLinks active',
    read: ({ conditions }) =>
      conditions?.nvlinks && `${conditions.nvlinks.active} of ${conditions.nvlinks.present}`,
  },
  {
    what: 'ECC errors corrected',
    read: ({ conditions }) => (conditions?.correctedErrors == null ? null : `${conditions.correctedErrors}`),
  },
  { what: 'kernel', read: ({ kernel }) => kernel && `${kernel.name}${kernel.emulated ? ', emulated' : ''}` },
  { what: 'working set', read: ({ work }) => work && formatBytes(work.workingSetBytes) },
];

/** Readings that are never twice the same, each with what is worth saying. */
type Sensor = {
  what: string;
  read: (row: Row) => number | null | undefined;
  format: (value: number) => string;
  differs: (before: number, after: number) => boolean;
};
const byShare = (share: number) => (before: number, after: number) =>
  Math.abs(after - before) > share * before;
const by = (least: number) => (before: number, after: number) => Math.abs(after - before) >= least;
const clock = { format: (hertz: number) => formatClock(hertz), differs: byShare(0.01) };
const degrees = { format: formatCelsius, differs: by(3) };

const sensors: readonly Sensor[] = [
  {
    what: 'SM clock',
    read: ({ conditions }) => (conditions?.source === 'nvml' ? conditions.clockHz?.median : null),
    ...clock,
  },
  // A CPU has no SMs.
  {
    what: 'clock',
    read: ({ conditions }) => (conditions?.source === 'nvml' ? null : conditions?.clockHz?.median),
    ...clock,
  },
  { what: 'memory clock', read: ({ conditions }) => conditions?.memoryClockHz?.median, ...clock },
  {
    what: 'power',
    read: ({ conditions }) => conditions?.powerWatts?.median,
    format: formatWatts,
    differs: byShare(0.03),
  },
  { what: 'chip', read: ({ conditions }) => conditions?.temperatureCelsius?.median, ...degrees },
  { what: 'memory', read: ({ conditions }) => conditions?.memoryTemperatureCelsius?.median, ...degrees },
];

/** Of the readings in which a reason to hold the clock down stood: less than this is chance. */
const leastShare = 0.1;

/** Between two runs: the tool, the host, the options that move a figure, the libraries. */
export function runChanges(before: Report, after: Report): Change[] {
  const names = [...new Set([...before.libraries, ...after.libraries].map(({ name }) => name))];
  const libraries = names.map((name) => ({
    what: name,
    read: ({ libraries }: Report) => libraries.find((library) => library.name === name)?.version ?? 'absent',
  }));
  return differing([...ofRun, ...libraries], before, after);
}

export function deviceChanges(before: DeviceFacts, after: DeviceFacts): Change[] {
  return differing(ofDevice, before, after);
}

/** Between the sustained phases of two rows. */
export function rowChanges(before: Row, after: Row): Change[] {
  return [
    ...sensors.flatMap(({ what, read, format, differs }) => {
      const [old, now] = [read(before) ?? null, read(after) ?? null];
      if (old !== null && now !== null && !differs(old, now)) return [];
      const words = (value: number | null) => (value === null ? null : format(value));
      return changed(what, words(old), words(now));
    }),
    ...reasonChanges(before, after),
    ...processChanges(before, after),
    ...differing(ofRow, before, after),
  ];
}

function reasonChanges({ conditions: before }: Row, { conditions: after }: Row): Change[] {
  // Without readings no reason stood, but none was ruled out either.
  const ruledOut = (of: Conditions | null): of is Conditions =>
    of !== null && of.samples > 0 && reasonsTold(of);
  if (!ruledOut(before) || !ruledOut(after)) return [];
  const [old, now] = [before.throttle, after.throttle];
  return [...new Set([...old, ...now].map(({ reason }) => reason))].flatMap((reason) => {
    const share = (of: typeof old) => of.find((entry) => entry.reason === reason)?.share ?? 0;
    if (Math.abs(share(now) - share(old)) < leastShare) return [];
    return changed(reason, formatPercent(share(old)), `${formatPercent(share(now))} of the readings`);
  });
}

function processChanges(before: Row, after: Row): Change[] {
  const [old, now] = [before.conditions?.otherProcesses, after.conditions?.otherProcesses];
  return old && now ? changed('other processes', `${old.count}`, `${now.count}`) : [];
}

function differing<Of>(readings: readonly Reading<Of>[], before: Of, after: Of): Change[] {
  return readings.flatMap(({ what, read }) => changed(what, read(before) ?? null, read(after) ?? null));
}

function changed(what: string, before: string | null, after: string | null): Change[] {
  return before === after ? [] : [{ what, before: before ?? 'not known', after: after ?? 'not known' }];
}
