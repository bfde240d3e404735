// The rule by which a share of the documented figure becomes a verdict.
//
// In two sentences: a row passes when its sustained rate reaches the threshold of its resource as a share of the
// documented figure (of a MIG slice's share of it); where a power cap at the card's own default limit held the clock, and
// the clock stayed above `lowestCappedClock`, the share at the clock held may reach the threshold instead. What stays below
// is `throttled` when a slowdown, a lowered limit or a clock setting took the clock and explains the gap, and `low` when
// nothing does.
//
// Why not one threshold on the percentage: a healthy H200 sustains 71 % of its BF16 figure at its 700 W, at 90 % of
// what its clock allows, and a healthy L40 44 % of its FP32 figure. A rule that fails those is wrong, and a rule that
// passes everything at 40 % has let a GPU at a third of its speed through an official diagnostic.

import type { Attribution, Documented, Verdict } from '../row.js';
import { formatPercent, formatSeconds, formatWatts } from '../units.js';
import { worthSaying } from './evidence.js';
import type { Measured } from './measured.js';
import { sharedByMps } from './mps.js';
import { powerLimit } from './power.js';
import { briefestSeconds, fewestSamples, lowestCappedClock, type Threshold } from './threshold.js';
import { type ReasonKind, reasonsTold, standingReasons } from './throttle.js';

/** What the cases ask of a row. */
type Case = {
  row: Measured;
  documented: Documented;
  threshold: Threshold;
  /** Of the documented figure, or of a slice's part of it; in words, alone and against the threshold. */
  share: number;
  footing: string;
  against: string;
  judged: { fraction: number; threshold: number };
  /** Where the attribution sees the gap. */
  summary: string;
  clock: Clock;
};

/** The clock that was held, as far as it may explain a gap. */
type Clock = {
  /** Of the one that the figure assumes; null where it is not known. */
  held: number | null;
  /** The share of what that clock allows; null with it. */
  share: number | null;
  /** The least that its own power cap leaves a healthy card. */
  leastCapped: number;
  capped: boolean;
  /** In words, what a healthy card does not need, what was chosen, and what no document explains. */
  slowdown: string | null;
  setting: string | null;
  other: string | null;
};

/** In this order; the first that has an answer gives it. What none answers is low. */
const cases: readonly ((of: Case) => Verdict | null)[] = [
  unproven,
  reached,
  untuned,
  shared,
  brief,
  cappedOnly,
  straddling,
  throttled,
  untold,
  unclocked,
  recalled,
];

/** The verdict on a sound measurement of a documented resource that has a threshold. */
export function rule(
  row: Measured,
  threshold: Threshold,
  documented: Documented,
  attribution: Attribution,
  share: number,
): Verdict {
  const of = documented.expected === documented.value ? 'the documented figure' : "this slice's share";
  const source = documented.recalled ? ', which no source could be opened for' : '';
  const footing = `${formatPercent(share, 1)} of ${of}${source}`;
  const subject: Case = {
    row,
    documented,
    threshold,
    share,
    footing,
    against: `${footing}, against ${formatPercent(threshold.value)}`,
    judged: { fraction: share, threshold: threshold.value },
    summary: attribution.summary,
    clock: clockOf(row, documented, attribution, share),
  };
  for (const answer of cases) {
    const verdict = answer(subject);
    if (verdict !== null) return verdict;
  }
  return { status: 'low', ...subject.judged, why: `${subject.against}; ${subject.summary}` };
}

/** Too little was measured, or not seen to be right. */
function unproven({ row, judged, against }: Case): Verdict | null {
  const { samples } = row.statistics;
  const doubt =
    samples < fewestSamples
      ? `from ${samples} samples only`
      : row.verification.timedLaunchesCompared
        ? null
        : 'the output of the timed launches was not compared';
  return doubt === null ? null : { status: 'inconclusive', ...judged, why: `${against}, but ${doubt}` };
}

function reached({ row, threshold, share, judged, footing }: Case): Verdict | null {
  return side(share, row, threshold) === 'above' ? { status: 'pass', ...judged, why: footing } : null;
}

/** A kernel whose speed is not established proves a healthy card, and never a slow one. */
function untuned({ row: { kernel, provider } }: Case): Verdict | null {
  if (kernel.tuned) return null;
  const whose =
    provider === 'builtin' ? 'own kernel' : provider === 'driver' ? 'work of the driver' : provider;
  const why = `${whose}: right, but its speed is not established; its rate does not judge the card`;
  return { status: 'unjudged', why };
}

/** What a server gives one of its clients is no part of the card that went missing. A slice tells of its own SMs. */
function shared({ row: { device, cardMultiprocessors }, threshold }: Case): Verdict | null {
  const all = device.multiprocessors === cardMultiprocessors;
  if (!sharedByMps(device) || device.mig || all || threshold.clock === 'none') return null;
  const why = `an MPS server shares the device, and tells this program of ${device.multiprocessors} SMs: ask without it, or with all of them (CUDA_MPS_ACTIVE_THREAD_PERCENTAGE)`;
  return { status: 'unjudged', why };
}

