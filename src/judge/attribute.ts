// Where the gap went: measured / documented as a product, each factor with what shows it.
//
//   measured / documented = SMs present / SMs documented x clock held / clock assumed x kernel efficiency
//
// The percentage alone blames whoever reads it last. A card at 71 % whose power cap holds the clock at 80 % is healthy,
// and one at 71 % with the clock where it belongs is not. What is unknown is left out of the product, and the factor
// that is left at the end says what else is in it.

import type { Attribution } from '../row.js';
import { formatPercent } from '../units.js';
import { type AttributionInput, type Evidence, evidenceOf, worthSaying } from './evidence.js';
import { resourceClass } from './resource.js';

/**
 * Explains `rate` as a product of factors whose value is measured / documented.
 *
 * @returns `ofClock` only for arithmetic whose clock and rate per clock are known.
 */
export function attribute(input: AttributionInput): Attribution {
  const { rate, documented, device, card } = input;
  const name = resourceClass(documented.resource);
  const shown = evidenceOf(name, input);

  const ofSpec = rate / documented.value;
  const rest = ofSpec / shown.factors.reduce((product, factor) => product * factor.value, 1);
  const { clockHz = null } = shown;
  const arithmeticRate =
    clockHz === null || card.ratePerClock === null
      ? null
      : card.ratePerClock * device.multiprocessors * clockHz;
  const mixedIn = shown.mixedIn.join('; ');
  const evidence =
    mixedIn === ''
      ? shown.rest(formatPercent(rest))
      : `${formatPercent(rest)} is left, and in it: ${mixedIn}`;
  return {
    ofSpec,
    ofClock: arithmeticRate === null ? null : rate / arithmeticRate,
    factors: [
      ...shown.factors.map(({ brief: _, ...factor }) => factor),
      {
        name: mixedIn === '' && name !== 'link' && name !== 'peer' ? 'kernel' : 'remainder',
        value: rest,
        evidence,
        confirm: shown.confirm ?? null,
      },
    ],
    summary: summarize(shown, rest),
  };
}

/** The factors that took something, what is not known, and the kernel where it took the most or nothing else did. */
function summarize({ factors, mixedIn, rest }: Evidence, left: number): string {
  const losses = factors.filter(({ value }) => value < worthSaying);
  const kernel = mixedIn.length === 0 && losses.every(({ value }) => left < value);
  const words = [...losses.map(({ brief }) => brief), ...mixedIn];
  return [...words, ...(kernel ? [rest(formatPercent(left))] : [])].join('; ');
}
