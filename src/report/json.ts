// The report as JSON, and back. What other tools read is exactly the schema of row.ts, with nothing rounded.

import type * as z from 'zod';
import { CodedError } from '../error.js';
import { Report, schemaVersion } from '../row.js';

export function renderJson(report: Report): string {
  return `${JSON.stringify(report, null, 2).replace(numbers, (array) => array.replace(/\s+/g, ' '))}\n`;
}

/** A trace on one line each, not a line a number. Only outside of strings can a line break follow a bracket. */
const numbers = /\[\n(\s*(-?[\d.e+-]+|null),?\n)+\s*\]/g;

/** The text is no report that this version reads; the message is one sentence that says why. */
export class ReportError extends CodedError<'EINVAL'> {
  override readonly name = 'ReportError';
  constructor(message: string) {
    super('EINVAL', message);
  }
}

/**
 * Reads a report back.
 *
 * @throws ReportError for a foreign, truncated or damaged file, and for one of another version.
 */
export function parseReport(text: string): Report {
  const found = parseJson(text);
  if (typeof found !== 'object' || found === null || !('schemaVersion' in found)) {
    throw new ReportError('This is JSON but no nameplate report: it has no schemaVersion.');
  }
  checkVersion('schemaVersion', found.schemaVersion, schemaVersion);
  const report = Report.safeParse(found);
  if (report.success) {
    const { simulated, devices } = report.data;
    const stand = devices.find((device) => device.simulated);
    if (simulated || stand === undefined) return report.data;
    throw new ReportError(
      `The report is damaged or was edited: ${stand.id} is simulated, and the report does not say so.`,
    );
  }
  throw damaged(report.error);
}

/** @throws ReportError where a report has another version than the one that is read, `known`. */
export function checkVersion(name: string, found: unknown, known: number): void {
  if (found === known) return;
  throw new ReportError(
    `The report has ${name} ${JSON.stringify(found)}, and this version of nameplate reads ${known}; measure again or use the version that wrote it.`,
  );
}

/** What the first thing says that is not as it should be. Later versions add fields, and what is damaged grows none. */
export function damaged({ issues: [issue] }: z.ZodError): ReportError {
  const where = issue === undefined || issue.path.length === 0 ? 'its top level' : issue.path.join('.');
  if (issue?.code === 'unrecognized_keys') {
    return new ReportError(
      `The report says something that this version of nameplate does not know, ${issue.keys.join(', ')} in ${where}: a later version wrote it, or it was edited.`,
    );
  }
  return new ReportError(
    `The report is damaged or was edited: ${where}: ${issue?.message ?? 'not as expected'}.`,
  );
}

/** @throws ReportError for a text that is none. */
export function parseJson(text: string): unknown {
  if (text.trim() === '') throw new ReportError('The report is empty.');
  try {
    // An editor may have put a byte order mark before it, which JSON does not know.
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    const whole = !text.trimStart().startsWith('{') || text.trimEnd().endsWith('}');
    throw new ReportError(
      whole
        ? 'This is no nameplate report: it is not JSON.'
        : 'The report is truncated: it starts as JSON and does not end.',
    );
  }
}
