// Memory of a card that failed and was put out of use: what the card itself keeps on record of its health.
//
// Rows are remapped to spare ones since Ampere ("NVIDIA GPU Memory Error Management", docs.nvidia.com/deploy), pages were
// retired before ("Dynamic Page Retirement", there too). A repair that worked leaves the card sound, and one that awaits a
// reset "won't affect future work on the GPU" (nvml.h); one that failed is among NVIDIA's thresholds for returning a card.

import type { DeviceFacts } from '../schema.js';
import { formatCount } from '../units.js';
import { command } from './commands.js';

/** In words, with the commands that show it and cure it; null where nothing was repaired, or the driver does not tell. */
export function repairsSeen(device: DeviceFacts): string | null {
  const { memoryRepair: repair } = device;
  if (repair === null) return null;
  const { corrected, uncorrected, pending } = repair;
  const rows = repair.means === 'remapped rows';
  const [unit, done, shows] = rows
    ? (['row', 'remapped', 'ROW_REMAPPER'] as const)
    : (['page', 'retired', 'PAGE_RETIREMENT'] as const);
  const counted = (count: number, errors: string) =>
    count > 0 && `${formatCount(count, unit)} ${done} for ${errors} errors`;
  const parts = [
    pastRepair(device) &&
      'a row could not be remapped, which is ground to have the card tested and exchanged',
    counted(uncorrected, 'uncorrectable'),
    counted(corrected, 'correctable'),
    pending && `not all in effect before a reset of the GPU: ${command(device, '--gpu-reset')}`,
  ].filter((part) => part !== false);
  if (parts.length === 0) return null;
  return `memory that failed: ${[...parts, `shown by ${command(device, `-q -d ${shows}`)}`].join('; ')}`;
}

/** A row of its memory failed and could not be replaced, now or ever. */
export function pastRepair({ memoryRepair }: Pick<DeviceFacts, 'memoryRepair'>): boolean {
  return memoryRepair?.failed === true;
}
