// A whole report, one number: what a shell or a scheduler learns from it without reading a row.

import { asksForAll } from '../options.js';
import type { Report, Verdict } from '../row.js';
import { type Absence, type DeviceFacts, hidesGpus } from '../schema.js';
import { pastRepair } from './memoryRepair.js';
import { awaitsRecovery } from './recovery.js';

export type ExitCode = 0 | 1 | 3 | 4 | 130;

/** What of a report decides. */
type Judged = {
  rows: readonly { verdict: Pick<Verdict, 'status'> }[];
  devices: readonly Pick<DeviceFacts, 'memoryRepair' | 'recoveryAction'>[];
  absences?: readonly Pick<Absence, 'what' | 'code'>[];
  options?: Pick<Report['options'], 'devices'>;
};

/**
 * What the process says of a whole report: 0 nothing found wrong, 1 a row is low, the memory of a device past repair or a
 * fault of it not recovered from, 3 could not measure, 4 a wrong result, 130 interrupted. `strict` counts throttled,
 * inconclusive and unjudged as low. The rows of an interrupted run are not all, and only a wrong result is the same whatever
 * the others would have been.
 */
export function exitCode(
  judged: Judged,
  { strict, interrupted }: { strict: boolean; interrupted: boolean },
): ExitCode {
  const { rows, devices } = judged;
  const statuses = new Set(rows.map((row) => row.verdict.status));
  const any = (...wanted: Verdict['status'][]) => wanted.some((status) => statuses.has(status));
  if (any('corrupted', 'implausible')) return 4;
  if (interrupted) return 130;
  if (any('failed') || !anyMeasured(judged) || missedGpus(judged).length > 0) return 3;
  if (any('low') || devices.some(pastRepair) || devices.some(awaitsRecovery)) return 1;
  if (strict && any('throttled', 'inconclusive', 'unjudged')) return 1;
  return 0;
}

export function anyMeasured({ rows }: Pick<Judged, 'rows'>): boolean {
  return rows.some(({ verdict: { status } }) => status !== 'unsupported' && status !== 'failed');
}

/**
 * What a run that was to measure every GPU met that does not answer. What else passes, another GPU or the CPU in its stead,
 * says nothing of it. A machine without a GPU, or whose GPUs are hidden from the process, misses none.
 */
export function missedGpus<Absent extends Pick<Absence, 'what' | 'code'>>({
  absences = [],
  options,
}: {
  absences?: readonly Absent[];
  options?: Pick<Report['options'], 'devices'>;
}): Absent[] {
  if (options !== undefined && !asksForAll(options)) return [];
  const none = ({ what, code }: Absent) =>
    what === 'NVIDIA driver' && (code === null || noGpu.includes(code));
  return absences.filter((absence) => hidesGpus(absence) && !none(absence));
}

/**
 * Of a driver that is not there, one that sees no GPU, and what a toolkit has for linking where there is no driver. A saved
 * report of an earlier version has no code of its driver, and accuses none.
 */
const noGpu: readonly string[] = ['ENODEV', 'CUDA_ERROR_NO_DEVICE', 'CUDA_ERROR_STUB_LIBRARY'];
