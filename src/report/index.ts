// The report formats, one row each. A new one is a file and a row here.

import type { Report } from '../row.js';
import { renderCsv } from './csv.js';
import { renderHtml } from './html/index.js';
import { renderJson } from './json.js';
import { renderJunit } from './junit.js';
import { renderMarkdown } from './markdown.js';
import { renderPrometheus } from './prometheus.js';
import { renderText } from './text.js';
import type { View } from './view.js';

export type Format = {
  name: string;
  extension: string;
  /** The whole document, ending in a newline. */
  render(report: Report, view: View): string;
};

type Name = 'text' | 'json' | 'html' | 'markdown' | 'csv' | 'junit' | 'prometheus';

export const formats: Readonly<Record<Name, Format>> = {
  text: { name: 'text', extension: 'txt', render: renderText },
  json: { name: 'json', extension: 'json', render: renderJson },
  html: { name: 'html', extension: 'html', render: renderHtml },
  markdown: { name: 'markdown', extension: 'md', render: renderMarkdown },
  csv: { name: 'csv', extension: 'csv', render: renderCsv },
  junit: { name: 'junit', extension: 'xml', render: renderJunit },
  prometheus: { name: 'prometheus', extension: 'prom', render: renderPrometheus },
};

export { parseReport, ReportError } from './json.js';
export type { View } from './view.js';
