// Who else was on the device while a row was timed: a possible cause of a gap, and never by itself a verdict. A process
// that only holds memory slows nothing, so each is said as what it was seen to do.

import type { Conditions } from '../schema.js';
import { formatBytes, formatPercent } from '../units.js';

/** In words; null where nobody was seen. */
export function othersSeen({ otherProcesses: others }: Pick<Conditions, 'otherProcesses'>): string | null {
  if (!others?.count) return null;
  const { count, memoryBytes, smShare } = others;
  const held = memoryBytes === null ? '' : `, holding ${formatBytes(memoryBytes)}`;
  const did =
    smShare === null
      ? 'whether the SMs were used is not told'
      : smShare === 0
        ? 'not seen to use the SMs'
        : `seen to use the SMs ${formatPercent(smShare)} of the time${count === 1 ? '' : ', the busiest'}`;
  const who = count === 1 ? 'another process' : `${count} other processes`;
  return `${who} on the device meanwhile${held}: ${did}`;
}

/** The same, as what may have slowed a row; null where nobody was seen, or nobody who used the SMs. */
export function othersToBlame(conditions: Conditions): string | null {
  return conditions.otherProcesses?.smShare === 0 ? null : othersSeen(conditions);
}
