// Does a card's own arithmetic bear its figures out?
//
// Peak = FLOP per clock per SM x SMs x the clock the figure assumes; bandwidth = bus width x data rate / 8. A slip like
// a dense figure in a sparse row, another form factor's SM count or a repeated row shows up here as a factor, not as
// rounding. Where one input was itself computed from the figure, agreement proves nothing and is called circular.

import type { Card, Resource } from './card.js';
import { resources } from './card.js';
import { assumedClock, type DocumentedFigure, figures, rate } from './figure.js';
import { giga, mega } from './units.js';

/** Documents print two to five digits: V100 PCIe's "14 TFLOPS" is 14.13. A real slip is far larger. */
export const tolerance = 0.01;

type Arithmetic = { computed: number; formula: string; circular: boolean };

export type Check = { resource: Resource; documented: number } & (
  | {
      /** `derived`: the figure is itself arithmetic, so agreement only says that it was done right. */
      status: 'agrees' | 'differs' | 'derived' | 'circular';
      computed: number;
      /** computed / documented - 1 */
      difference: number;
      formula: string;
    }
  | { status: 'unchecked'; computed: null; difference: null; reason: string }
);

/** Recomputes every figure of a card that arithmetic can reach. Values in FLOP/s and B/s. */
export function crossCheck(card: Card): Check[] {
  return figures(card, resources)
    .filter(({ resource }) => resource !== 'link' && resource !== 'peer')
    .map((figure) =>
      check(figure, figure.resource === 'memory' ? bandwidth(card) : peak(card, figure.resource)),
    );
}

function check({ resource, value, derivation }: DocumentedFigure, arithmetic: Arithmetic | string): Check {
  if (typeof arithmetic === 'string') {
    return {
      resource,
      documented: value,
      status: 'unchecked',
      computed: null,
      difference: null,
      reason: arithmetic,
    };
  }
  const { computed, formula, circular } = arithmetic;
  const difference = computed / value - 1;
  const agreement = circular ? 'circular' : derivation === null ? 'agrees' : 'derived';
  const status = Math.abs(difference) > tolerance ? 'differs' : agreement;
  return { resource, documented: value, status, computed, difference, formula };
}

/** The peak by arithmetic, or the reason it cannot be had. */
function peak(card: Card, resource: Resource): Arithmetic | string {
  const perClock = rate(card, resource);
  const clock = assumedClock(card, resource);
  if (perClock === null) return 'the rate per clock is not known';
  if (card.multiprocessors === undefined) return 'the SM count is not documented';
  if (!clock) return 'no clock is documented';
  const multiprocessors = card.multiprocessors.value;
  return {
    computed: perClock.value * multiprocessors * clock.value * mega,
    formula: `${perClock.value} x ${multiprocessors} x ${clock.value} ${clock.unit}`,
    circular: 'derived' in clock || perClock.fromFigureOf.includes(card.id),
  };
}

/** The bandwidth by arithmetic, or the reason it cannot be had. */
function bandwidth({ memoryBusWidth, memoryClock, memoryDataRate }: Card): Arithmetic | string {
  if (memoryBusWidth === undefined) return 'the bus width is not documented';
  const width = memoryBusWidth.value;
  if (memoryClock !== undefined) {
    return {
      computed: (width * 2 * memoryClock.value * mega) / 8,
      formula: `${width} bit x 2 x ${memoryClock.value} MHz / 8`,
      circular: 'derived' in memoryBusWidth || 'derived' in memoryClock,
    };
  }
  if (memoryDataRate === undefined) return 'the memory clock is not documented';
  return {
    computed: (width * memoryDataRate.value * giga) / 8,
    formula: `${width} bit x ${memoryDataRate.value} Gbit/s / 8`,
    circular: 'derived' in memoryBusWidth || 'derived' in memoryDataRate,
  };
}
