// What a phase cost: watts, work per watt, joules per launch.
//
// The counter of the board is the better witness, since power is an average that a driver updates when it likes. But a
// counter ticks too, some ten times a second, so what was timed in short stretches asks the power readings instead, and the
// row says which.

import type { Energy } from '../row.js';
import type { Conditions } from '../schema.js';

/** Seconds from one tick of the counter to the next: at either end of a stretch, up to that much is not the stretch's. */
const tick = 0.1;
/** Ten ticks: of what is counted then, a tenth at most is another's. */
const shortestStretch = 10 * tick;

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
  const enough = seconds >= shortestStretch * stretches(conditions);
  const counted = joules !== null && joules > 0 && enough ? joules / seconds : null;
  const watts = counted ?? powerWatts?.median ?? null;
  if (watts === null || !(watts > 0)) return null;
  return {
    watts,
    perWatt: launch.work / launch.seconds / watts,
    joulesPerLaunch: watts * launch.seconds,
    source: counted === null ? 'power readings' : 'energy counter',
  };
}

/**
 * How many pieces the phase was timed in. Providers that take turns pause for the others, whose energy the counter has yet
 * to tell when their turn is over; a slice that follows the one before it at once goes on with the same count.
 */
function stretches({ trace }: Conditions): number {
  const at = trace?.at ?? [];
  return 1 + at.filter((time, index) => time - (at[index - 1] ?? time) > tick).length;
}
