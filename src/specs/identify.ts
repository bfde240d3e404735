// Which documented card is this device? Or none: an unknown card is an answer, a wrong one is not.
//
// A card's short name is not enough: "H100" is five parts that differ by up to 31 %. The driver's full name must match
// exactly, and the SM count, the memory size and the PCI id then bear witness. Nothing is matched by likeness.

import type { DeviceFacts } from '../schema.js';
import type { Card, MigProfile } from './card.js';
import { cards, migTables } from './data.js';
import { gibi } from './units.js';

/**
 * What a device says of itself. A program that asks with less than an open device at hand may not know its SMs. A PCI id
 * is "0x2330" or "2330"; NVML's combined "0x233010DE" is understood too.
 */
export type Witnesses = Pick<DeviceFacts, 'name' | 'memoryBytes' | 'pciDeviceId' | 'computeCapability'> & {
  multiprocessors: number | null;
};

export type Identification =
  | {
      status: 'known';
      card: Card;
      /** SMs present / SMs documented: 1 for a whole card, less for a MIG slice or with SMs fused off. */
      share: number;
      /** Memory slices of the MIG profile / those of the card: an assumption, no document gives a slice's bandwidth. */
      memoryShare: number | null;
      mig: MigProfile | null;
      /** What a witness said that the reader should know although it does not contradict the name. */
      witnessNotes: string[];
    }
  | { status: 'unknown'; reason: string };

type Witnessed = { contradictions: string[]; notes: string[] };

/**
 * How much less memory a device may report than its card is marketed with. Marketed gigabytes are close to 2^30 bytes;
 * the driver keeps 0.4 to 2.5 % of them (H100 80 GB shows 81,089 of 81,920 MiB, GH200 144 GB about 140 GiB). GDDR cards
 * keep their ECC bits in the main memory, 1/16 of it, which leaves A10G 22,587 of 24,576 MiB. On an integrated GPU the
 * operating system's reserve comes off as well. A device never reports more than the card has, bar rounding.
 */
const memory = { most: 1.005, least: 0.96, withInlineEcc: (15 / 16) * 0.96, shared: 0.9 };

/** A profile's name rounds its size, generously: 1g.12gb reports 10.62 GiB, 7g.80gb 78.75 GiB. */
const slice = { most: 1.05, least: 0.8 };

/** `... MIG 1g.10gb`; a compute instance inside it is `... MIG 1c.3g.40gb`; attributes follow as `+me`. */
const migName = /^(?<parent>.+) MIG (?:\d+c\.)?(?<profile>\d+g\.(?<gigabytes>\d+)gb(?:[+-][a-z.]+)*)$/;

/** Names are compared without the leading "NVIDIA ", which drivers before about release 460 leave out. */
const bare = (name: string) => name.trim().replace(/^NVIDIA /, '');

/** Matches a device to one documented card, or says why not and how to add it. */
export function identify(facts: Witnesses): Identification {
  const mig = migName.exec(bare(facts.name))?.groups;
  const name = mig?.parent ?? bare(facts.name);
  const named = cards().filter((card) => card.driverNames?.values.some((known) => bare(known) === name));
  if (named.length === 0) return unknown(facts, 'no documented card has this driver name');

  const candidates = named.map((card) => ({ card, ...witness(card, facts, mig) }));
  const [match, second] = candidates.filter(({ contradictions }) => contradictions.length === 0);
  if (match === undefined) {
    const said = candidates.map(({ card, contradictions }) => `not ${card.id}: ${contradictions.join(', ')}`);
    return unknown(facts, said.join('; '));
  }
  if (second !== undefined) return unknown(facts, `both ${match.card.id} and ${second.card.id} fit`);
  return mig ? slicedCard(match.card, facts, mig, match.notes) : wholeCard(match.card, facts, match.notes);
}

function witness(card: Card, facts: Witnesses, mig: Record<string, string> | undefined): Witnessed {
  const contradictions: string[] = [];
  const notes: string[] = [];
  const whole = card.multiprocessors?.value;
  const present = facts.multiprocessors;
  const pciId = pciIdAgrees(card, facts.pciDeviceId);

  if (facts.computeCapability !== null && facts.computeCapability !== card.computeCapability.value) {
    contradictions.push(`its compute capability is ${card.computeCapability.value}`);
  }
  if (!mig && pciId === 'yes' && facts.memoryBytes > 0 && memoryLacks(card, facts.memoryBytes)) {
    // Name and id agree: that some of it is gone is a finding, and not another card.
    const gigabytes = (facts.memoryBytes / gibi).toFixed(1);
    notes.push(`${gigabytes} GiB of memory are present, less than the ${size(card)} of the card leave`);
  } else if (
    !(mig ? sliceFits(facts.memoryBytes, Number(mig.gigabytes)) : memoryFits(card, facts.memoryBytes))
  ) {
    contradictions.push(
      mig ? `a ${mig.profile} slice has another memory size` : `its memory is ${size(card)}`,
    );
  }
  if (present !== null && whole !== undefined && present > whole) contradictions.push(`it has ${whole} SMs`);
  if (pciId === 'another')
    contradictions.push(`PCI id ${facts.pciDeviceId} belongs to another documented card`);
  if (pciId === 'unlisted') {
    // Two witnesses against the name are one too many: this may be a part that shares it.
    if (!mig && present !== null && whole !== undefined && present < whole) {
      contradictions.push(`it has ${whole} SMs, and PCI id ${facts.pciDeviceId} is not among its own`);
    } else {
      notes.push(`PCI id ${facts.pciDeviceId} is not among those documented for this card`);
    }
  }
  if (present === null) notes.push('the device reports no SM count');
  if (whole === undefined) notes.push('no SM count is documented for this card');
  if (!mig && present !== null && whole !== undefined && present < whole) {
    notes.push(`${present} of the documented ${whole} SMs are present, and no MIG slice explains it`);
  }
  return { contradictions, notes };
}

