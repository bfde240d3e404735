// One row, one verdict: is anything wrong with the device, and how sure is that?
//
// The rule, in two sentences. A row passes when its sustained rate reaches the threshold of its resource as a share of
// the documented figure (of a MIG slice's share of it); where a power cap at the card's own default limit held the
// clock, and the clock stayed above `lowestCappedClock`, the share at the clock held may reach the threshold instead.
// What stays below is `throttled` when a slowdown, a lowered limit or a clock setting took the clock and explains the
// gap, and `low` when nothing does.
//
// Why not one threshold on the percentage: a healthy H200 sustains 71 % of its BF16 figure at its 700 W, at 90 % of
// what its clock allows, and a healthy L40 44 % of its FP32 figure. A rule that fails those is wrong, and a rule that
// passes everything at 40 % has let a GPU at a third of its speed through an official diagnostic.

import type { Attribution, Documented, Statistics, Verdict } from '../row.js';
import type {
  Conditions,
  DataPattern,
  DeviceFacts,
  KernelFacts,
  ProviderResult,
  Verification,
} from '../schema.js';
import { formatCount, formatPercent, formatWatts } from '../units.js';
import { resourceClass } from './resource.js';
import {
  clockLimit,
  fewestSamples,
  flattering,
  lowestCappedClock,
  THRESHOLDS,
  type Threshold,
} from './threshold.js';
import { standingReasons } from './throttle.js';

/** A measured row, before its verdict. */
export type Measured = {
  outcome: 'measured';
  device: DeviceFacts;
  provider: string;
  data: DataPattern;
  kernel: KernelFacts;
  verification: Verification;
  /** Of the sustained phase, as are the conditions. */
  statistics: Statistics;
  conditions: Conditions;
  /** Of the burst phase, in which an error counts as much. */
  burstConditions: Conditions;
  /** Uncorrected ECC errors outside of any window, as during a verification. */
  untimedErrors: number | null;
  /** Null together, and then `undocumented` says why: an unknown card, or a figure that no document gives. */
  documented: Documented | null;
  attribution: Attribution | null;
  undocumented: string;
};

/** What a row ended as. The outcomes without a measurement are those of the native side. */
export type Subject = Measured | Extract<ProviderResult, { outcome: 'wrong' | 'unsupported' | 'failed' }>;

export function judge(subject: Subject): Verdict {
  switch (subject.outcome) {
    case 'unsupported':
      return { status: 'unsupported', why: subject.reason };
    case 'failed':
      return subject.code === 'CUDA_ERROR_ECC_UNCORRECTABLE'
        ? { status: 'corrupted', why: `${subject.code}: ${subject.message}` }
        : { status: 'failed', code: subject.code, why: subject.message };
    case 'wrong':
      return corrupted(subject.verification);
    case 'measured':
      return judgeMeasured(subject);
  }
}

/**
 * Resources that no document has a figure for, on any card. Of DPX: "up to 7x on an NVIDIA H100 GPU, compared with NVIDIA
 * Ampere architecture-based GPUs" (blogs.nvidia.com, 2022-03-22), and no row that names it was found in the table of
 * throughputs of the CUDA guides.
 */
const undocumented: Readonly<Record<string, string>> = {
  none: 'no document gives a figure for this',
  dpx: 'no document that could be opened gives a rate of DPX instructions; NVIDIA prints "up to 7x" an A100, of whole algorithms',
};

