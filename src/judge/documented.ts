// A device's documented figure: the card's own, and what of it this device should reach.
//
// A MIG slice is a part of a card. Its compute share is counted in SMs, its memory share in memory slices, and its host
// link is the whole card's.

import type { Documented } from '../row.js';
import type { DeviceFacts } from '../schema.js';
import {
  type Card,
  derivedCeiling,
  figure,
  type Identification,
  identify,
  nvlinks,
  processorReason,
  Resource,
  rate,
  ratePerClock,
} from '../specs/index.js';

/** What the documents know of a device. `card` is null where none matched, and `reason` says why. */
export interface Nameplate {
  card: Card | null;
  reason: string;
  /**
   * Null where the card has no such figure. A CPU has none printed and gets a derived one; where its system gives no
   * clock, `measuredClockHz` stands in.
   */
  documented(resource: string, measuredClockHz?: number | null): Documented | null;
  /** FLOP per clock per SM. */
  ratePerClock(resource: string): number | null;
}

const isResource = (name: string): name is Resource => Resource.safeParse(name).success;

export function nameplate(device: DeviceFacts): Nameplate {
  const none = { card: null, documented: () => null, ratePerClock: () => null };
  if (device.backend === 'cpu') {
    return {
      ...none,
      reason: processorReason(device),
      documented: (resource, clockHz = null) => derived(device, resource, clockHz),
    };
  }
  const identification = identify(device);
  if (identification.status === 'unknown') return { ...none, reason: identification.reason };
  const { card, witnessNotes } = identification;
  return {
    card,
    reason: ['driver name and witnesses agree', ...witnessNotes].join('; '),
    documented: (resource) => (isResource(resource) ? documented(identification, resource) : null),
    ratePerClock: (resource) => (isResource(resource) ? provenRate(card, resource) : null),
  };
}

function derived(device: DeviceFacts, resource: string, clockHz: number | null): Documented | null {
  const ceiling = derivedCeiling(device, resource, clockHz);
  if (ceiling === null) return null;
  const { value, printed, label, derivation, sources, recalled } = ceiling;
  return {
    resource,
    value,
    expected: value,
    printed,
    card: label,
    sparse: false,
    accumulator: null,
    assumedClockHz: ceiling.clockHz,
    clockImplied: false,
    upTo: 1,
    nvlinks: null,
    sources,
    derivation,
    recalled,
  };
}

type Known = Extract<Identification, { status: 'known' }>;

function documented(identification: Known, resource: Resource): Documented | null {
  const { card, share, memoryShare, mig } = identification;
  const found = figure(card, resource);
  if (found === null) return null;
  // Of some slices no document tells the memory slices, and the whole card's bandwidth is none of theirs.
  if (resource === 'memory' && memoryShare === null) return null;
  // SMs that are missing without a MIG slice are a finding and not an excuse: only a slice lowers what is expected.
  const compute = mig === null ? 1 : share;
  const shares: Partial<Record<Resource, number>> = { memory: memoryShare ?? 1, link: 1, peer: 1 };
  const { printed, sources, value, ...rest } = found;
  const implied = impliedClock(card, resource, value);
  return {
    resource,
    value,
    expected: value * (shares[resource] ?? compute),
    printed: `${printed.value} ${printed.unit}`,
    card: card.id,
    sparse: rest.sparse,
    accumulator: rest.accumulator,
    assumedClockHz: rest.assumedClockHz ?? implied,
    clockImplied: rest.assumedClockHz === null && implied !== null,
    upTo: reachedInFull(card, resource) ? 2 : 1,
    nvlinks: resource === 'peer' ? nvlinks(card) : null,
    sources: sources.map(({ title, url }) => (url === null ? title : `${title} <${url}>`)),
    derivation: rest.derivation,
    recalled: rest.recalled,
  };
}

/** Null where cards were measured above it: then it bounds nothing. */
const provenRate = (card: Card, resource: Resource): number | null =>
  reachedInFull(card, resource) ? null : ratePerClock(card, resource);

const reachedInFull = (card: Card, resource: Resource): boolean =>
  rate(card, resource)?.reachedInFull ?? false;

/** The clock at which the SMs of the card would give the figure: H200's 989.5 TFLOPS name none, and imply 1830 MHz. */
function impliedClock(card: Card, resource: Resource, value: number): number | null {
  const perClock = ratePerClock(card, resource);
  const multiprocessors = card.multiprocessors?.value;
  return perClock === null || multiprocessors === undefined ? null : value / (perClock * multiprocessors);
}