function wholeCard(card: Card, { multiprocessors }: Witnesses, witnessNotes: string[]): Identification {
  const share =
    multiprocessors === null ? 1 : multiprocessors / (card.multiprocessors?.value ?? multiprocessors);
  return { status: 'known', card, share, memoryShare: 1, mig: null, witnessNotes };
}

function slicedCard(
  card: Card,
  facts: Witnesses,
  mig: Record<string, string>,
  notes: string[],
): Identification {
  const table = migTables().find((table) => table.cards.includes(card.id));
  // Attributes such as +me or +gfx say which engines a slice has; its SMs and memory are those of the plain profile.
  const names = [mig.profile, mig.profile?.replace(/[+-].*$/, '')];
  const [profile] = names.flatMap((name) => table?.profiles.find(({ profile }) => profile === name) ?? []);
  const present = facts.multiprocessors ?? profile?.compute?.multiprocessors;
  const whole = card.multiprocessors?.value ?? table?.multiprocessors;
  if (profile === undefined)
    return unknown(facts, `${mig.profile} is not in nameplate's table of the MIG profiles of ${card.id}`);
  if (present === undefined || whole === undefined)
    return unknown(facts, 'the SM count of the slice is not known');

  const witnessNotes = [...notes];
  const expected = profile.compute?.multiprocessors;
  if (expected !== undefined && expected !== present) {
    witnessNotes.push(`${present} SMs are present, ${profile.profile} is documented with ${expected}`);
  }
  const slices = profile.memory.slices;
  const memoryShare = slices !== undefined && table ? slices / table.memorySlices : null;
  return { status: 'known', card, share: present / whole, memoryShare, mig: profile, witnessNotes };
}

/** The marketed size, and any other size that a document gives for the same part, in GB, each once. */
function sizes(card: Card): number[] {
  const others = (card.disagreements ?? []).filter(({ of }) => of.includes('memorySize'));
  const values = others.flatMap(({ values }) => values.map(({ value }) => value));
  return [...new Set([card.memorySize?.value, ...values])].filter((value) => typeof value === 'number');
}

const size = (card: Card) =>
  sizes(card)
    .map((gigabytes) => `${gigabytes} GB`)
    .join(' or ');

/** The least share of the marketed memory that a device reports. */
function leastShare(card: Card): number {
  const type = card.memoryType?.value ?? '';
  if (type.startsWith('GDDR')) return memory.withInlineEcc;
  return type.startsWith('LPDDR') ? memory.shared : memory.least;
}

const memoryLacks = (card: Card, bytes: number): boolean =>
  sizes(card).length > 0 && sizes(card).every((size) => bytes < size * gibi * leastShare(card));

function memoryFits(card: Card, bytes: number): boolean {
  const least = leastShare(card);
  const marketed = sizes(card);
  // A card with no documented size has no such witness; its name still has to match exactly.
  if (marketed.length === 0) return true;
  return marketed.some((size) => bytes >= size * gibi * least && bytes <= size * gibi * memory.most);
}

function sliceFits(bytes: number, gigabytes: number): boolean {
  return bytes >= gigabytes * gibi * slice.least && bytes <= gigabytes * gibi * slice.most;
}

function pciIdAgrees(card: Card, reported: string | null): 'yes' | 'another' | 'unlisted' | 'no witness' {
  if (reported === null) return 'no witness';
  // NVML puts the vendor, 10DE, behind the device id.
  const digits = reported
    .replace(/^0x/i, '')
    .toUpperCase()
    .replace(/^(.{4})10DE$/, '$1')
    .padStart(4, '0');
  const has = (other: Card) => other.pciDeviceIds?.some(({ id }) => id === `0x${digits}`) ?? false;
  if (has(card)) return 'yes';
  if (cards().some(has)) return 'another';
  return card.pciDeviceIds === undefined ? 'no witness' : 'unlisted';
}

function unknown(facts: Witnesses, why: string): Identification {
  const seen = [
    `"${facts.name}"`,
    facts.multiprocessors === null ? 'SM count not reported' : `${facts.multiprocessors} SMs`,
    `${(facts.memoryBytes / gibi).toFixed(2)} GiB`,
    facts.pciDeviceId === null ? 'PCI id not reported' : `PCI id ${facts.pciDeviceId}`,
    facts.computeCapability === null ? null : `compute capability ${facts.computeCapability}`,
  ].filter((part) => part !== null);
  const add = 'A card is added as one row, with its sources, in src/specs/<architecture>.json.';
  return { status: 'unknown', reason: `Unknown card: ${why}. Seen: ${seen.join(', ')}. ${add}` };
}