function judgeMeasured(row: Measured): Verdict {
  const { verification, documented, attribution, kernel } = row;
  if (verification.differences > 0 || (verification.worst ?? 0) > 1) return corrupted(verification);
  const timed = (row.conditions.uncorrectedErrors ?? 0) + (row.burstConditions.uncorrectedErrors ?? 0);
  const lost = timed + (row.untimedErrors ?? 0);
  if (lost > 0) {
    const when = timed > 0 ? 'timed' : 'prepared and verified, between its timed windows';
    const why = `${formatCount(lost, 'uncorrected ECC error')} while the row was ${when}: memory lost its contents, whatever the comparison found`;
    return { status: 'corrupted', why };
  }
  if (verification.compared === 0) {
    return {
      status: 'failed',
      code: 'EUNVERIFIED',
      why: 'no element of the result was compared, so it has no rate',
    };
  }
  const unjudged = (why: string): Verdict => ({ status: 'unjudged', why });
  if (row.device.backend === 'cpu')
    return unjudged('a CPU has no documented figure to be judged by; its ceilings are derived and measured');
  const noFigure = undocumented[kernel.resource];
  if (noFigure !== undefined) return unjudged(noFigure);
  if (documented === null || attribution === null) return unjudged(row.undocumented);

  const name = resourceClass(documented.resource);
  const threshold = name === null ? undefined : THRESHOLDS[name];
  const share = row.statistics.median / documented.expected;
  const excess = implausible(row, documented, attribution, share, threshold);
  if (excess !== null) return excess;
  if (threshold === undefined) {
    return unjudged(
      `no threshold for ${documented.resource}: no published figure of a healthy card to rest one on`,
    );
  }
  if (kernel.emulated)
    return unjudged('the device lacks the format, and its arithmetic was done in a wider one');
  if (flattering.includes(row.data)) {
    return unjudged(
      `${row.data} draw less power than real data and flatter a device; judged on uniform data only`,
    );
  }
  return rule(row, threshold, documented, attribution, share);
}

function rule(
  row: Measured,
  threshold: Threshold,
  documented: Documented,
  attribution: Attribution,
  share: number,
): Verdict {
  const { device, conditions, statistics } = row;
  const place = (fraction: number) => side(fraction, statistics, threshold.value);
  const of = documented.expected === documented.value ? 'the documented figure' : "this slice's share";
  const footing = [
    `${formatPercent(share, 1)} of ${of}`,
    ...(documented.recalled ? ['which no source could be opened for'] : []),
  ].join(', ');
  const judged = { fraction: share, threshold: threshold.value };
  const against = `${footing}, against ${formatPercent(threshold.value)}`;

  if (statistics.samples < fewestSamples) {
    return {
      status: 'inconclusive',
      ...judged,
      why: `${against}, but from ${statistics.samples} samples only`,
    };
  }
  if (!row.verification.timedLaunchesCompared) {
    const why = `${against}, but the output of the timed launches was not compared`;
    return { status: 'inconclusive', ...judged, why };
  }
  if (place(share) === 'above') return { status: 'pass', ...judged, why: footing };
  if (!row.kernel.tuned) {
    const whose = row.provider === 'builtin' ? 'own kernel' : `work of the ${row.provider}`;
    const why = `${whose}: right, but its speed is not established; its rate does not judge the card`;
    return { status: 'unjudged', why };
  }

  // Not `ofClock`: that counts only the SMs present, and would forgive a card its missing ones.
  const clock = attribution.factors.find((factor) => factor.name === 'clock')?.value ?? null;
  const atClock = clock === null ? null : share / clock;
  const standing = standingReasons(conditions);
  const capped = standing.some(({ kind }) => kind === 'power');
  const limit = powerLimit(device);
  const slowdown =
    standing.find(({ kind }) => kind === 'slowdown')?.words ??
    (capped && limit === 'lowered' ? lowered(device) : null);

  const leastClock = lowestCappedClock(documented.card);
  const excusable = threshold.clock === 'sm' && capped && slowdown === null;
  if (excusable && clock !== null && atClock !== null && clock >= leastClock) {
    const why = `${footing}; ${attribution.summary}, and at that clock it is ${formatPercent(atClock, 1)}`;
    const allowed = { fraction: atClock, threshold: threshold.value, why };
    if (place(atClock) === 'above' && limit === 'default') return { status: 'pass', ...allowed };
    if (place(atClock) === 'above') {
      const blind = 'the power limit could not be read, so a lowered one is not ruled out';
      return { status: 'inconclusive', ...judged, why: `${against}; ${attribution.summary}; ${blind}` };
    }
    if (place(atClock) === 'straddles') return { status: 'inconclusive', ...allowed };
  }
  const why = `${against}; ${attribution.summary}`;
  if (place(share) === 'straddles') {
    return {
      status: 'inconclusive',
      ...judged,
      why: `${why}; the confidence interval straddles the threshold`,
    };
  }
  // A slowdown starves the memory by way of the SM clock, which the memory clock does not show.
  const setting = standing.find(({ kind }) => kind === 'setting')?.words ?? null;
  // What is not known to take more is held to the SM clock, and only where that was seen to fall.
  const other =
    threshold.clock === 'sm' && atClock !== null
      ? (standing.find(({ kind }) => kind === 'other')?.words ?? null)
      : null;
  const explained = atClock === null ? threshold.clock === 'sm' : place(atClock) !== 'below';
  const cause = explained ? (slowdown ?? setting ?? other) : threshold.clock === 'memory' ? slowdown : null;
  if (cause !== null) {
    const named = attribution.summary.includes(cause) ? '' : `; meanwhile stood: ${cause}`;
    return { status: 'throttled', ...judged, why: `${why}${named}` };
  }
  // Without a clock a capped card cannot be told from a slow one, unless no clock could explain the gap.
  if (threshold.clock === 'sm' && clock === null && share >= threshold.value * leastClock) {
    return { status: 'inconclusive', ...judged, why };
  }
  return { status: 'low', ...judged, why };
}

