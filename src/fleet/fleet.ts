// Many devices of one card, each held against the others: whatever a document says, of eight alike one that is slower than
// seven has a reason of its own.
//
// The rule: a row of a device stands out where it differs from the median of its like by more than the tolerance, even at
// the nearer end of its 95 % interval, AND its modified z-score is beyond 3.5 (Iglewicz and Hoaglin 1993, "How to Detect and
// Handle Outliers"): the median and the median absolute deviation are not moved by the very device that they are to find.
// Why both: of few devices the deviation is small by chance, and of many that scatter, 3 % is nothing.
//
// Why 3 %: healthy boards of one card hold clocks apart by a percent or two under their power limit.

import { figure, reason, wrong } from '../compare/outcome.js';
import { alike, type Device } from '../compare/pairs.js';
import { mad, median } from '../judge/stats.js';
import type { Report, Row } from '../row.js';
import { UsageError } from '../usage.js';
import type { Finding, Fleet, Group, Member, Ranked } from './schema.js';

export const defaultFleetTolerance = 0.03;
const mostScore = 3.5;
/** Of two, nothing tells which is the one that is off. */
const fewestDevices = 3;

/** A device with the rows that one report has of it. */
type Measured = { member: Member; device: Device; rows: readonly Row[] };

/**
 * Ranks the devices of one or several reports among their like. Of a board that several reports have, the latest counts.
 *
 * @param tolerance relative, from 0 to below 1.
 * @throws UsageError where measured and simulated reports are mixed.
 */
export function fleet(reports: readonly Report[], tolerance = defaultFleetTolerance): Fleet {
  if (!(tolerance >= 0 && tolerance < 1))
    throw new RangeError(`a tolerance is a share below 1, not ${tolerance}`);
  const simulated = reports.some((report) => report.simulated);
  if (simulated && reports.some((report) => !report.simulated))
    throw new UsageError('cannot rank together what is simulated and what is measured');
  const { latest, superseded } = newest(reports.flatMap(devicesOf));
  return {
    fleetVersion: 1,
    tolerance,
    simulated,
    reports: reports.length,
    groups: alikes(latest).map((group) => rank(group, tolerance)),
    superseded,
  };
}

export type FleetExit = 0 | 1 | 3 | 4;

/** 4 a wrong result, 1 a device is slower than its like or lost a row, 3 no three devices have a row in common, else 0. */
export function fleetExit({ groups }: Fleet): FleetExit {
  const found = new Set(groups.flatMap(({ findings }) => findings.map(({ status }) => status)));
  if (found.has('wrong')) return 4;
  if (found.has('slow') || found.has('lost')) return 1;
  return groups.some(({ rows }) => rows.length > 0) ? 0 : 3;
}

function devicesOf({ devices, rows, host, startedAt }: Report): Measured[] {
  return devices
    .map((device) => ({
      member: {
        host: host.hostname,
        id: device.id,
        uuid: device.uuid,
        pciBusId: device.pciBusId,
        startedAt,
      },
      device,
      rows: rows.filter((row) => row.device === device.id),
    }))
    .filter(({ rows }) => rows.length > 0);
}

/** A board is known by its uuid; a processor by the name of its machine. */
function newest(all: readonly Measured[]) {
  const boards = new Map<string, Measured[]>();
  for (const one of all) {
    const { uuid, host, id } = one.member;
    const key = uuid ?? `${host} ${id}`;
    boards.set(key, [...(boards.get(key) ?? []), one]);
  }
  const ordered = [...boards.values()].map((reports) =>
    reports.sort((a, b) => Date.parse(b.member.startedAt) - Date.parse(a.member.startedAt)),
  );
  return {
    latest: ordered.flatMap(([first]) => (first === undefined ? [] : [first])),
    superseded: ordered.flatMap(([, ...others]) => others.map(({ member }) => member)),
  };
}

function alikes(all: readonly Measured[]): Measured[][] {
  const groups: Measured[][] = [];
  for (const one of all) {
    const group = groups.find(([first]) => first !== undefined && alike(first.device, one.device));
    if (group === undefined) groups.push([one]);
    else group.push(one);
  }
  return groups;
}

