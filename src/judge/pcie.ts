// A PCI Express link: how it is written, what it carries, and which of its ends keeps it below the other.

import type { DeviceFacts, LinkEnd } from '../schema.js';

/** "PCIe 4.0 x8". */
export function pcie({ generation, width }: LinkEnd): string {
  return `PCIe ${generation.toFixed(1)} x${width}`;
}

/**
 * Which end of a link keeps it below the documented rate, where the system tells what each end can do. A link below what
 * both can do was trained down: a bad contact, a riser, a setting of the firmware. An end that claims less than is in use
 * is the port of an emulator (PCIe 1.0 x1, as virtual machines have), and tells nothing. NVML tells what is possible of
 * the two together alone (nvmlDeviceGetMaxPcieLinkWidth), as in a container that does not show the bus.
 */
export function narrowed(inUse: LinkEnd, device: DeviceFacts): string | null {
  const { linkCard: card, linkSlot: slot, linkMaxGeneration, linkMaxWidth } = device;
  const believable = (end: LinkEnd | null): end is LinkEnd =>
    end !== null && end.generation >= inUse.generation && end.width >= inUse.width;
  if (!believable(card) || !believable(slot)) {
    const most = { generation: linkMaxGeneration ?? 0, width: linkMaxWidth ?? 0 };
    return inUse.generation < most.generation || inUse.width < most.width ? 'trained down' : null;
  }
  const possible = {
    generation: Math.min(card.generation, slot.generation),
    width: Math.min(card.width, slot.width),
  };
  if (inUse.generation < possible.generation || inUse.width < possible.width) {
    const ends = `card can do ${pcie(card)}, slot ${pcie(slot)}`;
    return `trained down: ${ends}`;
  }
  const slotEnds = slot.generation < card.generation || slot.width < card.width;
  return slotEnds ? `the slot ends at ${pcie(slot)}, the card can do ${pcie(card)}` : null;
}
