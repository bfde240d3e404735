// A nameplate to judge staged measurements by: the device's own, or, where the device has none, that of a card that is
// not here. Nothing measured is ever set beside it; it is there to see whether the judges judge.

import { type Nameplate, nameplate } from '../judge/documented.js';
import type { Documented } from '../row.js';
import type { DeviceFacts } from '../schema.js';
import { find } from '../specs/index.js';

export interface StandIn {
  device: DeviceFacts;
  plate: Nameplate;
  documented: Documented;
  assumedClockHz: number;
}

const cardElsewhere = 'h100-sxm5-80gb';
const candidates = ['tensor.bf16', 'tensor.fp16', 'vector.fp32'];

export function standIn(device: DeviceFacts): StandIn {
  const staged = stagedOn(device) ?? stagedOn(elsewhere(device));
  if (staged === null)
    throw new Error(`no figure of ${cardElsewhere} can be staged: the documented figures are damaged`);
  return staged;
}

function stagedOn(device: DeviceFacts): StandIn | null {
  // A slice would be judged by its share, which is right for a measurement and only in the way here.
  if (device.backend === 'cpu' || device.mig) return null;
  const plate = nameplate(device);
  for (const resource of candidates) {
    const documented = plate.documented(resource);
    const clock = documented?.assumedClockHz ?? null;
    if (documented !== null && clock !== null && documented.expected === documented.value)
      return { device, plate, documented, assumedClockHz: clock };
  }
  return null;
}

function elsewhere(device: DeviceFacts): DeviceFacts {
  const [card] = find(cardElsewhere);
  return {
    ...device,
    backend: 'cuda',
    name: card?.driverNames?.values[0] ?? cardElsewhere,
    computeCapability: card?.computeCapability.value ?? null,
    multiprocessors: card?.multiprocessors?.value ?? 0,
    memoryBytes: (card?.memorySize?.value ?? 0) * 0.99 * 2 ** 30,
    mig: false,
    powerLimitWatts: null,
    powerLimitDefaultWatts: null,
    maxClockHz: null,
    pciDeviceId: null,
  };
}
