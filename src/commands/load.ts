// A saved report, read back for the commands that look at one.

import { readFile } from 'node:fs/promises';
import { coded } from '../error.js';
import { parseReport, ReportError } from '../report/index.js';
import { parseSoak } from '../report/soak.js';
import type { Report } from '../row.js';
import type { SoakReport } from '../soak/schema.js';
import { UsageError } from '../usage.js';

/** The report that `file` holds; throws a UsageError with one sentence where it holds none. */
export const loadReport = (file: string): Promise<Report> => load(file, parseReport);

/** The same of a soak; null where it is another report. */
export const loadSoak = (file: string): Promise<SoakReport | null> => load(file, parseSoak);

async function load<T>(file: string, parse: (text: string) => T): Promise<T> {
  const text = await read(file);
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof ReportError) throw new UsageError(`${file}: ${error.message}`);
    throw error;
  }
}

async function read(file: string): Promise<string> {
  if (file === '') throw new UsageError('"" names no file; write the name of a saved report');
  try {
    return await readFile(file, 'utf8');
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
