// The report for a spreadsheet or a data frame: a line a row, by RFC 4180. SI and unrounded; what is absent is empty.

import type { Report, Row } from '../row.js';
import { exactShape } from '../units.js';
import { harmless } from './table.js';

type Cell = string | number | null | undefined | false;
type Context = {
  report: Report;
  device: Report['devices'][number] | undefined;
  /** A CPU's figure is arithmetic, and no document. */
  derived: boolean;
};

/** In the order of the line. Names are kept: others read columns by them. */
const columns: Readonly<Record<string, (row: Row, context: Context) => Cell>> = {
  row: ({ id }) => id,
  family: ({ family }) => family,
  provider: ({ provider }) => provider,
  shape: ({ shape }) => exactShape(shape),
  bytes: ({ shape }) => ('bytes' in shape ? shape.bytes : null),
  verdict: ({ verdict }) => verdict.status,
  // In words: a line may be cut from its header.
  origin: (_, { report }) => (report.simulated ? 'SIMULATED' : 'device'),
  rate: ({ rate }) => rate,
  unit: ({ unit }) => unit,
  documented: ({ documented }, { derived }) => !derived && documented?.value,
  documented_here: ({ documented }, { derived }) => !derived && documented?.expected,
  of_spec: ({ attribution }, { derived }) => !derived && attribution?.ofSpec,
  derived: ({ documented }, { derived }) => derived && documented?.value,
  of_derived: ({ attribution }, { derived }) => derived && attribution?.ofSpec,
  of_clock: ({ attribution }) => attribution?.ofClock,
  ceiling: ({ ceiling }) => ceiling?.value,
  of_ceiling: ({ ceiling }) => ceiling?.fraction,
  latency_clocks: ({ clocks }) => clocks,
  clock_hz: ({ conditions }) => conditions?.clockHz?.median,
  power_watts: ({ conditions }) => conditions?.powerWatts?.median,
  rate_per_watt: ({ energy }) => energy?.perWatt,
  interval_low: ({ statistics }) => statistics?.interval.low,
  interval_high: ({ statistics }) => statistics?.interval.high,
  samples: ({ statistics }) => statistics?.samples,
  burst_rate: ({ burst }) => burst?.statistics.median,
  own_to_vendor: ({ ratioToVendor }) => ratioToVendor,
  why: ({ verdict }) => verdict.why,
  code: ({ verdict }) => (verdict.status === 'failed' ? verdict.code : null),
  kernel: ({ kernel }) => kernel?.name,
  data: ({ data }) => data,
  seed: ({ seed }) => seed,
  device: ({ device }) => device,
  device_name: (_, { device }) => device?.name,
  card: (_, { device }) => device?.card,
  uuid: (_, { device }) => device?.uuid,
  driver: (_, { device }) => device?.driver,
  hostname: (_, { report }) => report.host.hostname,
  started_at: (_, { report }) => report.startedAt,
  nameplate: (_, { report }) => report.tool.build.version,
};

export function renderCsv(report: Report): string {
  const lines = report.rows.map((row) => {
    const device = report.devices.find(({ id }) => id === row.device);
    const context = { report, device, derived: device?.backend === 'cpu' };
    return Object.values(columns).map((cell) => written(cell(row, context)));
  });
  return [Object.keys(columns), ...lines].map((line) => `${line.join(',')}\r\n`).join('');
}

/**
 * A spreadsheet runs a text that begins like one of these, and in countries whose lists have semicolons it begins a cell
 * behind each of those too. An apostrophe before it is what makes it text (OWASP, "CSV Injection"): that changes a name only
 * where no driver would have written it, and a program sees what was done, where a blank would be trimmed away.
 */
const formula = /(^|;)(?=[\s"]*[=+\-@＝＋－＠])/g;

/** Of numbers a sign is a sign. Control characters are blanks, tabs among them: a line of the file is a row. */
function written(cell: Cell): string {
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : '';
  const text = harmless(cell || '').replace(formula, "$1'");
  return /[",;]|^ | $/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
