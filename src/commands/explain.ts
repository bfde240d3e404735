// `nameplate explain`: why a row of a saved report is what it is. A viewer, as `report` is: it exits with 0.

import type { Command } from 'commander';
import { glob } from '../plan.js';
import { explainText } from '../report/explain.js';
import type { Report, Row } from '../row.js';
import { parseList, UsageError } from '../usage.js';
import { loadReport } from './load.js';
import { print, view } from './print.js';
import { defaultReport } from './run.js';

interface Flags {
  report: string;
  device?: string;
  provider?: string;
}

export function addExplain(program: Command): void {
  program
    .command('explain')
    .description('why a row is not 100 %: documented figure, factors, evidence, telemetry, sources')
    .argument('[rows...]', 'rows to explain, such as gemm.bf16 or "gemm.*"; default: all')
    .option('--report <file>', 'a report that "nameplate run" has saved', defaultReport)
    .option('--device <id>', 'only rows of this device, such as cuda:0 or its uuid')
    .option('--provider <name>', 'only rows of this provider, such as builtin or cublaslt')
    .action(async (patterns: string[], flags: Flags) => {
      const report = await loadReport(flags.report);
      const wanted = patterns.flatMap((text) => parseList('the row pattern', text));
      print(explainText(report, choose(report, wanted, flags), view(flags.report)));
    });
}

function choose(
  report: Report,
  patterns: readonly string[],
  { report: file, device, provider }: Flags,
): Row[] {
  if (report.rows.length === 0) {
    throw new UsageError(`${file} has no rows: its run was ${report.state} before one was measured`);
  }
  const globs = patterns.map((pattern) => ({ pattern, matches: glob(pattern) }));
  for (const { pattern, matches } of globs) {
    if (!report.rows.some(({ id }) => matches(id)))
      none(
        `"${pattern}"`,
        file,
        report.rows.map(({ id }) => id),
      );
  }
  const named = report.devices.find(({ uuid }) => uuid !== null && uuid === device)?.id ?? device;
  const ofDevice = (row: Row) => named === undefined || row.device === named;
  const ofProvider = (row: Row) => provider === undefined || row.provider === provider;
  const matching = report.rows.filter(
    ({ id }) => globs.length === 0 || globs.some(({ matches }) => matches(id)),
  );
  const rows = matching.filter((row) => ofDevice(row) && ofProvider(row));
  if (rows.length > 0) return rows;
  const asked = [
    ...(device === undefined ? [] : [`device "${device}"`]),
    ...(provider === undefined ? [] : [`provider "${provider}"`]),
  ].join(' and ');
  none(
    asked,
    file,
    matching.map((row) => `${row.id} by ${row.provider} on ${row.device}`),
  );
}

function none(asked: string, file: string, there: readonly string[]): never {
  throw new UsageError(`no row of ${file} matches ${asked}; there are: ${[...new Set(there)].join(', ')}`);
}
