// A saved report, read back for the commands that look at one.

import { readFile } from 'node:fs/promises';
import { coded } from '../error.js';
import { abandonable } from '../interrupt.js';
import { parseReport, ReportError } from '../report/index.js';
import { parseSoak } from '../report/soak.js';
import type { Report } from '../row.js';
import type { SoakReport } from '../soak/schema.js';
import { UsageError } from '../usage.js';

/** The report that `file` holds; throws a UsageError with one sentence where it holds none. */
export async function loadReport(file: string): Promise<Report> {
  const { report } = await loadAny(file);
  if (report !== null) return report;
  throw new UsageError(`${file} is the report of a soak; it is printed by: nameplate report ${file}`);
}

/** The same of a run or of a soak, the other of which is null. Read once: a pipe cannot be read again. */
export async function loadAny(file: string): Promise<Loaded> {
  const text = await read(file);
  try {
    const soak = parseSoak(text);
    return soak === null ? { report: parseReport(text), soak } : { report: null, soak };
  } catch (error) {
    if (error instanceof ReportError) throw new UsageError(`${file}: ${error.message}`);
    // What is nested so deep that the stack does not hold it.
    if (error instanceof RangeError) throw new UsageError(`${file}: This is JSON but no nameplate report.`);
    throw error;
  }
}

type Loaded = { report: Report; soak: null } | { report: null; soak: SoakReport };

async function read(file: string): Promise<string> {
  if (file === '') throw new UsageError('"" names no file; write the name of a saved report');
  try {
    return await abandonable(readFile(file, 'utf8'));
  } catch (error) {
    const { code, message } = coded(error);
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: 'there is no such file',
      EACCES: 'permission denied',
      EISDIR: 'it is a folder',
    };
    throw new UsageError(`cannot read ${file}: ${reasons[code] ?? message}`);
  }
}
