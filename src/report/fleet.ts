// Devices beside their like for a person at a terminal: who stands where, what each row scatters by, and who stands out.

import pc from 'picocolors';
import type { Finding, Fleet, Group, Ranked, Standing } from '../fleet/schema.js';
import { formatCount, formatPercent, formatRate, formatShape } from '../units.js';
import { type Column, column, harmless, table, wrap } from './table.js';
import { type Colors, type Paint, simulatedNotice } from './view.js';

/** In the order of the sum. */
const statuses: Readonly<Record<Finding['status'], { words: string; paint: Paint }>> = {
  wrong: { words: 'wrong', paint: 'red' },
  slow: { words: 'slower than its like', paint: 'red' },
  lost: { words: 'lost', paint: 'red' },
  fast: { words: 'faster than its like', paint: 'yellow' },
};

export function fleetText(fleet: Fleet, { color, width }: { color: boolean; width: number }): string {
  const colors = pc.createColors(color);
  const notice = fleet.simulated ? wrap(simulatedNotice, width).map(colors.yellow) : [];
  const sections = [
    notice,
    ...fleet.groups.flatMap((group) => groupSections(group, colors, width)),
    legend(fleet, width).map(colors.dim),
    [totals(fleet, colors), ...notice],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function groupSections(group: Group, colors: Colors, width: number): string[][] {
  const { name, card, devices, rows, findings } = group;
  const heading = `${name}${card === null ? '' : ` (${card})`} · ${formatCount(devices.length, 'device')}`;
  const few = 'no row that three of them measured: nothing to hold them against each other by';
  return [
    [...wrap(heading, width, '  ').map(colors.bold), ...(rows.length === 0 ? wrap(few, width, '  ') : [])],
    rows.length === 0 ? [] : standings(devices, colors, width),
    rows.length === 0 ? [] : ranks(rows, colors, width),
    findings.flatMap((finding) => findingLines(finding, devices[finding.device], colors, width)),
  ];
}

/** The slowest first: whoever looks for one that is off reads no further. */
function standings(devices: readonly Standing[], colors: Colors, width: number): string[] {
  const columns: Column<Standing>[] = [
    column('device', 0, 'left', ({ id }) => id),
    column('host', 0, 'left', ({ host }) => host),
    column('bus', 2, 'left', ({ pciBusId }) => pciBusId),
    column('uuid', 3, 'left', ({ uuid }) => uuid),
    column('measured', 1, 'left', ({ startedAt }) => startedAt),
    column('rows', 1, 'right', ({ rows }) => String(rows)),
    column('of the median', 0, 'right', ({ standing }) => standing !== null && formatPercent(standing, 1)),
  ];
  const ordered = [...devices].sort((a, b) => (a.standing ?? 0) - (b.standing ?? 0));
  const { lines, note } = table(ordered, columns, () => ({ text: '' }), width);
  return [...lines, ...note.map(colors.dim)];
}

function ranks(rows: readonly Ranked[], colors: Colors, width: number): string[] {
  const rate = ({ unit, dtype }: Ranked, value: number) => formatRate(value, unit, dtype);
  const columns: Column<Ranked>[] = [
    column('row', 0, 'left', ({ id }) => id),
    column('by', 0, 'left', ({ provider }) => provider),
    column('shape', 1, 'left', ({ shape }) => formatShape(shape)),
    column('devices', 2, 'right', ({ devices }) => String(devices)),
    column('median', 0, 'right', (row) => rate(row, row.median)),
    column('deviation', 1, 'right', ({ mad, median }) => formatPercent(mad / median, 1)),
    column('lowest', 0, 'right', (row) => rate(row, row.lowest)),
    column('highest', 0, 'right', (row) => rate(row, row.highest)),
  ];
  const { lines, note } = table(rows, columns, () => ({ text: '' }), width);
  return [...lines, ...note.map(colors.dim)];
}

function findingLines(
  finding: Finding,
  device: Standing | undefined,
  colors: Colors,
  width: number,
): string[] {
  const { id, provider, shape, status, rate, change, unit, dtype, why } = finding;
  const { words, paint } = statuses[status];
  const who = `${device?.id} of ${device?.host}${device?.uuid ? ` (${device.uuid})` : ''}`;
  const figures =
    rate === null || change === null
      ? words
      : `${formatRate(rate, unit, dtype)}, ${formatPercent(Math.abs(change), 1)} ${change < 0 ? 'below' : 'above'} the median: ${words}`;
  const text = `${who}: ${id} by ${provider} · ${formatShape(shape)}: ${figures}${why === '' ? '' : `; ${why}`}`;
  return wrap(harmless(text), width, '  ').map((line, index) =>
    index === 0 ? line.replace(words, () => colors[paint](words)) : line,
  );
}

function legend({ tolerance, superseded }: Fleet, width: number): string[] {
  return [
    `slower or faster than its like: by more than ${Number((100 * tolerance).toPrecision(6))} % at the nearer end of the 95 % interval, and a modified z-score beyond 3.5.`,
    'deviation: median absolute deviation, relative to the median.',
    ...(superseded.length === 0
      ? []
      : [`${formatCount(superseded.length, 'device')} measured again in a later report, which counts.`]),
  ].flatMap((line) => wrap(line, width, '  '));
}

function totals({ groups, reports }: Fleet, colors: Colors): string {
  const findings = groups.flatMap((group) => group.findings);
  const counts = Object.entries(statuses).flatMap(([status, { words, paint }]) => {
    const count = findings.filter((finding) => finding.status === status).length;
    if (count > 0) return [colors[paint](`${count} ${words}`)];
    return status === 'slow' ? [`0 ${words}`] : [];
  });
  const devices = groups.reduce((sum, group) => sum + group.devices.length, 0);
  return [...counts, formatCount(devices, 'device'), formatCount(reports, 'report')].join(' · ');
}
