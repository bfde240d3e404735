// What shows where a gap went, for each class of resource: arithmetic, memory, a link, NVLink.
//
// A factor without a reading behind it is a guess, so each says what was read, beside what it is held against, and
// names the command that would confirm or cure it. attribute.ts multiplies them.

import type { Documented, Factor } from '../row.js';
import type { Conditions, DeviceFacts, Series } from '../schema.js';
import { pcieRate } from '../specs/pcie.js';
import { formatClock, formatPercent, formatWatts } from '../units.js';
import { bothEnds, command } from './commands.js';
import { sharedByMps } from './mps.js';
import { othersToBlame } from './otherProcesses.js';
import { narrowed, pcie } from './pcie.js';
import type { ResourceClass } from './resource.js';
import { reasonsTold, standingReasons } from './throttle.js';

/** What was measured, what is documented, and the state of the device meanwhile. */
export type AttributionInput = {
  /** FLOP/s or B/s, sustained. */
  rate: number;
  documented: Documented;
  device: DeviceFacts;
  /** Of the sustained phase. */
  conditions: Conditions;
  card: {
    /** SMs of the whole card, as documented. */
    multiprocessors: number | null;
    /** FLOP per clock per SM for the documented resource. */
    ratePerClock: number | null;
  };
};

/** What evidence shows: factors with a short word each, what stays mixed into the rest, and what the rest means. */
export type Evidence = {
  factors: (Factor & { brief: string })[];
  mixedIn: string[];
  rest: (share: string) => string;
  /** A command that shows what is mixed in, where there is one. */
  confirm?: string;
  /** The SM clock held, where what was exhausted runs at it and it is known. */
  clockHz?: number | null;
};

/** The classes that are not explained as arithmetic is. */
const explained: Partial<Record<ResourceClass, (input: AttributionInput) => Evidence>> = {
  memory,
  link,
  peer,
};

/** The evidence for a resource of class `name`; one that has none is explained as arithmetic. */
export function evidenceOf(name: ResourceClass | null, input: AttributionInput): Evidence {
  const evidence = ((name === null ? null : explained[name]) ?? arithmetic)(input);
  const others = othersToBlame(input.conditions);
  if (others === null) return evidence;
  const confirm = command(input.device, '--query-compute-apps=pid,name,used_memory --format=csv');
  return { ...evidence, mixedIn: [...evidence.mixedIn, others], confirm };
}

/** A factor this close to 1 explains nothing worth a sentence. */
export const worthSaying = 0.97;

/** One that rounds to 1.00 leaves nothing to confirm: a clock is hardly ever held to the last MHz. */
const worthConfirming = 0.995;

function arithmetic({ documented, device, conditions, card }: AttributionInput): Evidence {
  const factors: Evidence['factors'] = [];
  const mixedIn: string[] = [];

  if (card.multiprocessors === null) mixedIn.push('number of SMs of the card not known');
  else {
    const whose = device.mig ? 'MIG slice of ' : sharedByMps(device) ? "an MPS client's " : '';
    const brief = `${whose}${device.multiprocessors} of ${card.multiprocessors} SMs`;
    const value = device.multiprocessors / card.multiprocessors;
    factors.push({
      name: 'multiprocessors',
      value,
      evidence: `${brief} present`,
      // `nvidia-smi mig -lgi` is refused to whoever may not configure slices, as in a container (NVIDIA/DCGM#138).
      confirm: value === 1 ? null : device.mig ? 'nvidia-smi -L' : 'nameplate devices',
      brief,
    });
  }

  const held = known(conditions.clockHz);
  const assumed = documented.assumedClockHz;
  if (held === null) mixedIn.push(`SM clock held not known${because(conditions)}`);
  else if (assumed === null) mixedIn.push('clock assumed by the documented figure not known');
  else {
    const standing = standingReasons(conditions);
    const cause = standing[0]?.words;
    const at = formatClock(held.median, assumed);
    factors.push({
      name: 'clock',
      value: held.median / assumed,
      evidence: [
        `SM clock held at ${formatClock(held.median)} (median of ${conditions.samples} samples, ${range(held)}) of ${formatClock(assumed)} assumed`,
        ...(documented.clockImplied ? ['no document names that clock; the figure implies it'] : []),
        ...shares(conditions),
        ...(standing.some(({ kind }) => kind === 'power') ? power(device, conditions) : []),
      ].join('; '),
      confirm:
        held.median < worthConfirming * assumed ? command(device, '-q -d CLOCK,POWER,PERFORMANCE') : null,
      brief: cause === undefined ? unnamed(at, held, conditions, device) : `${cause} held the clock at ${at}`,
    });
  }
  const rest = (share: string) => `kernel reaches ${share} at this clock`;
  return { factors, mixedIn, rest, clockHz: held?.median ?? null };
}

/** A clock for which no reason stood. Of one that `nvidia-smi -lgc` locked the driver names none (JuliaGPU/CUDA.jl#2194). */
function unnamed(at: string, { min, max }: Series, conditions: Conditions, device: DeviceFacts) {
  if (device.maxClockHz !== null && max > device.maxClockHz - clockStep)
    return `clock at ${at}, up to the highest that the device has`;
  if (!reasonsTold(conditions)) return `clock at ${at}, the reasons not told`;
  const where = `clock at ${at} for no named reason`;
  if (max - min > clockStep) return where;
  return `${where}, the same throughout, as if locked: ${command(device, '-rgc')} unlocks it`;
}

