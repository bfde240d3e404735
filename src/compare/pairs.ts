// Which device of one report is which of another.
//
// The uuid is the only proof that it is the same board: indices follow the order of the bus, and drivers change it.
// Where no uuid is shared, a device may stand for another of the same card, and whoever reads the comparison is told so.

import type { Report, Row } from '../row.js';

export type Device = Report['devices'][number];
export type Pair = { before: Device; after: Device; specimen: 'same' | 'another' | 'unknown' };

/** Pairs, and the devices of both sides that have no counterpart. */
export type Pairing = { pairs: Pair[]; before: Device[]; after: Device[] };

/** Pairs by uuid, then alike devices of the same id, then alike devices in their order. */
export function pairDevices(before: readonly Device[], after: readonly Device[]): Pairing {
  const left = { before: [...before], after: [...after] };
  const pairs: Pair[] = [];
  for (const fits of [sameUuid, alikeBesideId, alike]) {
    for (const old of [...left.before]) {
      const counterpart = left.after.find((candidate) => fits(old, candidate));
      if (counterpart === undefined) continue;
      pairs.push({ before: old, after: counterpart, specimen: specimen(old, counterpart) });
      left.before.splice(left.before.indexOf(old), 1);
      left.after.splice(left.after.indexOf(counterpart), 1);
    }
  }
  return { pairs: pairs.sort((a, b) => before.indexOf(a.before) - before.indexOf(b.before)), ...left };
}

/**
 * The peer in AFTER of each in BEFORE, by their ids: by uuid, then as the devices that were measured are paired, then by the
 * id itself. None where it was measured before and is not here, or where its id is another's now.
 */
export function pairPeers(
  before: readonly Row[],
  after: readonly Row[],
  { pairs, before: gone }: Pairing,
): ReadonlyMap<string, string> {
  const [old, now] = [peersOf(before), peersOf(after)];
  const paired = new Map<string, string>();
  for (const [id, uuid] of old) {
    const [same] = [...now].find(([, other]) => uuid !== null && uuid === other) ?? [];
    if (same !== undefined) paired.set(id, same);
  }
  const taken = new Set(paired.values());
  for (const id of old.keys()) {
    const measured = pairs.find((pair) => pair.before.id === id);
    const counterpart = measured?.after.id ?? (gone.some((device) => device.id === id) ? undefined : id);
    if (!paired.has(id) && counterpart !== undefined && !taken.has(counterpart)) paired.set(id, counterpart);
  }
  return paired;
}

/** Their uuids by their ids; null of a report that does not tell. */
function peersOf(rows: readonly Row[]): Map<string, string | null> {
  return new Map(
    rows.flatMap(({ shape, peerUuid }) => ('peer' in shape && shape.peer ? [[shape.peer, peerUuid]] : [])),
  );
}

const sameUuid = (a: Device, b: Device) => a.uuid !== null && a.uuid === b.uuid;

/**
 * The same card, or where one of the two is not identified, the same name. A MIG slice is alike only to one of its own
 * size, in SMs and in memory: 1g.10gb and 1g.20gb of an A100 have 14 SMs each, and one has twice the other's bandwidth.
 * Trap: virtual machines give processors of any number of cores, and of several generations, one name, so cores and threads
 * count too, and what the cores are.
 */
export function alike(a: Device, b: Device): boolean {
  if (a.backend !== b.backend || a.mig !== b.mig) return false;
  const named = a.card !== null && b.card !== null ? a.card === b.card : a.name === b.name;
  const parts = a.backend === 'cpu' || a.mig;
  return (
    named &&
    processor(a) === processor(b) &&
    (!parts || (a.multiprocessors === b.multiprocessors && a.threads === b.threads)) &&
    (!a.mig || sameMemory(a, b))
  );
}

/** Profiles differ by half or more; of one, drivers keep a little more or less. */
const sameMemory = ({ memoryBytes: a }: Device, { memoryBytes: b }: Device) => Math.abs(a - b) <= 0.1 * a;

/** "AuthenticAMD family 25 model 17"; nothing for a GPU. */
export function processor({ cores }: Device): string {
  return cores
    .map(
      ({ vendor, family, model, kind }) =>
        `${vendor} family ${family} model ${model}${kind ? ` ${kind}` : ''}`,
    )
    .join(' and ');
}

const alikeBesideId = (a: Device, b: Device) => a.id === b.id && alike(a, b);

function specimen(a: Device, b: Device): Pair['specimen'] {
  if (a.uuid === null || b.uuid === null) return 'unknown';
  return a.uuid === b.uuid ? 'same' : 'another';
}
