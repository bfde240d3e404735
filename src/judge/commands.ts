// The commands that would confirm a factor of the attribution, or cure it, as they are typed.

import type { DeviceFacts } from '../schema.js';

/**
 * nvidia-smi for this device alone: by UUID, since indices follow the order of the bus and not of CUDA. It finds no device
 * of a MIG slice's UUID, so that of a slice is told by its board's place on the bus.
 */
export function command(device: DeviceFacts, options: string): string {
  const target = device.mig ? device.pciBusId : (device.uuid ?? device.pciBusId);
  return `nvidia-smi ${options}${target === null ? '' : ` -i ${target}`}`;
}

/**
 * What card and slot can do and have in use, for every user: lspci shows that to root alone, and the slot's end under
 * another address. NVML writes the bus id with an eight-digit domain, Linux with four; braces are of bash, zsh and fish.
 */
export function bothEnds(device: DeviceFacts): string {
  const { pciBusId, linkCard } = device;
  if (pciBusId === null || linkCard === null) return command(device, '-q');
  const address = pciBusId.replace(/^0+(?=[0-9A-F]{4}:)/i, '').toLowerCase();
  return `grep . /sys/bus/pci/devices/${address}/{.,..}/*_link_*`;
}
