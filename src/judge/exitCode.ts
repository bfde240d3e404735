// A whole report, one number: what a shell or a scheduler learns from it without reading a row.

import type { Verdict } from '../row.js';
import type { DeviceFacts } from '../schema.js';
import { pastRepair } from './memoryRepair.js';
import { awaitsRecovery } from './recovery.js';

export type ExitCode = 0 | 1 | 3 | 4 | 130;

/** What of a report decides. */
type Judged = {
  rows: readonly { verdict: Pick<Verdict, 'status'> }[];
  devices: readonly Pick<DeviceFacts, 'memoryRepair' | 'recoveryAction'>[];
};

/**
 * What the process says of a whole report: 0 nothing found wrong, 1 a row is low, the memory of a device past repair or a
 * fault of it not recovered from, 3 could not measure, 4 a wrong result, 130 interrupted. `strict` counts throttled,
 * inconclusive and unjudged as low. The rows of an interrupted run are not all, and only a wrong result is the same whatever
 * the others would have been.
 */
export function exitCode(
  { rows, devices }: Judged,
  { strict, interrupted }: { strict: boolean; interrupted: boolean },
): ExitCode {
  const statuses = new Set(rows.map((row) => row.verdict.status));
  const any = (...wanted: Verdict['status'][]) => wanted.some((status) => statuses.has(status));
  if (any('corrupted', 'implausible')) return 4;
  if (interrupted) return 130;
  const measured = [...statuses].some((status) => status !== 'unsupported' && status !== 'failed');
  if (any('failed') || !measured) return 3;
  if (any('low') || devices.some(pastRepair) || devices.some(awaitsRecovery)) return 1;
  if (strict && any('throttled', 'inconclusive', 'unjudged')) return 1;
  return 0;
}
