// The power limit of a board: its own, or one that somebody lowered.

import type { DeviceFacts } from '../schema.js';

export type PowerLimit =
  | { state: 'unknown' }
  | { state: 'default' | 'lowered'; watts: number; defaultWatts: number };

/** Drivers round to a watt. */
const rounding = 1;

export function powerLimit({
  powerLimitWatts: watts,
  powerLimitDefaultWatts: defaultWatts,
}: DeviceFacts): PowerLimit {
  if (watts === null || defaultWatts === null) return { state: 'unknown' };
  return { state: watts < defaultWatts - rounding ? 'lowered' : 'default', watts, defaultWatts };
}
