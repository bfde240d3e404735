// A saved report, read back for the commands that look at one.

import { readFile } from 'node:fs/promises';
import { coded } from '../process/message.js';
import { parseReport, ReportError } from '../report/index.js';
import type { Report } from '../row.js';
import { UsageError } from '../usage.js';

/** The report that `file` holds; throws a UsageError with one sentence where it holds none. */
export async function loadReport(file: string): Promise<Report> {
  const text = await read(file);
  try {
    return parseReport(text);
  } catch (error) {
    if (error instanceof ReportError) throw new UsageError(`${file}: ${error.message}`);
    throw error;
  }
}

async function read(file: string): Promise<string> {
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
