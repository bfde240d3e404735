// One row in two reports: slower, faster, unchanged, or not to be told.
//
// The rule: slower or faster where the two 95 % intervals of the median do not overlap AND the medians differ by more
// than the tolerance; else unchanged. Why both:
// - Intervals alone cry wolf. They hold the scatter within one run, and two runs of a healthy machine differ by more:
//   another temperature, another page layout, another draw of the clock. False alarms of that kind are the standing
//   complaint about comparing benchmark runs by their noise alone. And forty rows at 95 % give some by chance.
// - A tolerance alone believes scatter. Where samples straggle, medians differ by percents and nothing changed.
//
// Of fewer than five samples the interval says nothing, and the row is not compared; except where each took more than
// twice as long as any of the other report, or less than half: a row that is so slow now that there was no time for five
// must not be passed over.
//
// Why 1 %: sampling stops when the half-width of the interval is 0.5 %, so two intervals that touch have medians up to
// 1 % apart. Below that, the runs were not asked to tell a difference.

import { fewestSamples } from '../judge/threshold.js';
import { whyOf } from '../judge/why.js';
import type { Row, Status } from '../row.js';
import { formatCount } from '../units.js';
import { rowChanges } from './changes.js';
import type { Figure, Outcome } from './comparison.js';

export const defaultTolerance = 0.01;

export function outcome(before: Row, after: Row, tolerance: number): Outcome {
  // Said first: what is wrong now is wrong whatever it was before.
  if (wrong(after)) return { status: 'wrong', why: reason(after) };
  if (before.rate === null && after.rate === null) {
    return incomparable(`measured in neither; NEW is ${reason(after)}`);
  }
  if (before.rate === null || wrong(before)) return incomparable(`no baseline: OLD is ${reason(before)}`);
  const old = figure(before);
  if (typeof old === 'string') return incomparable(`OLD has ${old}`);
  if (after.rate === null) return { status: 'lost', before: old, why: reason(after) };
  const unlike = different(before, after);
  if (unlike !== null) return incomparable(unlike);
  const now = figure(after);
  if (typeof now === 'string') return incomparable(`NEW has ${now}`);
  const few = tooFew('OLD', before) ?? tooFew('NEW', after);
  if (few !== null && !farApart(before, after)) return incomparable(few);

  const overlap = now.low <= old.high && now.high >= old.low;
  const beyond = Math.abs(now.rate - old.rate) > tolerance * old.rate;
  const rose = now.rate > old.rate;
  // A latency is better when it falls.
  const better = before.unit === 's' ? !rose : rose;
  const status = overlap || !beyond ? 'unchanged' : better ? 'faster' : 'slower';
  const change = now.rate / old.rate - 1;
  return { status, before: old, after: now, change, overlap, changes: rowChanges(before, after) };
}

export const incomparable = (why: string): Outcome => ({ status: 'incomparable', why });

const wrongStatuses: readonly Status[] = ['corrupted', 'implausible'];
export const wrong = ({ verdict }: Row) => wrongStatuses.includes(verdict.status);

export const reason = ({ verdict }: Row): string => `${verdict.status}: ${whyOf(verdict)}`;

/** Rate and interval, or what is wrong with them: what is not a number must not read as unchanged. */
export function figure({ rate, statistics }: Row): Figure | string {
  if (rate === null || statistics === null) return 'no statistics of it';
  const { low, high } = statistics.interval;
  const sound = [rate, low, high].every((value) => Number.isFinite(value) && value > 0) && low <= high;
  return sound ? { rate, low, high } : 'an interval that is none';
}

function tooFew(report: string, { statistics }: Row): string | null {
  const samples = statistics?.samples ?? 0;
  if (samples >= fewestSamples) return null;
  return `${report} has ${formatCount(samples, 'sample')} only, whose interval says nothing`;
}

const far = 2;

/** By all samples of both, and not by a single one, which a pause of the machine may have stretched. */
function farApart({ statistics: a }: Row, { statistics: b }: Row): boolean {
  if (a === null || b === null || a.samples < 2 || b.samples < 2) return false;
  return a.min > far * b.max || b.min > far * a.max;
}

/** What makes two rows of one name measurements of two things. The seed does not: its data are alike. */
const identity: readonly { what: string; of: (row: Row) => string | number | null | undefined }[] = [
  { what: 'unit', of: ({ unit }) => unit },
  { what: 'data', of: ({ data }) => data },
  { what: 'resource of the kernel', of: ({ kernel }) => kernel?.resource },
  { what: 'FLOP of a launch', of: ({ work }) => work?.flop },
  { what: 'count of operations', of: ({ work }) => work?.flopCounted },
  { what: 'bytes of a launch', of: ({ work }) => work?.bytes },
  { what: 'count of bytes', of: ({ work }) => work?.bytesCounted },
  { what: 'accumulator', of: ({ work }) => work?.accumulator },
  { what: 'output', of: ({ work }) => work?.output },
];

function different(before: Row, after: Row): string | null {
  const words = identity
    .filter(({ of }) => of(before) !== of(after))
    .map(({ what, of }) => `${what}: ${of(before) ?? 'none'} in OLD, ${of(after) ?? 'none'} in NEW`);
  return words.length === 0 ? null : `another ${words.join('; another ')}`;
}
