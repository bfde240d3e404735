// The inventory, for people.

import { type Nameplate, nameplate } from '../judge/documented.js';
import { repairsSeen } from '../judge/memoryRepair.js';
import { recoverySeen } from '../judge/recovery.js';
import type { DeviceFacts, Inventory } from '../schema.js';
import { formatBytes, formatClock } from '../units.js';
import { harmless } from './table.js';
import { capWords, linkWords } from './text.js';

/** For people: what is here, and what to do about what is missing. */
export function inventoryText({ build, devices, libraries, absences }: Inventory): string {
  return [
    ...devices.flatMap((device) => [...deviceLines(device, nameplate(device)), '']),
    ...labelled('device code', imageLines(build.images)),
    line('built with', build.compiler),
    ...labelled(
      'libraries',
      libraries.map(({ name, version, path }) => `${name} ${version} · ${path}`),
    ),
    ...(absences.length > 0 ? ['', 'Missing'] : []),
    ...absences.flatMap(({ what, reason, remedy }) => [line(what, reason), line('', `→ ${remedy}`)]),
  ].join('\n');
}

function deviceLines(device: DeviceFacts, { card, reason }: Nameplate): string[] {
  const { placement, multiprocessors, features } = device;
  const units = placement ?? `${multiprocessors} SMs`;
  const facts = [
    device.name,
    units,
    formatBytes(device.memoryBytes),
    device.l2Bytes > 0 && `last-level cache ${formatBytes(device.l2Bytes)}`,
    device.maxClockHz !== null && `up to ${formatClock(device.maxClockHz)}`,
    capWords(device),
    device.computeCapability !== null && `compute capability ${device.computeCapability}`,
    device.driver !== null && `driver ${device.driver}`,
    device.driverApi !== null && `CUDA ${device.driverApi}`,
    linkWords(device),
    device.ecc !== null && `ECC ${device.ecc ? 'on' : 'off'}`,
    device.mig && 'MIG slice',
    device.simulated && 'SIMULATED: no figure of it is a measurement',
  ];
  const faults = [recoverySeen(device), repairsSeen(device)].filter((seen) => seen !== null);
  return [
    line(device.id, facts.filter((fact) => fact !== false).join(' · ')),
    ...(device.uuid === null ? [] : [line('', device.uuid)]),
    ...(features.length === 0 ? [] : [line('', features.join(' '))]),
    ...faults.map((seen) => line('', seen)),
    line('', card === null ? reason : `${card.name} (${card.id}): ${reason}`),
  ];
}

/** "simt.sm_80.cubin" is kernels of the family simt for sm_80: one line a family. */
function imageLines(images: readonly string[]): string[] {
  const families = new Map<string, string[]>();
  for (const image of images) {
    const [family = '', architecture = ''] = image.split('.');
    families.set(family, [...(families.get(family) ?? []), architecture]);
  }
  return [...families].map(([family, architectures]) => `${family}: ${architectures.join(' ')}`);
}

function labelled(label: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [line(label, 'none')];
  return lines.map((text, index) => line(index === 0 ? label : '', text));
}

const line = (label: string, text: string) => harmless(`${label.padEnd(13)} ${text}`).trimEnd();