/** Hz from one SM clock that can be set to the next. */
const clockStep = 15e6;

/** A power cap takes the SM clock and leaves the memory clock, so memory is held against its own clock alone. */
function memory({ documented, device, conditions }: AttributionInput): Evidence {
  const factors: Evidence['factors'] = [];
  const mixedIn: string[] = [];
  if (documented.expected !== documented.value) {
    const share = formatPercent(documented.expected / documented.value, 1);
    mixedIn.push(
      `MIG slice, assumed to have ${share} of the card's memory bandwidth, as of its memory slices`,
    );
  }
  const held = known(conditions.memoryClockHz);
  const most = device.maxMemoryClockHz;
  if (held === null) mixedIn.push(`memory clock held not known${because(conditions)}`);
  else if (most === null) mixedIn.push('highest memory clock not known');
  else {
    const brief = `memory clock held at ${formatClock(held.median, most)}`;
    factors.push({
      name: 'clock',
      value: held.median / most,
      evidence: [
        `${brief} (median of ${conditions.samples} samples, ${range(held)})`,
        ...shares(conditions),
      ].join('; '),
      confirm: held.median < worthConfirming * most ? command(device, '-q -d CLOCK,PERFORMANCE') : null,
      brief,
    });
  }
  return { factors, mixedIn, rest: (share) => `kernel reaches ${share} at this memory clock` };
}

/**
 * The link in use against the documented one, which is the card's own: a slot of an older generation is a reason like
 * a missing lane. Trap: a link sleeps at a low generation while the GPU idles, and facts read then would explain away
 * everything. A state that could not have carried the measured rate is therefore not believed.
 */
function link({ rate, documented, device, conditions }: AttributionInput): Evidence {
  const rest = (share: string) =>
    `${share} of the link in use, the rest being packet headers and the host's side`;
  const generation = conditions.link?.generation ?? device.linkGeneration;
  const width = conditions.link?.width ?? device.linkWidth;
  const inUse = generation === null || width === null ? null : { generation, width };
  const carried = inUse && pcieRate(inUse.generation, inUse.width);
  if (inUse === null || carried === null) {
    return { factors: [], mixedIn: ['link in use not known'], rest };
  }
  const words = pcie(inUse);
  if (rate > carried) {
    const doubt = `link in use not known (read as ${words}, asleep: that cannot carry this rate)`;
    return { factors: [], mixedIn: [doubt], rest };
  }
  const { linkMaxGeneration: mostGeneration, linkMaxWidth: mostWidth } = device;
  const most =
    mostGeneration === null || mostWidth === null
      ? ''
      : `, ${pcie({ generation: mostGeneration, width: mostWidth })} possible here`;
  const value = carried / documented.value;
  const cause = value < worthSaying ? narrowed(inUse, device) : null;
  return {
    factors: [
      {
        name: 'link',
        value,
        evidence: [
          `${words} in use${most}; documented ${documented.printed}`,
          ...(cause === null ? [] : [cause]),
        ].join('; '),
        confirm: value < worthSaying ? bothEnds(device) : null,
        brief: `link runs at ${words}, documented ${documented.printed}${cause === null ? '' : ` (${cause}; ${bothEnds(device)} shows it)`}`,
      },
    ],
    mixedIn: [],
    rest,
  };
}

/**
 * The NVLinks that are up against those of the documented figure; where each leads NVML does not tell. As of the link, a
 * state that could not have carried the measured rate is not believed.
 */
function peer({ rate, documented, device, conditions }: AttributionInput): Evidence {
  const rest = (share: string) =>
    `${share} of one direction of the NVLinks, the rest being packet headers, or links to other GPUs`;
  const active = conditions.nvlinks?.active ?? 0;
  if (active === 0 || documented.nvlinks === null) return { factors: [], mixedIn: [], rest };
  const brief = `${active} of ${documented.nvlinks} NVLinks active`;
  const value = Math.min(1, active / documented.nvlinks);
  if (rate > value * documented.value)
    return { factors: [], mixedIn: [`${brief}, which cannot carry this rate`], rest };
  const confirm = value < 1 ? command(device, 'nvlink -s') : null;
  const evidence = `${brief}; documented ${documented.printed}`;
  return { factors: [{ name: 'link', value, evidence, confirm, brief }], mixedIn: [], rest };
}

/** Null also for a clock of 0, which is how a driver says that it does not know. */
function known<Series extends { median: number }>(series: Series | null): Series | null {
  return series !== null && series.median > 0 ? series : null;
}

function shares(conditions: Conditions): string[] {
  return standingReasons(conditions).map(
    ({ words, share }) => `${words} stood in ${formatPercent(share)} of them`,
  );
}

function power(device: DeviceFacts, conditions: Conditions): string[] {
  const { powerLimitWatts: limit, powerLimitDefaultWatts: normal } = device;
  const whose = device.mig ? ' by the whole board' : '';
  const drawn =
    conditions.powerWatts === null ? [] : [`${formatWatts(conditions.powerWatts.median)} drawn${whose}`];
  if (limit === null) return drawn;
  return [
    ...drawn,
    `limit ${formatWatts(limit)}${normal === null ? '' : `, default ${formatWatts(normal)}`}`,
  ];
}

function range({ min, max }: { min: number; max: number }): string {
  return `${formatClock(min).replace(' MHz', '')}–${formatClock(max)}`;
}

function because(conditions: Conditions): string {
  return conditions.missing === '' ? '' : ` (${conditions.missing})`;
}
