// A fault that the driver itself has seen and wants something done about.
//
// What each action asks for: "Error Recovery and Response Flags" in "NVIDIA GPU Memory Error Management" (docs.nvidia.com/
// deploy); those that came later have one sentence each in nvml.h (nvmlDeviceGpuRecoveryAction_t).

import type { DeviceFacts } from '../schema.js';
import { command } from './commands.js';

const reboot = 'which may have left the operating system inconsistent: reboot it';

const remedies: Record<string, (device: DeviceFacts) => string> = {
  'GPU reset': (device) =>
    `which a reset ends: end all its processes, then ${command(device, '--gpu-reset')}`,
  'node reboot': () => reboot,
  'system reboot': () => reboot,
  'drain P2P': () =>
    'for which all copies between GPUs have to end: end the processes that make them, and ask again',
  'drain and reset': (device) =>
    `which took a part of the card away, of its memory or of its MIG slices: let its work end, then ${command(device, '--gpu-reset')}`,
};

/** In words, with the command that cures it and the one that shows it; null where nothing is asked for or told. */
export function recoverySeen(device: DeviceFacts): string | null {
  const { recoveryAction: action } = device;
  if (action === null || !awaitsRecovery(device)) return null;
  const remedy = remedies[action]?.(device) ?? `that asks for this action: ${action}`;
  return `the driver has seen a fault of this card, ${remedy}; shown as GPU Recovery Action by ${command(device, '-q')}`;
}

export function awaitsRecovery({ recoveryAction }: Pick<DeviceFacts, 'recoveryAction'>): boolean {
  return recoveryAction !== null && recoveryAction !== 'none';
}
