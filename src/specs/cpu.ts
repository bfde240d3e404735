// What the cores of a CPU should do: cores x FLOP per clock x clock.
//
// No document prints this figure, so it is derived and says so. The table knows a microarchitecture's multiply-add units
// and who documents them; one that is not in it has no figure, because its neighbour's would be a guess.

import { z } from 'zod';
import type { CoreGroup, DeviceFacts } from '../schema.js';
import { formatCount, formatRate } from '../units.js';
import { Document } from './card.js';
import cpusJson from './cpus.json' with { type: 'json' };
import { giga } from './units.js';

const count = z.int().nonnegative();

const Microarchitecture = z.strictObject({
  id: z.string(),
  name: z.string(),
  vendor: z.string(),
  family: count,
  /** Ranges, both ends included. */
  models: z.array(z.tuple([count, count])).min(1),
  /** The kind of core of a hybrid processor. */
  kind: z.string().optional(),
  /** Where the model number alone does not tell the number of units: what the processor's name must match. */
  named: z.string().optional(),
  /** The instruction sets, by the addon's names, without which the units do less: some are sold so, and guests have them masked. */
  needs: z.array(z.string()).min(1),
  flopPerClock: z.record(z.string(), z.int().positive()),
  units: z.string(),
  sources: z.array(z.string()).min(1),
});
export type Microarchitecture = z.infer<typeof Microarchitecture>;

const Cpus = z.strictObject({
  documents: z.record(z.string(), Document),
  microarchitectures: z.array(Microarchitecture),
});

let kept: z.infer<typeof Cpus> | undefined;

/** The table, parsed at the first question. */
export function cpus(): z.infer<typeof Cpus> {
  kept ??= Cpus.parse(cpusJson);
  return kept;
}

/** Of a CPU, what tells its ceiling. */
export type Processor = Pick<DeviceFacts, 'name' | 'cores' | 'features'>;

/** The one row that fits; null for none, and for several, which would be a choice and not a fact. */
export function microarchitecture(group: CoreGroup, name: string): Microarchitecture | null {
  // Where the system names no kinds, all cores are alike: a hybrid's model then has its performance cores only.
  const kindHere = group.kind ?? 'performance';
  const fitting = cpus().microarchitectures.filter(
    ({ vendor, family, models, kind, named }) =>
      vendor === group.vendor &&
      family === group.family &&
      models.some(([first, last]) => group.model >= first && group.model <= last) &&
      (kind === kindHere || (kind === undefined && kindHere !== 'efficiency')) &&
      (named === undefined || new RegExp(named).test(name)),
  );
  return fitting.length === 1 ? (fitting[0] ?? null) : null;
}

const missing = ({ needs }: Microarchitecture, features: readonly string[]): string[] =>
  needs.filter((feature) => !features.includes(feature));

export type DerivedCeiling = {
  /** FLOP/s. */
  value: number;
  printed: string;
  label: string;
  /** "2 cores x 32 FLOP per clock x 3.70 GHz (clock measured)" */
  derivation: string;
  /** The clock of cores that are all alike; null where two kinds have two clocks. */
  clockHz: number | null;
  sources: string[];
  recalled: boolean;
};

/**
 * The ceiling of a resource such as `vector.fp32`; null where a core's microarchitecture, its rate or its clock is not
 * known. The clock is the highest that the system gives, or else `measuredClockHz`, if all cores are alike.
 */
export function derivedCeiling(
  { name, cores, features }: Processor,
  resource: string,
  measuredClockHz: number | null,
): DerivedCeiling | null {
  const parts = cores.flatMap((group) => {
    const known = microarchitecture(group, name);
    const rate = known?.flopPerClock[resource];
    const clockHz = group.maxClockHz ?? (cores.length === 1 ? measuredClockHz : null);
    if (known === null || missing(known, features).length > 0) return [];
    return rate === undefined || clockHz === null ? [] : [{ group, known, rate, clockHz }];
  });
  if (parts.length === 0 || parts.length < cores.length) return null;
  const value = parts.reduce((sum, { group, rate, clockHz }) => sum + group.count * rate * clockHz, 0);
  const terms = parts.map(({ group, rate, clockHz }) => {
    const ghz = (clockHz / giga).toFixed(2);
    const how = group.maxClockHz === null ? 'clock measured' : 'highest clock, by the system';
    return `${formatCount(group.count, 'core')} x ${rate} FLOP per clock x ${ghz} GHz (${how})`;
  });
  const sources = [...new Set(parts.flatMap(({ known }) => known.sources))].map(document);
  return {
    value,
    printed: formatRate(value, 'FLOP/s'),
    label: parts.map(({ known }) => known.id).join(' + '),
    derivation: terms.join(' + '),
    clockHz: parts.length === 1 ? (parts[0]?.clockHz ?? null) : null,
    sources: sources.map(({ title, url }) => (url === undefined ? title : `${title} <${url}>`)),
    recalled: sources.every(({ access }) => access === 'recalled'),
  };
}

/** In words, what a derived ceiling rests on, or why there is none. */
export function processorReason({ name, cores, features }: Processor): string {
  const words = cores.map((group) => {
    if (group.vendor === '') return { known: false, text: unnamed };
    const known = microarchitecture(group, name);
    const kind = group.kind === null ? '' : `, ${group.kind} cores`;
    const numbers = `${group.vendor} family ${group.family} model ${group.model}${kind}`;
    if (known === null) return { known: false, text: `${numbers} is not in src/specs/cpus.json` };
    const lacking = missing(known, features);
    return lacking.length === 0
      ? { known: true, text: `${known.name} (${numbers}): ${known.units}` }
      : { known: false, text: `${known.name} (${numbers}) is here without ${lacking.join(' and ')}` };
  });
  const unknown = words.filter(({ known }) => !known).map(({ text }) => text);
  if (words.length > 0 && unknown.length === 0) return words.map(({ text }) => text).join('; ');
  return `no derived ceiling: ${unknown.length === 0 ? unnamed : [...new Set(unknown)].join('; ')}`;
}

const unnamed = 'the system does not name its cores';

function document(id: string): Document {
  const found = cpus().documents[id];
  if (found === undefined) throw new Error(`no document "${id}" in cpus.json`);
  return found;
}
