// The report formats, one row each. A new one is a file and a row here.

import type { Report } from '../row.js';
import { renderJson } from './json.js';
import { renderText } from './text.js';

/** How the reader reads. Formats for machines ignore it. */
export type View = {
  /** Whether terminal colors may be used. */
  color: boolean;
  /** Columns of the terminal. */
  width: number;
  /** Where the report was saved; null when it was not. */
  file: string | null;
};

export type Format = {
  name: string;
  extension: string;
  /** The whole document, ending in a newline. */
  render(report: Report, view: View): string;
};

export const formats: Readonly<Record<'text' | 'json', Format>> = {
  text: { name: 'text', extension: 'txt', render: renderText },
  json: { name: 'json', extension: 'json', render: renderJson },
};

export { parseReport, ReportError } from './json.js';