function keyOf(row: Row): string {
  const { id, provider, data, unit } = row;
  return JSON.stringify([id, provider, sizeOf(row), unit === 'FLOP/s' ? data : null]);
}

/** Of copies to a peer, only the bytes: which peer is another one for each device. */
const sizeOf = ({ shape }: Row): Row['shape'] => ('peer' in shape ? { ...shape, peer: null } : shape);

function rank(group: readonly Measured[], tolerance: number): Group {
  const lines = new Map<string, { row: Row; device: number }[]>();
  group.forEach(({ rows }, device) => {
    for (const row of rows) {
      const key = keyOf(row);
      lines.set(key, [...(lines.get(key) ?? []), { row, device }]);
    }
  });
  const ranked: Ranked[] = [];
  const findings: Finding[] = [];
  const ratios = group.map((): number[] => []);
  for (const line of lines.values()) {
    const sound = line.flatMap(({ row, device }) => {
      const found = figure(row);
      return typeof found === 'string' || wrong(row) ? [] : [{ row, device, ...found }];
    });
    for (const { row, device } of line) {
      if (wrong(row)) findings.push(unranked(row, device, 'wrong'));
      else if (row.verdict.status === 'failed' && sound.length >= fewestDevices)
        findings.push(unranked(row, device, 'lost'));
    }
    const [first] = sound;
    const devices = new Set(sound.map(({ device }) => device)).size;
    if (first === undefined || devices < fewestDevices) continue;
    const rates = sound.map(({ rate }) => rate);
    const like = { median: median(rates), mad: mad(rates) };
    const extremes = { lowest: Math.min(...rates), highest: Math.max(...rates) };
    ranked.push({ ...named(first.row), shape: sizeOf(first.row), devices, ...like, ...extremes });
    for (const one of sound) {
      const ratio = one.rate / like.median;
      ratios[one.device]?.push(one.row.unit === 's' ? 1 / ratio : ratio);
      const finding = outlier(one, like, tolerance);
      if (finding !== null) findings.push(finding);
    }
  }
  const [first] = group;
  return {
    name: first?.device.name ?? '',
    card: first?.device.card ?? null,
    devices: group.map(({ member }, device) => {
      const own = ratios[device] ?? [];
      return { ...member, rows: own.length, standing: own.length === 0 ? null : median(own) };
    }),
    rows: ranked,
    findings: findings.sort((a, b) => gravity(a) - gravity(b)),
  };
}

/** Of what is equally grave, what is furthest off first. */
const gravity = ({ status, change }: Finding) =>
  ['wrong', 'slow', 'lost', 'fast'].indexOf(status) - Math.min(0.99, Math.abs(change ?? 0));

const named = ({ id, provider, shape, dtype, unit, data }: Row) => ({
  id,
  provider,
  shape,
  dtype,
  unit,
  data,
});

const unranked = (row: Row, device: number, status: 'wrong' | 'lost'): Finding => ({
  ...named(row),
  device,
  status,
  rate: row.rate,
  change: null,
  score: null,
  why: reason(row),
});

type Sound = { row: Row; device: number; rate: number; low: number; high: number };

function outlier(
  { row, device, rate, low, high }: Sound,
  like: { median: number; mad: number },
  tolerance: number,
): Finding | null {
  const change = rate / like.median - 1;
  const nearer = change < 0 ? high : low;
  const beyond =
    Math.abs(nearer / like.median - 1) > tolerance && Math.sign(nearer - like.median) === Math.sign(change);
  const score = like.mad === 0 ? null : (0.6745 * (rate - like.median)) / like.mad;
  if (!beyond || (score !== null && Math.abs(score) <= mostScore)) return null;
  const slower = row.unit === 's' ? change > 0 : change < 0;
  const { verdict, attribution } = row;
  const why = verdict.status === 'pass' ? (attribution?.summary ?? '') : reason(row);
  return { ...named(row), device, status: slower ? 'slow' : 'fast', rate, change, score, why };
}