/** A launch whose beginning and end are a part of its time: a small copy, a small product. */
function brief({ row, share, against }: Case): Verdict | null {
  const atDocumented = row.launchSeconds * share;
  // A simulated launch has neither.
  if (atDocumented >= briefestSeconds || row.device.simulated) return null;
  const [short, least] = [atDocumented, briefestSeconds].map(formatSeconds);
  const why = `${against}, but a launch would take ${short} at the documented rate: below ${least} its beginning and end are judged with it`;
  return { status: 'unjudged', why };
}

/** Nothing but the card's own power cap held the clock, no lower than it may: then the share at that clock counts. */
function cappedOnly({ row, threshold, judged, footing, against, summary, clock }: Case): Verdict | null {
  const { held, share } = clock;
  if (threshold.clock !== 'sm' || !clock.capped || clock.slowdown !== null) return null;
  if (held === null || share === null || held < clock.leastCapped) return null;
  const atClock = side(share, row, threshold);
  if (atClock === 'below') return null;
  if (atClock === 'above' && powerLimit(row.device).state === 'unknown') {
    const blind = 'the power limit could not be read, so a lowered one is not ruled out';
    return { status: 'inconclusive', ...judged, why: `${against}; ${summary}; ${blind}` };
  }
  const why = `${footing}; ${summary}, and at that clock it is ${formatPercent(share, 1)}`;
  const status = atClock === 'above' ? 'pass' : 'inconclusive';
  return { status, fraction: share, threshold: threshold.value, why };
}

function straddling({ row, threshold, share, judged, against, summary }: Case): Verdict | null {
  if (side(share, row, threshold) !== 'straddles') return null;
  const why = `${against}; ${summary}; the confidence interval straddles the threshold`;
  return { status: 'inconclusive', ...judged, why };
}

/** What held the clock explains the gap. */
function throttled({ row, threshold, judged, against, summary, clock }: Case): Verdict | null {
  const { share, slowdown, setting, other } = clock;
  const explained = share === null ? threshold.clock === 'sm' : side(share, row, threshold) !== 'below';
  // A slow SM starves the memory by way of the SM clock, which the memory clock does not show.
  const slow = (row.conditions.clockHz?.median ?? 0) < worthSaying * (row.device.maxClockHz ?? 0);
  const starving = threshold.clock === 'memory' ? (slowdown ?? (slow ? setting : null)) : null;
  // What is not known to take more is held to the SM clock, and only where that was seen to fall.
  const vague = threshold.clock === 'sm' && share !== null ? other : null;
  const cause = explained ? (slowdown ?? setting ?? vague) : starving;
  if (cause === null) return null;
  const named = summary.includes(cause) ? '' : `; meanwhile stood: ${cause}`;
  return { status: 'throttled', ...judged, why: `${against}; ${summary}${named}` };
}

/** The clock explains the gap, and whether the card's own cap held it the driver did not tell. */
function untold({ row, threshold, judged, against, summary, clock }: Case): Verdict | null {
  const { held, share } = clock;
  if (threshold.clock !== 'sm' || reasonsTold(row.conditions)) return null;
  if (held === null || share === null || held < clock.leastCapped) return null;
  if (side(share, row, threshold) === 'below') return null;
  return { status: 'inconclusive', ...judged, why: `${against}; ${summary}` };
}

/** Without a clock a capped card cannot be told from a slow one, unless no clock could explain the gap. */
function unclocked({ threshold, share, judged, against, summary, clock }: Case): Verdict | null {
  if (threshold.clock !== 'sm' || clock.held !== null) return null;
  if (share < threshold.value * clock.leastCapped) return null;
  return { status: 'inconclusive', ...judged, why: `${against}; ${summary}` };
}

/** A figure that no source could be opened for may be wrong itself. */
function recalled({ documented, judged, against, summary }: Case): Verdict | null {
  return documented.recalled ? { status: 'inconclusive', ...judged, why: `${against}; ${summary}` } : null;
}

function clockOf(
  { device, conditions }: Measured,
  { card }: Documented,
  { factors }: Attribution,
  share: number,
): Clock {
  // Not `ofClock`: that counts only the SMs present, and would forgive a card its missing ones.
  const held = factors.find(({ name }) => name === 'clock')?.value ?? null;
  const standing = standingReasons(conditions);
  const words = (wanted: ReasonKind) => standing.find(({ kind }) => kind === wanted)?.words ?? null;
  const capped = standing.some(({ kind }) => kind === 'power');
  const limit = powerLimit(device);
  const lowered =
    capped && limit.state === 'lowered'
      ? `a power limit of ${formatWatts(limit.watts)}, lowered from ${formatWatts(limit.defaultWatts)}`
      : null;
  return {
    held,
    share: held === null ? null : share / held,
    leastCapped: lowestCappedClock(card),
    capped,
    slowdown: words('slowdown') ?? lowered,
    setting: words('setting'),
    other: words('other'),
  };
}

/** Where the confidence interval of a share lies. The interval is of the rate, so it is scaled by its median. */
function side(
  share: number,
  { statistics: { median, interval } }: Measured,
  threshold: Threshold,
): 'above' | 'straddles' | 'below' {
  if ((share * interval.low) / median >= threshold.value) return 'above';
  return (share * interval.high) / median < threshold.value ? 'below' : 'straddles';
}
