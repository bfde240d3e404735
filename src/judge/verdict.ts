// One row, one verdict: is anything wrong with the device, and how sure is that?
//
// Here is what needs no threshold: a wrong result, one that was not compared, one that nothing is documented of, and one
// that cannot be. What is left is a share of a documented figure, and ruled on in rule.ts.

import type { Attribution, Documented, Verdict } from '../row.js';
import type { FailedResult, ProviderResult, Verification } from '../schema.js';
import { formatCount, formatPercent } from '../units.js';
import type { Measured } from './measured.js';
import { resourceClass } from './resource.js';
import { rule } from './rule.js';
import { clockLimit, flattering, THRESHOLDS, type Threshold, widestLimit } from './threshold.js';

/** What a row ended as. The outcomes without a measurement are those of the native side. */
export type Subject = Measured | Extract<ProviderResult, { outcome: 'wrong' | 'unsupported' | 'failed' }>;

export function judge(subject: Subject): Verdict {
  switch (subject.outcome) {
    case 'unsupported':
      return { status: 'unsupported', why: subject.reason };
    case 'failed':
      return failed(subject);
    case 'wrong':
      return corrupted(subject.verification);
    case 'measured':
      return judgeMeasured(subject);
  }
}

/** A launch may die of lost memory under another name than its own. */
function failed({ code, message, uncorrectedErrors }: FailedResult): Verdict {
  const why = `${code}: ${message}`;
  if (code === 'CUDA_ERROR_ECC_UNCORRECTABLE') return { status: 'corrupted', why };
  if (!uncorrectedErrors) return { status: 'failed', code, why: message };
  return {
    status: 'corrupted',
    why: `${why}; ${formatCount(uncorrectedErrors, 'uncorrected ECC error')} meanwhile`,
  };
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

/**
 * An H200 gave 4.9 GiB/s so (vllm-project/vllm#55428), and NVIDIA's release notes do not support kernels that reach pinned
 * memory, which may have moved to the device by then.
 */
const encrypted =
  'confidential computing encrypts what crosses the link, through a buffer of the driver; no document gives that rate';

const lacking = 'the device lacks the format, and its arithmetic was done in a wider one';

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
  if (kernel.emulated && kernel.resource === 'none') return unjudged(lacking);
  const noFigure = undocumented[kernel.resource];
  if (noFigure !== undefined) return unjudged(noFigure);
  if (documented === null || attribution === null) return unjudged(row.undocumented);

  const name = resourceClass(documented.resource);
  const threshold = name === null ? undefined : THRESHOLDS[name];
  const share = row.statistics.median / documented.expected;
  if (name === 'link' && row.device.features.includes('confidential computing')) return unjudged(encrypted);
  const excess = implausible(row, documented, attribution, share, threshold);
  if (excess !== null) return excess;
  if (threshold === undefined || documented.value > (threshold.covers ?? Infinity)) {
    const of =
      threshold === undefined ? documented.resource : `${documented.printed} of a ${documented.resource}`;
    return unjudged(`no threshold for ${of}: no published figure of a healthy card to rest one on`);
  }
  if (kernel.emulated) return unjudged(lacking);
  // The data asked for are those of matrices: memory and links move random doubles whatever it is.
  if (threshold.clock === 'sm' && flattering.includes(row.data)) {
    return unjudged(
      `${row.data} draw less power than real data and flatter a device; judged on uniform data only`,
    );
  }
  return rule(row, threshold, documented, attribution, share);
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
  // Memory that someone set to more than its own clock gives as much more.
  const raised = Math.max(1, attribution.factors.find(({ name }) => name === 'clock')?.value ?? 1);
  const limit = (byClock ?? (threshold?.limit ?? widestLimit) * raised) * documented.upTo;
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
