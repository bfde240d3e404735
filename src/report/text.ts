// The report for a person at a terminal: one table a device, then what the numbers mean, what is missing, and the sum.
//
// The verdict never stands without its reason, and nothing is shown that was not measured: an absent figure is a dash.

import pc from 'picocolors';
import { pastRepair, repairsSeen } from '../judge/memoryRepair.js';
import { powerLimit } from '../judge/power.js';
import { recoverySeen } from '../judge/recovery.js';
import { whyOf } from '../judge/why.js';
import type { Report, Row, Status } from '../row.js';
import type { DeviceFacts } from '../schema.js';
import {
  formatBytes,
  formatClock,
  formatClocks,
  formatCount,
  formatPercent,
  formatPerWatt,
  formatRate,
  formatSeconds,
  formatShape,
  formatWatts,
} from '../units.js';
import { curveLines, unfolded } from './curves.js';
import { legend } from './legend.js';
import { notices } from './notices.js';
import { siblingWords } from './siblings.js';
import { type Column, column, harmless, table, wrap } from './table.js';
import { type Colors, simulatedNotice, statusColor, statuses, type View } from './view.js';

export function renderText(report: Report, { color, width, file }: View): string {
  const colors = pc.createColors(color);
  const notice = report.simulated ? wrap(simulatedNotice, width).map((line) => colors.yellow(line)) : [];
  const sections = [
    notice,
    ...deviceIds(report).map((id) => deviceSection(report, id, colors, width)),
    siblingWords(report).flatMap((words) => wrap(words, width, '  ').map(colors.yellow)),
    legend(report).flatMap((note) => wrap(note, width, '  ').map(colors.dim)),
    report.absences.flatMap(({ what, reason, remedy }) =>
      wrap(`no ${what}: ${reason} → ${remedy}`, width, '  '),
    ),
    [totals(report, file, colors), ...notice],
  ];
  const shown = sections.filter((lines) => lines.length > 0);
  return `${shown.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** Devices in their order; of a damaged or older report also those that only rows name. */
export function deviceIds(report: Report): string[] {
  return [...new Set([...report.devices.map(({ id }) => id), ...report.rows.map(({ device }) => device)])];
}

function deviceSection(report: Report, id: string, colors: Colors, width: number): string[] {
  const device = report.devices.find((candidate) => candidate.id === id);
  const rows = report.rows.filter((row) => row.device === id);
  const lines = wrap(device === undefined ? id : deviceLine(device), width, '  ').map(colors.bold);
  lines.push(...healthLines(device, colors, width));
  if (rows.length === 0) return [...lines, 'no rows'];

  const { heading, of: why } = reasons(rows);
  if (heading !== null) lines.push(...wrap(heading, width, '  '));

  const providers = new Set(rows.map(({ provider }) => provider)).size > 1;
  const chosen = columns(colors, device).filter(({ title }) => title !== 'by' || providers);
  const remark = (row: Row) => ({ text: why(row) });
  const shown = unfolded(rows, report.curves);
  const { lines: drawn, note } = table(shown, chosen, remark, width);
  if (shown.length > 0) lines.push('', ...drawn);
  lines.push(...note.map(colors.dim));
  lines.push(...curveLines(report, id, width));
  return lines;
}

/** What is said of each row, and one reason for every unjudged row (a CPU, an unknown card) once, above them. */
export function reasons(rows: readonly Row[]): { heading: string | null; of: (row: Row) => string } {
  const unjudged = rows.flatMap(({ verdict }) => (verdict.status === 'unjudged' ? [verdict.why] : []));
  const shared = new Set(unjudged).size === 1 ? unjudged[0] : undefined;
  const measured = rows.filter(({ rate }) => rate !== null);
  const whole = unjudged.length === measured.length ? 'measured, not judged' : 'unjudged rows';
  const why = ({ verdict, attribution }: Row) => {
    if (verdict.status === 'pass') return attribution?.summary ?? '';
    if (verdict.status === 'unjudged' && verdict.why === shared) return '';
    return whyOf(verdict);
  };
  return {
    heading: shared === undefined ? null : `${whole}: ${shared}`,
    of: (row) => [why(row), ...notices(row)].filter((part) => part !== '').join('; '),
  };
}

/** "NVIDIA H200 · cuda:0 · driver 580.159 · 132 SMs · 151 GB · 700 W cap · PCIe 5.0 x16" */
export function deviceLine(device: DeviceFacts): string {
  const { driver, multiprocessors, placement } = device;
  const parts = [
    device.name,
    device.id,
    device.simulated && 'SIMULATED',
    driver !== null && `driver ${driver}`,
    placement ?? formatCount(multiprocessors, 'SM'),
    device.mig && 'MIG slice',
    device.memoryBytes > 0 && formatBytes(device.memoryBytes),
    capWords(device),
    linkWords(device),
    device.features.length > 0 && device.features.join(' '),
  ];
  return parts.filter((part) => typeof part === 'string').join(' · ');
}

/** "700 W cap", where somebody lowered it "420 W of 700 W cap"; false where it is not known. */
export function capWords(device: DeviceFacts): string | false {
  const { powerLimitWatts: cap, mig } = device;
  const limit = powerLimit(device);
  const lowered = limit.state === 'lowered' ? ` of ${formatWatts(limit.defaultWatts)}` : '';
  return cap !== null && `${formatWatts(cap)}${lowered} cap${mig ? ' of the whole board' : ''}`;
}

/** "PCIe 5.0 x16", with lanes that are missing "PCIe 5.0 x4 of x16"; false where it is not known. */
export function linkWords(device: DeviceFacts): string | false {
  // The most it can do: the generation read now may be that of a link asleep. A width does not sleep.
  const generation = device.linkMaxGeneration ?? device.linkGeneration;
  const lanes = device.linkMaxWidth ?? device.linkWidth;
  if (generation === null || lanes === null) return false;
  const narrow = device.linkWidth !== null && device.linkWidth < lanes;
  return `PCIe ${generation.toFixed(1)} ${narrow ? `x${device.linkWidth} of ` : ''}x${lanes}`;
}

/** What driver and card keep on record of faults; none where there was none. */
export function healthLines(device: DeviceFacts | undefined, colors: Colors, width: number): string[] {
  if (device === undefined) return [];
  const repairs = { seen: repairsSeen(device), color: pastRepair(device) ? colors.red : colors.yellow };
  const recovery = { seen: recoverySeen(device), color: colors.red };
  return [recovery, repairs].flatMap(({ seen, color }) =>
    seen === null ? [] : wrap(seen, width, '  ').map(color),
  );
}

type Shown = (row: Row) => string | null | undefined | false;
const left = (title: string, rank: number, cell: Shown) => column(title, rank, 'left', cell);
const right = (title: string, rank: number, cell: Shown) => column(title, rank, 'right', cell);

/** Of a table of rows. A CPU's figure is derived, and beside it stands what its own cores gave. The board's watts are not those of a MIG slice. */
export function columns(colors: Colors, device: DeviceFacts | undefined): Column<Row>[] {
  const derived = device?.backend === 'cpu';
  const whole = device?.mig !== true;
  return [
    left('row', 0, ({ id }) => id),
    left('by', 0, ({ provider }) => provider),
    left('shape', 5, ({ shape }) => formatShape(shape)),
    right('measured', 0, ({ rate, unit, dtype }) => rate !== null && formatRate(rate, unit, dtype)),
    right('clocks', 3, ({ clocks }) => clocks !== null && formatClocks(clocks)),
    right(derived ? 'derived' : 'documented', 2, ({ documented }) =>
      documented?.printed.concat(documented.recalled ? '*' : ''),
    ),
    right(
      derived ? 'of derived' : 'of spec',
      1,
      ({ attribution }) => attribution && formatPercent(attribution.ofSpec),
    ),
    right('clock', 4, ({ conditions }) => conditions?.clockHz && formatClock(conditions.clockHz.median)),
    right(
      'of clock',
      3,
      ({ attribution }) => attribution?.ofClock != null && formatPercent(attribution.ofClock),
    ),
    right('ceiling', 3, ({ ceiling, unit, dtype }) => ceiling && formatRate(ceiling.value, unit, dtype)),
    right('of ceiling', 1, ({ ceiling }) => ceiling && formatPercent(ceiling.fraction)),
    right(
      'power',
      6,
      ({ conditions }) => whole && conditions?.powerWatts && formatWatts(conditions.powerWatts.median),
    ),
    right('per watt', 8, ({ energy, unit, dtype }) => energy && formatPerWatt(energy.perWatt, unit, dtype)),
    right('own/vendor', 7, ({ ratioToVendor: ratio }) => ratio !== null && `${ratio.toFixed(2)}x`),
    {
      title: 'verdict',
      rank: 0,
      align: 'left',
      cell: ({ verdict: { status } }) => ({ text: status, paint: colors[statusColor[status]] }),
    },
  ];
}

function totals({ rows, seconds, state }: Report, file: string | null, colors: Colors): string {
  const counts = countsOf(rows).map(({ status, count }) =>
    count === 0 ? `0 ${status}` : colors[statusColor[status]](`${count} ${status}`),
  );
  const end = [formatSeconds(seconds), state, ...(file === null ? [] : [harmless(file)])];
  return [...counts, ...end].join(' · ');
}

/** How many rows have each verdict; of pass and low also that there are none. */
export function countsOf(rows: readonly Row[]): { status: Status; count: number }[] {
  return statuses
    .map((status) => ({ status, count: rows.filter(({ verdict }) => verdict.status === status).length }))
    .filter(({ status, count }) => count > 0 || status === 'pass' || status === 'low');
}
