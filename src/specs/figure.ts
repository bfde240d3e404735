// One documented figure, in SI, with everything a reader needs to doubt it.
//
// The clock a peak assumes is not the same for every row: NVIDIA quotes Hopper's tensor peaks at 1830 MHz and the rest,
// FP64 tensor included, at 1980 MHz. One clock for all would be off by 8 %.

import type { Architecture, Card, Disagreement, Evidence, Figure, Resource } from './card.js';
import { Peak } from './card.js';
import { documents, rates } from './data.js';
import { pcieStandard } from './pcie.js';
import { mega, type PrintedUnit, si } from './units.js';

export type Source = { id: string; title: string; url: string | null; access: string };

export type DocumentedFigure = {
  resource: Resource;
  /** FLOP/s or B/s. */
  value: number;
  printed: { value: number; unit: PrintedUnit };
  sparse: boolean;
  /** Null where the resource has no accumulator of its own. `unstated`: the document does not say. */
  accumulator: 'fp64' | 'fp32' | 'fp16' | 'int32' | 'unstated' | null;
  /** The clock the figure was computed at; null where none is documented or none applies. */
  assumedClockHz: number | null;
  sources: Source[];
  /** The arithmetic, when no document prints this figure itself. */
  derivation: string | null;
  /** True when none of its sources could be opened: general knowledge, checked by arithmetic only. */
  recalled: boolean;
  disagreements: Disagreement[];
};

/** What the documents say of `resource` on this card, or null where they say nothing. */
export function figure(card: Card, resource: Resource): DocumentedFigure | null {
  if (resource === 'link') return link(card);
  if (resource === 'peer') return peer(card);
  const figure = card.figures[resource];
  return figure === undefined ? null : describe(card, resource, figure);
}

/** The documented resources of a card, `link` and `peer` included. */
export function figures(card: Card, order: readonly Resource[]): DocumentedFigure[] {
  return order.flatMap((resource) => figure(card, resource) ?? []);
}

export type Rate = {
  /** FLOP per clock and SM, dense or sparse. */
  value: number;
  /** Of the architecture's full rate. */
  evidence: Evidence;
  /** Where this market segment gets half of it: which one that is. */
  halvedFor: string | null;
  /** Whether cards of it were measured at the full rate all the same. */
  reachedInFull: boolean;
  /** The cards whose own figure alone it was computed from. */
  fromFigureOf: readonly string[];
};

/** What an architecture does per clock, and what of it this card is sold with; null where that is not known well enough. */
export function rate(card: Card, resource: Resource): Rate | null {
  const sparse = resource.endsWith('.sparse');
  const peak = Peak.safeParse(sparse ? resource.slice(0, -'.sparse'.length) : resource);
  const set = card.rates === undefined ? undefined : rates().sets[card.rates];
  if (!peak.success || set === undefined) return null;
  const full = architecture(set.architecture).fmaPerClock[peak.data];
  if (full === undefined || set.unknown?.includes(peak.data)) return null;
  if (sparse && set.notDoubledWhenSparse?.includes(peak.data)) return null;
  const halved = set.halved?.includes(peak.data) ?? false;
  return {
    value: (2 * full.value * (sparse ? 2 : 1)) / (halved ? 2 : 1),
    evidence: full,
    halvedFor: halved ? set.appliesTo : null,
    reachedInFull: set.reachedInFull?.includes(peak.data) ?? false,
    fromFigureOf: 'derived' in full ? (full.cards ?? []) : [],
  };
}

/** FLOP per clock and SM; null for a bandwidth, and where the rate is not known well enough. */
export function ratePerClock(card: Card, resource: Resource): number | null {
  return rate(card, resource)?.value ?? null;
}

/** Of a card's rates; null where they are not known. */
export function architectureOf({ rates: key }: Card): Architecture | null {
  const set = key === undefined ? undefined : rates().sets[key];
  return set === undefined ? null : architecture(set.architecture);
}

function architecture(id: string): Architecture {
  const found = rates().architectures[id];
  if (found === undefined) throw new Error(`no architecture "${id}" in rates.json`);
  return found;
}

/** The clock that `resource` is quoted at, as the card documents it. Null for bandwidths and where none is documented. */
export function assumedClock(card: Card, resource: Resource): Card['boostClock'] | null {
  if (!resource.startsWith('vector.') && !resource.startsWith('tensor.')) return null;
  const tensor = resource.startsWith('tensor.') && resource !== 'tensor.fp64';
  return (tensor ? card.tensorBoostClock : undefined) ?? card.boostClock ?? null;
}

/** The documents behind a value, with titles. */
export function sourcesOf(evidence: Evidence): Source[] {
  return ('sources' in evidence ? evidence.sources : evidence.from).map((id) => {
    const document = documents()[id];
    if (document === undefined) throw new Error(`no document "${id}" in documents.json`);
    return { id, title: document.title, url: document.url ?? null, access: document.access };
  });
}

function describe(card: Card, resource: Resource, figure: Figure): DocumentedFigure {
  const sources = sourcesOf(figure);
  const clock = assumedClock(card, resource);
  return {
    resource,
    value: figure.value * si[figure.unit],
    printed: { value: figure.value, unit: figure.unit },
    sparse: resource.endsWith('.sparse'),
    accumulator: accumulator(card, resource),
    assumedClockHz: clock ? clock.value * mega : null,
    sources,
    derivation: 'derived' in figure ? figure.derived : null,
    recalled: sources.every((source) => source.access === 'recalled'),
    disagreements: (card.disagreements ?? []).filter(({ of }) => of.includes(resource)),
  };
}

function accumulator(card: Card, resource: Resource): DocumentedFigure['accumulator'] {
  if (!resource.startsWith('tensor.')) return null;
  if (resource.includes('.int')) return 'int32';
  if (resource.includes('.acc16')) return 'fp16';
  if (resource === 'tensor.fp64') return 'fp64';
  return card.accumulator ?? 'unstated';
}

/** One direction of the host link, after the line code and before packet headers: no copy reaches it quite. */
function link(card: Card): DocumentedFigure | null {
  const standard = card.pcie && pcieStandard[card.pcie.generation];
  if (card.pcie === undefined || standard === undefined) return null;
  const { generation, lanes, sources } = card.pcie;
  const { gigatransfers, payload, total } = standard;
  const value = (gigatransfers * lanes * payload) / total / 8;
  const figure = describe(card, 'link', {
    value,
    unit: 'GB/s',
    derived: `PCI Express ${generation}.0 line rate, one direction: ${gigatransfers} GT/s x ${lanes} lanes x ${payload}/${total} / 8`,
    from: sources,
  });
  return { ...figure, printed: { value: Math.round(value * 10) / 10, unit: 'GB/s' } };
}

/** One direction of NVLink. Documents print both directions together, which no copy one way can reach. */
function peer(card: Card): DocumentedFigure | null {
  if (card.nvlink === undefined) return null;
  const { generation, bothDirections } = card.nvlink;
  return describe(card, 'peer', {
    value: bothDirections.value / 2,
    unit: bothDirections.unit,
    derived: `NVLink ${generation.value}, one direction: half of the documented ${bothDirections.value} ${bothDirections.unit} of both`,
    from: sourcesOf(bothDirections).map(({ id }) => id),
  });
}
