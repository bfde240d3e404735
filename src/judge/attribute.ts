// Where the gap went: measured / documented as a product, each factor with what shows it.
//
//   measured / documented = SMs present / SMs documented x clock held / clock assumed x kernel efficiency
//
// The percentage alone blames whoever reads it last. A card at 71 % whose power cap holds the clock at 80 % is healthy,
// and one at 71 % with the clock where it belongs is not. What is unknown is left out of the product, and the factor
// that is left at the end says what else is in it.

import type { Attribution, Documented, Factor } from '../row.js';
import type { Conditions, DeviceFacts, LinkEnd } from '../schema.js';
import { formatClock, formatPercent, formatWatts, giga } from '../units.js';
import { standingReasons } from './throttle.js';

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

const classes = [
  { pattern: /^(vector|tensor)\..*\.sparse$/, name: 'sparse' },
  { pattern: /^tensor\./, name: 'tensor' },
  { pattern: /^vector\./, name: 'vector' },
  { pattern: /^memory$/, name: 'memory' },
  { pattern: /^link$/, name: 'link' },
  { pattern: /^peer$/, name: 'peer' },
] as const;
export type ResourceClass = (typeof classes)[number]['name'];

/** The class of a documented resource: "tensor.bf16" is `tensor`; null for one that this tool does not judge. */
export function resourceClass(resource: string): ResourceClass | null {
  return classes.find(({ pattern }) => pattern.test(resource))?.name ?? null;
}

/** What evidence shows: factors with a short word each, what stays mixed into the rest, and what the rest means. */
type Shown = {
  factors: (Factor & { brief: string })[];
  mixedIn: string[];
  rest: (share: string) => string;
  /** Whether what was exhausted runs at the clock of the SMs. */
  clocked?: boolean;
};

/**
 * Explains `rate` as a product of factors whose value is measured / documented.
 *
 * @returns `ofClock` only for arithmetic whose clock and rate per clock are known.
 */
export function attribute(input: AttributionInput): Attribution {
  const { rate, documented, device, conditions, card } = input;
  const name = resourceClass(documented.resource);
  const shown = (name === null ? arithmetic : (evidenceOf[name] ?? arithmetic))(input);

  const ofSpec = rate / documented.value;
  const rest = ofSpec / shown.factors.reduce((product, factor) => product * factor.value, 1);
  const clock = known(conditions.clockHz)?.median ?? null;
  const arithmeticRate =
    shown.clocked && clock !== null && card.ratePerClock !== null
      ? card.ratePerClock * device.multiprocessors * clock
      : null;
  const mixedIn = shown.mixedIn.join('; ');
  const evidence =
    mixedIn === ''
      ? shown.rest(formatPercent(rest))
      : `${formatPercent(rest)} is left, and in it: ${mixedIn}`;
  return {
    ofSpec,
    ofClock: arithmeticRate === null ? null : rate / arithmeticRate,
    factors: [
      ...shown.factors.map(({ brief: _, ...factor }) => factor),
      {
        name: mixedIn === '' && name !== 'link' && name !== 'peer' ? 'kernel' : 'remainder',
        value: rest,
        evidence,
        confirm: null,
      },
    ],
    summary: summarize(shown, rest),
  };
}

/** How each class of resource is explained; those that are not named are arithmetic. */
const evidenceOf: Partial<Record<ResourceClass, (input: AttributionInput) => Shown>> = { memory, link, peer };

/** A factor this close to 1 explains nothing worth a sentence. */
const worthSaying = 0.97;

/** The factors that took something, what is not known, and the kernel where it took the most or nothing else did. */
function summarize({ factors, mixedIn, rest }: Shown, left: number): string {
  const losses = factors.filter(({ value }) => value < worthSaying);
  const kernel = mixedIn.length === 0 && losses.every(({ value }) => left < value);
  const words = [...losses.map(({ brief }) => brief), ...mixedIn];
  return [...words, ...(kernel ? [rest(formatPercent(left))] : [])].join('; ');
}

function arithmetic({ documented, device, conditions, card }: AttributionInput): Shown {
  const factors: Shown['factors'] = [];
  const mixedIn: string[] = [];

  if (card.multiprocessors === null) mixedIn.push('number of SMs of the card not known');
  else {
    const brief = `${device.mig ? 'MIG slice of ' : ''}${device.multiprocessors} of ${card.multiprocessors} SMs`;
    const value = device.multiprocessors / card.multiprocessors;
    factors.push({
      name: 'multiprocessors',
      value,
      evidence: `${brief} present`,
      confirm: value === 1 ? null : device.mig ? 'nvidia-smi mig -lgi' : command(device, '-q'),
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
      confirm: held.median < assumed ? command(device, '-q -d CLOCK,POWER,PERFORMANCE') : null,
      brief: cause === undefined ? `clock at ${at} for no named reason` : `${cause} held the clock at ${at}`,
    });
  }
  return { factors, mixedIn, rest: (share) => `kernel reaches ${share} at this clock`, clocked: true };
}