/** Where the confidence interval of a share lies. The interval is of the rate, so it is scaled by its median. */
function side(
  share: number,
  { median, interval }: Statistics,
  threshold: number,
): 'above' | 'straddles' | 'below' {
  if ((share * interval.low) / median >= threshold) return 'above';
  return (share * interval.high) / median < threshold ? 'below' : 'straddles';
}

function implausible(
  row: Measured,
  documented: Documented,
  attribution: Attribution,
  share: number,
  threshold: Threshold | undefined,
): Verdict | null {
  const fault = 'so the work, the time or the figure is miscounted: please report it';
  if (attribution.ofClock !== null) {
    if (attribution.ofClock <= clockLimit) return null;
    const why = `${formatPercent(attribution.ofClock, 1)} of what the SMs present can do at the clock held, ${fault}`;
    return { status: 'implausible', fraction: attribution.ofClock, limit: clockLimit, why };
  }
  const { assumedClockHz: assumed } = documented;
  const most = row.device.maxClockHz;
  const byClock = assumed === null || most === null ? null : (clockLimit * most) / assumed;
  const limit = byClock ?? threshold?.limit ?? 1.5;
  if (share <= limit) return null;
  const bound =
    byClock === null ? 'more than such a resource can give' : 'more than the highest clock allows';
  const why = `${formatPercent(share, 1)} of the documented figure, ${bound}, ${fault}`;
  return { status: 'implausible', fraction: share, limit, why };
}

function corrupted({ differences, first, worst, bound }: Verification): Verdict {
  const noun = differences === 1 ? 'difference' : 'differences, the first';
  const where = first === null ? '' : ` at ${first.at}: expected ${first.expected}, found ${first.actual}`;
  const how = worst !== null && worst > 1 ? `; the worst is ${worst.toPrecision(3)} times its bound` : '';
  const allowed = bound === '' ? '' : ` (bound: ${bound})`;
  return { status: 'corrupted', why: `${differences} ${noun}${where}${how}${allowed}` };
}

function powerLimit({ powerLimitWatts: limit, powerLimitDefaultWatts: normal }: Measured['device']) {
  if (limit === null || normal === null) return 'unknown';
  return limit < normal - 1 ? 'lowered' : 'default';
}

function lowered({ powerLimitWatts: limit, powerLimitDefaultWatts: normal }: Measured['device']): string {
  return `a power limit of ${formatWatts(limit ?? 0)}, lowered from ${formatWatts(normal ?? 0)}`;
}
