// A CPU's row against its two ceilings: the one that arithmetic gives, and the one that its own cores gave meanwhile.
//
// The derived one assumes a clock that the cores may not hold, and the measured one cannot tell a core that is slower
// than it should be. So both stand in the row, and neither judges it.

import type { Attribution, Documented, Factor, MeasuredCeiling } from '../row.js';
import type { Ceiling, Conditions } from '../schema.js';
import { formatClock, formatPercent } from '../units.js';
import { clockLimit } from './threshold.js';

/**
 * `rate` in FLOP/s against the most that the loop reached, since what interrupts it makes a bound that is none; null
 * where it did not run.
 */
export function measuredCeiling(rate: number, ceiling: Ceiling | null): MeasuredCeiling | null {
  if (ceiling === null || ceiling.rates.length === 0) return null;
  const value = Math.max(...ceiling.rates);
  if (!(value > 0)) return null;
  return { value, samples: ceiling.rates.length, how: ceiling.how, fraction: rate / value };
}

/** What to say of a row above its ceiling, by more than the clock moves between the loop and the launches; else null. */
export function aboveCeiling({ fraction }: Pick<MeasuredCeiling, 'fraction'>): string | null {
  if (fraction <= clockLimit) return null;
  return `${formatPercent(fraction)} of the ceiling cannot be: the cores gave the loop less than the launches, so the ceiling bounds nothing here`;
}

/** Explains `rate` as a share of the derived ceiling: the clock that was held, and what is left. */
export function attributeCeiling(
  rate: number,
  derived: Documented,
  { clockHz }: Conditions,
  ceiling: MeasuredCeiling | null,
): Attribution {
  const ofSpec = rate / derived.value;
  const held = clockHz?.median ?? null;
  const assumed = derived.assumedClockHz;
  const factors: Factor[] = [];
  if (held !== null && assumed !== null && held !== assumed) {
    const evidence = `cores clocked at ${formatClock(held, assumed)}, timed by a loop`;
    factors.push({ name: 'clock', value: held / assumed, evidence, confirm: null });
  }
  const rest = ofSpec / factors.reduce((product, { value }) => product * value, 1);
  const words = [`${formatPercent(rest)} of ${derived.derivation}`];
  if (ceiling !== null)
    words.push(`${formatPercent(ceiling.fraction)} of the most that ${ceiling.how} reached meanwhile`);
  const evidence = words.join('; ');
  factors.push({ name: 'kernel', value: rest, evidence, confirm: null });
  return { ofSpec, ofClock: null, factors, summary: evidence };
}