/** A power cap takes the SM clock and leaves the memory clock, so memory is held against its own clock alone. */
function memory({ documented, device, conditions }: AttributionInput): Shown {
  const factors: Shown['factors'] = [];
  const mixedIn: string[] = [];
  if (documented.expected !== documented.value) {
    const share = formatPercent(documented.expected / documented.value, 1);
    mixedIn.push(`MIG slice with ${share} of the card's memory bandwidth`);
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
      confirm: held.median < most ? command(device, '-q -d CLOCK,PERFORMANCE') : null,
      brief,
    });
  }
  return { factors, mixedIn, rest: (share) => `kernel reaches ${share} at this memory clock` };
}

/** PCI Express per lane and generation, in Gbit/s after the line code (128/130 from 3 on; 6: 242 of 256 bytes). */
const laneRate: Readonly<Record<number, number>> = {
  1: (2.5 * 8) / 10,
  2: (5 * 8) / 10,
  3: (8 * 128) / 130,
  4: (16 * 128) / 130,
  5: (32 * 128) / 130,
  6: (64 * 242) / 256,
};

/**
 * The link in use against the documented one, which is the card's own: a slot of an older generation is a reason like
 * a missing lane. Trap: a link sleeps at a low generation while the GPU idles, and facts read then would explain away
 * everything. A state that could not have carried the measured rate is therefore not believed.
 */
function link({ rate, documented, device, conditions }: AttributionInput): Shown {
  const rest = (share: string) =>
    `${share} of the link in use, the rest being packet headers and the host's side`;
  const generation = conditions.link?.generation ?? device.linkGeneration;
  const width = conditions.link?.width ?? device.linkWidth;
  const lane = generation === null ? undefined : laneRate[generation];
  if (generation === null || lane === undefined || width === null) {
    return { factors: [], mixedIn: ['link in use not known'], rest };
  }
  const inUse = (giga * lane * width) / 8;
  const words = pcie(generation, width);
  if (rate > inUse) {
    const doubt = `link in use not known (read as ${words}, asleep: that cannot carry this rate)`;
    return { factors: [], mixedIn: [doubt], rest };
  }
  const { linkMaxGeneration: mostGeneration, linkMaxWidth: mostWidth } = device;
  const most =
    mostGeneration === null || mostWidth === null ? '' : `, ${pcie(mostGeneration, mostWidth)} possible here`;
  const value = inUse / documented.value;
  const cause = value < worthSaying ? narrowed({ generation, width }, device) : null;
  return {
    factors: [
      {
        name: 'link',
        value,
        evidence: [
          `${words} in use${most}; documented ${documented.printed}`,
          ...(cause === null ? [] : [cause]),
        ].join('; '),
        confirm: value < worthSaying ? lspci(device) : null,
        brief: `link runs at ${words}, documented ${documented.printed}${cause === null ? '' : ` (${cause}; ${lspci(device)} shows it)`}`,
      },
    ],
    mixedIn: [],
    rest,
  };
}

/** How many NVLinks are up is in the conditions, and said beside the verdict. */
function peer(): Shown {
  return {
    factors: [],
    mixedIn: [],
    rest: (share) => `${share} of one direction of NVLink, the rest being packet headers`,
  };
}

/**
 * Which end of a link keeps it below the documented rate, where the system tells what each end can do. A link below what
 * both can do was trained down: a bad contact, a riser, a setting of the firmware. NVML tells what is possible of the two
 * together alone (nvmlDeviceGetMaxPcieLinkWidth), as in a container that does not show the bus.
 */
function narrowed(inUse: LinkEnd, device: DeviceFacts): string | null {
  const { linkCard: card, linkSlot: slot, linkMaxGeneration, linkMaxWidth } = device;
  if (card === null || slot === null) {
    const most = { generation: linkMaxGeneration ?? 0, width: linkMaxWidth ?? 0 };
    return inUse.generation < most.generation || inUse.width < most.width ? 'trained down' : null;
  }
  const possible = {
    generation: Math.min(card.generation, slot.generation),
    width: Math.min(card.width, slot.width),
  };
  if (inUse.generation < possible.generation || inUse.width < possible.width) {
    const ends = `card can do ${pcie(card.generation, card.width)}, slot ${pcie(slot.generation, slot.width)}`;
    return `trained down: ${ends}`;
  }
  const slotEnds = slot.generation < card.generation || slot.width < card.width;
  return slotEnds
    ? `the slot ends at ${pcie(slot.generation, slot.width)}, the card can do ${pcie(card.generation, card.width)}`
    : null;
}

/** NVML writes the bus id with an eight-digit domain, lspci with four. */
function lspci(device: DeviceFacts): string {
  if (device.pciBusId === null) return command(device, '-q');
  return `lspci -vv -s ${device.pciBusId.replace(/^0+(?=[0-9A-F]{4}:)/i, '').toLowerCase()}`;
}

export function pcie(generation: number, width: number): string {
  return `PCIe ${generation.toFixed(1)} x${width}`;
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
  const drawn = conditions.powerWatts === null ? [] : [`${formatWatts(conditions.powerWatts.median)} drawn`];
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

/** nvidia-smi for this device alone: by UUID, since indices follow the order of the bus and not of CUDA. */
function command(device: DeviceFacts, options: string): string {
  const target = device.uuid ?? device.pciBusId;
  return `nvidia-smi ${options}${target === null ? '' : ` -i ${target}`}`;
}
