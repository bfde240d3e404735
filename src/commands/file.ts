// Where a command keeps its report: --json names a file, or with - stdout, and --no-save keeps none.

import { ReportFile } from '../save.js';
import { UsageError } from '../usage.js';

export function reportFile({ json, save }: { json?: string; save: boolean }, usual: string): ReportFile {
  if (json === '') throw new UsageError('--json "" names no file; write a file name, or - for stdout');
  return new ReportFile(json === '-' || !save ? null : (json ?? usual));
}
