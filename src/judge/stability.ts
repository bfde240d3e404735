// What samples do besides scatter: drift, jump between two levels, straggle.
//
// A narrow interval around a median says nothing of these: a card that heats up all through the window, or one that
// alternates between two clocks, has a precise median of a rate that it never ran at. Each notice needs an effect worth
// saying and evidence that scatter alone would not give.

import { mad, median, quantile } from './stats.js';

export interface Stability {
  /** Median of the last third over that of the first, less 1; null where no drift stands out. */
  drift: number | null;
  /** The two levels, the lower first, where samples have two. */
  modes: { median: number; share: number }[] | null;
  /** Samples far slower than the rest. */
  stragglers: number;
}

/** An effect below this explains nothing. */
const worthSaying = 0.01;

/** `values` are rates in the order in which they were sampled, or times, where more is slower. */
export function stability(values: ArrayLike<number>, kind: 'rates' | 'times' = 'rates'): Stability {
  const ordered = Array.from(values);
  return { drift: drift(ordered), modes: modes(ordered), stragglers: stragglers(ordered, kind) };
}

/** Two-sided 1 % of the normal distribution. Six samples a third are the fewest that can reach it. */
const significant = 2.576;

/** The first third against the last, by the rank-sum test (Mann and Whitney 1947): outliers do not move it. */
function drift(values: number[]): number | null {
  const third = Math.floor(values.length / 3);
  if (third === 0) return null;
  const first = values.slice(0, third);
  const last = values.slice(-third);
  let wins = 0;
  for (const early of first) {
    for (const late of last) wins += late > early ? 1 : late === early ? 0.5 : 0;
  }
  const pairs = third * third;
  const deviation = Math.sqrt((pairs * (2 * third + 1)) / 12);
  const change = median(last) / median(first) - 1;
  const stands = Math.abs(wins - pairs / 2) > significant * deviation && Math.abs(change) >= worthSaying;
  return stands ? change : null;
}

const leastShare = 0.1;
const leastOfMode = 5;
/** Ashman's D. Halves of a uniform distribution are 3.5 apart and of a normal one 2.7: neither has two levels. */
const apart = 5;
/** From the median absolute deviation to a normal distribution's standard deviation. */
const deviations = 1.4826;
/**
 * Of the way from one level to the other, what lies empty, but for a tenth of either. A median absolute deviation of five
 * values is often far too small, and without this one in five sets of a dozen uniform samples had two levels.
 */
const leastGap = 0.6;
const edge = 0.1;

/** Splits where the variance between the parts is greatest (Otsu 1979), and asks whether they are far apart. */
function modes(values: number[]): Stability['modes'] {
  const ordered = [...values].sort((a, b) => a - b);
  const least = Math.max(leastOfMode, Math.ceil(leastShare * ordered.length));
  const total = ordered.reduce((sum, value) => sum + value, 0);
  let below = 0;
  let best = { split: 0, between: 0 };
  for (const [index, value] of ordered.entries()) {
    const left = index;
    const right = ordered.length - left;
    if (left >= least && right >= least) {
      const between = left * right * (below / left - (total - below) / right) ** 2;
      if (between > best.between) best = { split: left, between };
    }
    below += value;
  }
  if (best.split === 0) return null;
  const parts = [ordered.slice(0, best.split), ordered.slice(best.split)] as const;
  const gap = quantile(parts[1], edge) - quantile(parts[0], 1 - edge);
  const found = parts.map((part) => ({
    median: median(part),
    share: part.length / ordered.length,
    spread: deviations * mad(part),
  }));
  const [low, high] = found;
  if (low === undefined || high === undefined) return null;
  const distance = high.median - low.median;
  const narrow = Math.SQRT2 * distance > apart * Math.hypot(low.spread, high.spread);
  const separate = narrow && gap >= leastGap * distance;
  if (!separate || distance < worthSaying * high.median) return null;
  return found.map(({ median, share }) => ({ median, share }));
}

const fewestForStragglers = 10;
const farSlower = 0.8;
const farOut = 10;

function stragglers(values: number[], kind: 'rates' | 'times'): number {
  if (values.length < fewestForStragglers) return 0;
  const centre = median(values);
  const reach = farOut * mad(values);
  const slow = (value: number) =>
    kind === 'rates' ? value < farSlower * centre : value > centre / farSlower;
  return values.filter((value) => slow(value) && Math.abs(value - centre) > reach).length;
}
