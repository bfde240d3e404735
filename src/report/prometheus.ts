// The report as gauges in Prometheus' text format, for a file that node_exporter's textfile collector reads.
//
// That collector drops a whole file for one timestamp in it, and Prometheus takes no series twice: when the figures were
// measured is a series of its own, and rows that no label tells apart are numbered.

import { exitCode, missedGpus } from '../judge/exitCode.js';
import { awaitsRecovery } from '../judge/recovery.js';
import type { Report, Row } from '../row.js';
import type { DeviceFacts, Unit } from '../schema.js';
import { exactShape } from '../units.js';
import { distinct } from './distinct.js';
import { harmless } from './table.js';
import { deviceIds } from './text.js';

type Value = number | boolean | null | undefined;
type Label = readonly [name: string, value: string];
type Metric<Of> = readonly [name: string, help: string, of: (it: Of) => Value];
/** What has a series in each metric of its kind that knows a value of it. */
type Labelled<Of> = { it: Of; labels: string };

/** A name has one unit, and it is the last of its words ("Metric and label naming", prometheus.io). */
const quantities: Readonly<Record<Unit, string>> = {
  'FLOP/s': 'rate_flop_per_second',
  'B/s': 'rate_bytes_per_second',
  'op/s': 'rate_operations_per_second',
  s: 'latency_seconds',
};

/** A CPU's figure is arithmetic, and no document. */
type Measured = { row: Row; derived: boolean };
const rowMetrics: readonly Metric<Measured>[] = [
  ...Object.entries(quantities).flatMap(([unit, quantity]): Metric<Measured>[] => {
    const figure = ({ row }: Measured) => (row.unit === unit ? row.documented?.value : null);
    return [
      [quantity, 'Median of the sustained phase.', ({ row }) => (row.unit === unit ? row.rate : null)],
      [`documented_${quantity}`, 'What a document says of the whole card.', document(figure)],
      [`derived_${quantity}`, 'What arithmetic says of the cores of a CPU.', arithmetic(figure)],
    ];
  }),
  ['of_spec_ratio', 'Measured over documented.', document(({ row }) => row.attribution?.ofSpec)],
  ['of_derived_ratio', 'Measured over derived, of a CPU.', arithmetic(({ row }) => row.attribution?.ofSpec)],
  [
    'of_clock_ratio',
    'Measured over what the SMs present can do at the clock held meanwhile.',
    ({ row }) => row.attribution?.ofClock,
  ],
  [
    'of_ceiling_ratio',
    'Measured over the most that arithmetic on registers alone reached meanwhile, of a CPU.',
    ({ row }) => row.ceiling?.fraction,
  ],
  ['clock_hertz', 'Median of the clock meanwhile.', ({ row }) => row.conditions?.clockHz?.median],
  [
    'power_watts',
    'Median of the power of the whole board meanwhile.',
    ({ row }) => row.conditions?.powerWatts?.median,
  ],
];

/** What a driver does not tell has no series, and is not said to be well. */
const deviceMetrics: readonly Metric<DeviceFacts>[] = [
  [
    'memory_past_repair',
    'Whether a row of the memory failed and could not be replaced.',
    ({ memoryRepair }) => memoryRepair?.failed,
  ],
  [
    'recovery_awaited',
    'Whether the driver wants a reset or a reboot for a fault that it has seen.',
    (device) => (device.recoveryAction === null ? null : awaitsRecovery(device)),
  ],
];

const reportMetrics: readonly Metric<Report>[] = [
  [
    'report_start_time_seconds',
    'When the run began, since the epoch.',
    ({ startedAt }) => Date.parse(startedAt) / 1000,
  ],
  ['report_duration_seconds', 'How long the run took.', ({ seconds }) => seconds],
  ['report_complete', 'Whether the run came to its end.', ({ state }) => state === 'complete'],
  [
    'report_gpus_missed',
    'How much did not answer where all GPUs were to be measured.',
    (report) => missedGpus(report).length,
  ],
  [
    'report_exit_code',
    'Exit code of the run without --strict; 0 where nothing was found wrong.',
    (report) => exitCode(report, { strict: false, interrupted: report.state !== 'complete' }),
  ],
];

function document(of: Metric<Measured>[2]): Metric<Measured>[2] {
  return (it) => (it.derived ? null : of(it));
}

function arithmetic(of: Metric<Measured>[2]): Metric<Measured>[2] {
  return (it) => (it.derived ? of(it) : null);
}

export function renderPrometheus(report: Report): string {
  const { rows, devices, host } = report;
  const unique = distinct();
  const named = (id: string) => devices.find((device) => device.id === id);
  const simulated: Label = ['simulated', String(report.simulated)];
  const ofDevice = (id: string): Label[] => {
    const { name = '', uuid } = named(id) ?? {};
    return [simulated, ['name', name], ['uuid', uuid ?? ''], ['device', id]];
  };
  const measured = rows.map((row): Labelled<Measured> => {
    const { id, provider, shape, device } = row;
    const own: Label[] = [
      ['row', id],
      ['provider', provider],
      ['shape', exactShape(shape)],
    ];
    const derived = named(device)?.backend === 'cpu';
    return { it: { row, derived }, labels: identity([...ofDevice(device), ...own], unique) };
  });
  const verdicts = measured.map(({ it, labels }) => ({
    it,
    labels: `${labels},status="${it.row.verdict.status}"`,
  }));
  const present = deviceIds(report).flatMap((id): Labelled<DeviceFacts>[] => {
    const it = named(id);
    return it === undefined ? [] : [{ it, labels: identity(ofDevice(id), unique) }];
  });
  // Files of several runs may lie in one folder, each of other devices.
  const ids = devices.map(({ id }) => id).join(' ');
  const whole = identity([simulated, ['hostname', host.hostname], ['devices', ids]], unique);
  return [
    ...rowMetrics.map((metric) => lines(metric, measured)),
    lines(['verdict', 'The verdict of a row stands in its status label.', () => 1], verdicts),
    ...deviceMetrics.map((metric) => lines(metric, present)),
    ...reportMetrics.map((metric) => lines(metric, [{ it: report, labels: whole }])),
  ].join('');
}

/** A metric with its series together, as the format wants them; nothing where it has none. */
function lines<Of>([name, help, of]: Metric<Of>, all: readonly Labelled<Of>[]): string {
  const series = all.flatMap(({ it, labels }) => {
    const value = of(it);
    const known = typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
    return known ? [`nameplate_${name}{${labels}} ${Number(value)}\n`] : [];
  });
  if (series.length === 0) return '';
  return `# HELP nameplate_${name} ${help}\n# TYPE nameplate_${name} gauge\n${series.join('')}`;
}

/** Labels that no other series has: the last of them bears the number. A line break is a blank by then. */
function identity(labels: readonly Label[], unique: (name: string) => string): string {
  const escaped = (text: string) => harmless(text).replace(/[\\"]/g, '\\$&');
  return `${unique(labels.map(([name, value]) => `${name}="${escaped(value)}`).join('",'))}"`;
}
