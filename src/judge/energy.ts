// What a phase cost: watts, work per watt, joules per launch.
//
// The counter of the board is the better witness, since power is an average that a driver updates when it likes. But a
// counter ticks too, some ten times a second, so a short window asks the power readings instead, and the row says which.

import type { Energy } from '../row.js';
import type { Conditions } from '../schema.js';

/** Ten ticks of a counter that is updated ten times a second: the two ends are then wrong by a tenth at most. */
const shortestWindow = 1;

/**
 * Energy of a phase whose launches did `work` (FLOP or bytes) in `seconds` each. Null where the device tells neither
 * energy nor power, and for a slice of a shared board, whose watts are not the slice's.
 */
export function energy(
  conditions: Conditions,
  launch: { work: number; seconds: number },
  shared: boolean,
): Energy | null {
  if (shared || !(launch.seconds > 0)) return null;
  const { energyJoules: joules, seconds, powerWatts } = conditions;
  const counted = joules !== null && joules > 0 && seconds >= shortestWindow ? joules / seconds : null;
  const watts = counted ?? powerWatts?.median ?? null;
  if (watts === null || !(watts > 0)) return null;
  return {
    watts,
    perWatt: launch.work / launch.seconds / watts,
    joulesPerLaunch: watts * launch.seconds,
    source: counted === null ? 'power readings' : 'energy counter',
  };
}
