// One provider's result becomes one row of the report.
//
// A row is never left out and never half-filled: what a result lacks is null, and the verdict says why.

import { attribute } from './judge/attribute.js';
import { attributeCeiling, measuredCeiling } from './judge/ceiling.js';
import type { Nameplate } from './judge/documented.js';
import { MeasurementError, type MeasureOptions, measure } from './judge/measure.js';
import { median } from './judge/stats.js';
import { judge } from './judge/verdict.js';
import type { Job } from './plan.js';
import type { Row } from './row.js';
import type { FailedResult, MeasuredResult, ProviderResult } from './schema.js';

/**
 * The row of `result`, without the ratio to the vendor: `withRatios` adds it. `before` is what failed while the providers
 * took turns, where the result was then found alone.
 */
export function rowOf(
  job: Job,
  result: ProviderResult,
  plate: Nameplate,
  before: FailedResult | null = null,
): Row {
  const priorFailure = before && { code: before.code, why: before.message };
  const empty = { ...emptyRow(job, result.provider), priorFailure };
  switch (result.outcome) {
    case 'unsupported':
    case 'failed':
      return { ...empty, verdict: judge(result) };
    case 'wrong': {
      const { work, kernel, verification } = result;
      return { ...empty, work, kernel, verification, verdict: judge(result) };
    }
    case 'measured':
      return measuredRow(job, empty, result, plate);
  }
}

/**
 * Own kernels over the vendor's: sets `ratioToVendor` on the builtin row of one request, sustained median over
 * sustained median of the fastest vendor row that has one. The vendor rows keep null. A row that was measured alone met
 * another temperature and clock than the other, and stands in no ratio.
 */
export function withRatios(rows: readonly Row[]): Row[] {
  const tookTurns = rows.filter(({ priorFailure }) => priorFailure === null);
  const rates = tookTurns.map(({ provider, rate }) => (provider === 'builtin' ? 0 : (rate ?? 0)));
  const vendor = Math.max(0, ...rates);
  return rows.map((row) => {
    if (row.provider !== 'builtin' || row.rate === null || vendor === 0) return row;
    return tookTurns.includes(row) ? { ...row, ratioToVendor: row.rate / vendor } : row;
  });
}

/**
 * A far NUMA node over the device's own: sets `ratioToNear` on each row of far memory whose like, by the same provider in
 * the same size, was measured on pinned memory.
 */
export function withNear(rows: readonly Row[]): Row[] {
  return rows.map((row) => {
    if (row.variant !== 'far' || row.rate === null) return row;
    const near =
      rows.find((other) => other.variant === 'pinned' && isPlaced(other) && copyOf(other) === copyOf(row))
        ?.rate ?? null;
    return near === null ? row : { ...row, ratioToNear: row.rate / near };
  });
}

/** Memory that the system would not place may itself be far: link.cc holds no copy of it against the link. */
const isPlaced = ({ kernel }: Row) => kernel?.resource !== 'none';

const copyOf = ({ operation, provider, device, shape }: Row) =>
  JSON.stringify([operation, provider, device, shape]);

function measuredRow(job: Job, empty: Omit<Row, 'verdict'>, result: MeasuredResult, plate: Nameplate): Row {
  const { work, kernel, verification } = result;
  const { device, operation, request } = job;
  const options = { unit: operation.unit, seed: request.seed, shared: device.mig };
  const measurement = measured(result, options);
  if (measurement instanceof MeasurementError) {
    const { code, message } = measurement;
    const uncorrectedErrors = null;
    const verdict = judge({ outcome: 'failed', provider: result.provider, code, message, uncorrectedErrors });
    return { ...empty, work, kernel, verification, verdict };
  }
  const { burst, sustained } = measurement;
  const { statistics, conditions, energy } = sustained;
  const rate = statistics.median;
  // The highest reading: whatever interrupts a timed loop makes the clock look slower, and nothing faster.
  const documented = plate.documented(kernel.resource, conditions.clockHz?.max ?? null);
  const ceiling = measuredCeiling(rate, result.ceiling);
  const card = {
    multiprocessors: plate.card?.multiprocessors?.value ?? null,
    ratePerClock: plate.ratePerClock(kernel.resource),
  };
  const attribution =
    documented &&
    (device.backend === 'cpu'
      ? attributeCeiling(rate, documented, conditions, ceiling)
      : attribute({ rate, documented, device, conditions, card }));
  const undocumented =
    plate.card === null
      ? plate.reason
      : `${plate.card.id} documents no figure for ${kernel.resource}${device.mig ? ', or none for this slice' : ''}`;
  const verdict = judge({
    outcome: 'measured',
    device,
    cardMultiprocessors: card.multiprocessors,
    provider: result.provider,
    data: request.data,
    kernel,
    verification,
    statistics,
    launchSeconds: median(result.sustained.secondsPerLaunch),
    conditions,
    burstConditions: burst.conditions,
    untimedErrors: result.untimedErrors,
    documented,
    attribution,
    undocumented,
  });
  return {
    ...empty,
    rate,
    clocks: clocksOf(rate, operation.unit, conditions),
    work,
    kernel,
    statistics,
    conditions,
    energy,
    burst,
    verification,
    documented,
    attribution,
    ceiling,
    verdict,
  };
}

/** A latency in clocks; null for a rate, and where the clock is not known. */
function clocksOf(rate: number, unit: Row['unit'], { clockHz }: MeasuredResult['sustained']['conditions']) {
  return unit === 's' && clockHz !== null && clockHz.median > 0 ? rate * clockHz.median : null;
}

function measured(result: MeasuredResult, options: MeasureOptions) {
  try {
    return measure(result, options);
  } catch (error) {
    if (error instanceof MeasurementError) return error;
    throw error;
  }
}

function emptyRow(
  { device, operation, shape, peerUuid, request }: Job,
  provider: string,
): Omit<Row, 'verdict'> {
  return {
    id: operation.id,
    family: operation.family,
    operation: operation.operation,
    dtype: operation.dtype,
    variant: operation.variant,
    provider,
    device: device.id,
    shape,
    peerUuid,
    data: request.data,
    seed: request.seed,
    unit: operation.unit,
    rate: null,
    clocks: null,
    work: null,
    kernel: null,
    statistics: null,
    conditions: null,
    energy: null,
    burst: null,
    verification: null,
    documented: null,
    attribution: null,
    ceiling: null,
    ratioToVendor: null,
    ratioToNear: null,
    priorFailure: null,
  };
}
