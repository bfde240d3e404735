// Two reports of one card: which row of one is which of the other, and what became of it. The rule is outcome.ts.

import type { Report, Row } from '../row.js';
import { UsageError } from '../usage.js';
import { deviceChanges, runChanges } from './changes.js';
import type { Alone, Comparison, Outcome } from './comparison.js';
import { defaultTolerance, figure, incomparable, outcome, reason, wrong } from './outcome.js';
import { type Device, type Pairing, pairDevices, pairPeers, processor } from './pairs.js';

/**
 * Compares two reports. Rows are the same by id, provider, shape and device; what cannot be compared is a row with its
 * reason.
 *
 * @param tolerance relative, from 0: see outcome.ts.
 * @throws UsageError where the whole comparison would be of unlike things: other cards, other data, or a simulation.
 */
export function compare(before: Report, after: Report, tolerance = defaultTolerance): Comparison {
  if (!(tolerance >= 0 && tolerance < 1))
    throw new RangeError(`a tolerance is a share below 1, not ${tolerance}`);
  const pairing = pairDevices(before.devices, after.devices);
  refuse(before, after, pairing);
  return {
    comparisonVersion: 1,
    tolerance,
    simulated: before.simulated,
    before: side(before),
    after: side(after),
    changes: runChanges(before, after),
    devices: pairing.pairs.map(({ before: old, after: now, specimen }) => ({
      name: now.name,
      before: old.id,
      after: now.id,
      specimen,
      changes: deviceChanges(old, now),
    })),
    ...compareRows(before, after, pairing, tolerance),
  };
}

export type ComparisonExit = 0 | 1 | 3 | 4;

/**
 * 4 a wrong result in the new report, which is worse than any slowness; 1 a row is slower or lost; 3 nothing could be
 * compared; 0 otherwise, improvements included. A lost row is a 1 and not the 3 of a run: the comparison itself was
 * possible, and what it found is a loss. Rows that NEW did not come to say nothing of the card, and change no code.
 */
export function comparisonExit({ rows }: Comparison): ComparisonExit {
  const statuses = new Set(rows.map(({ outcome }) => outcome.status));
  if (statuses.has('wrong')) return 4;
  if (statuses.has('slower') || statuses.has('lost')) return 1;
  return statuses.has('unchanged') || statuses.has('faster') ? 0 : 3;
}

function side({ startedAt, host, tool, state }: Report): Comparison['before'] {
  return { startedAt, host: host.hostname, version: tool.build.version, state };
}

function refuse(before: Report, after: Report, left: Pairing): void {
  const kind = ({ simulated }: Report) => (simulated ? 'simulated' : 'measured');
  if (before.simulated !== after.simulated) {
    throw new UsageError(`cannot compare: OLD is ${kind(before)} and NEW is ${kind(after)}`);
  }
  if (before.options.data !== after.options.data) {
    throw new UsageError(
      `cannot compare: OLD was measured with --data ${before.options.data} and NEW with --data ${after.options.data}; measure again with the same`,
    );
  }
  // One side alone may have more devices, and their rows say so, as lost where NEW asked for as many. Both sides with
  // others are two machines.
  if ((left.before.length > 0 && left.after.length > 0) || left.pairs.length === 0) {
    const [old, now] = left.pairs.length === 0 ? [before.devices, after.devices] : [left.before, left.after];
    throw new UsageError(`cannot compare different devices: OLD is of ${names(old)}, NEW of ${names(now)}`);
  }
}

function names(devices: readonly Device[]): string {
  const words = devices.map((device) => {
    const { name, card, backend, mig, multiprocessors, threads } = device;
    const size =
      backend === 'cpu'
        ? `, ${processor(device)}, ${multiprocessors} cores, ${threads} threads`
        : mig
          ? `, MIG slice of ${multiprocessors} SMs`
          : '';
    return `${name}${card === null ? '' : ` (${card})`}${size}`;
  });
  return words.length === 0 ? 'no device' : [...new Set(words)].join(' and ');
}

function compareRows(
  before: Report,
  after: Report,
  pairing: Pairing,
  tolerance: number,
): Pick<Comparison, 'rows' | 'unreached'> {
  const { pairs } = pairing;
  const counterpart = new Map(pairs.map((pair) => [pair.before.id, pair.after.id]));
  const paired = new Map(pairs.map((pair) => [pair.after.id, pair.before.id]));
  // Drivers number devices anew.
  const peers = pairPeers(before.rows, after.rows, pairing);
  const renamed = (row: Row) => peers.get(peerOf(row) ?? '') ?? null;
  const peerIsGone = (row: Row) => peerOf(row) !== null && renamed(row) === null;
  const samePeer = (row: Row, other: Row) => !peerIsGone(row) && renamed(row) === peerOf(other);
  const onlyNew = [...after.rows];
  const matches = before.rows.map((row) => {
    const device = counterpart.get(row.device);
    const index = onlyNew.findIndex(
      (other) =>
        other.device === device && sameRow(row, other) && sameShape(row, other) && samePeer(row, other),
    );
    return { row, match: index < 0 ? null : (onlyNew.splice(index, 1)[0] ?? null) };
  });
  const onlyOld = matches.flatMap(({ row, match }) => (match === null ? [row] : []));
  const fromOld = (row: Row) =>
    whyMissing(row, peerIsGone(row) ? undefined : counterpart.get(row.device), after, onlyNew);
  const fromNew = (row: Row) => whyMissing(row, paired.get(row.device), before, onlyOld);
  const sameAsked = JSON.stringify(before.options.devices) === JSON.stringify(after.options.devices);

  const olds = matches.map(({ row, match }) => {
    if (match !== null) return entry(row, outcome(row, match, tolerance), alone(row, match));
    const old = figure(row);
    const why = fromOld(row);
    if (why === 'no such device' && sameAsked && typeof old !== 'string' && !wrong(row)) {
      const gone = 'NEW asked for the same devices and has no such one';
      return entry(row, { status: 'lost', before: old, why: gone });
    }
    return entry(row, incomparable(missingWords('OLD', 'NEW', why, after)));
  });
  const news = onlyNew.map((row) =>
    wrong(row)
      ? entry(row, { status: 'wrong', why: reason(row) })
      : entry(row, incomparable(missingWords('NEW', 'OLD', fromNew(row), before))),
  );
  const unreached = onlyOld.filter(
    (row) => row.rate !== null && !wrong(row) && fromOld(row) === 'unreached',
  ).length;
  return { rows: [...olds, ...news], unreached };
}

type Missing = 'no such device' | 'another shape' | 'unreached' | 'not asked for';

/**
 * Why a row has no counterpart `there`, on `device`. A run that ended early has a sweep in some of its sizes, and that is no
 * other shape: there it counts only among the rows that stand alone as well, `rest`.
 */
function whyMissing(
  row: Row,
  device: string | undefined,
  { state, rows }: Report,
  rest: readonly Row[],
): Missing {
  if (device === undefined) return 'no such device';
  const candidates = state === 'complete' ? rows : rest;
  const reshaped = candidates.some((other) => other.device === device && sameRow(row, other));
  if (reshaped) return 'another shape';
  return state === 'complete' ? 'not asked for' : 'unreached';
}

function entry(
  { id, provider, shape, dtype, unit, device }: Row,
  outcome: Outcome,
  alone: Alone = null,
): Comparison['rows'][number] {
  return { id, provider, shape, dtype, unit, device, alone, outcome };
}

function alone({ priorFailure: before }: Row, { priorFailure: after }: Row): Alone {
  if (before !== null && after === null) return { report: 'before', ...before };
  return before === null && after !== null ? { report: 'after', ...after } : null;
}

function missingWords(here: string, there: string, why: Missing, { state }: Report): string {
  const because: Record<Missing, string> = {
    'no such device': `: ${there} has no such device`,
    'another shape': `: ${there} has this row in another shape`,
    unreached: `: ${there} is ${state}`,
    'not asked for': '',
  };
  return `only in ${here}${because[why]}`;
}

const sameRow = (a: Row, b: Row) => a.id === b.id && a.provider === b.provider;

const peerOf = ({ shape }: Row): string | null => ('peer' in shape ? shape.peer : null);

function sameShape({ shape: a }: Row, { shape: b }: Row): boolean {
  if ('bytes' in a) return 'bytes' in b && a.bytes === b.bytes;
  if ('kernels' in a) return 'kernels' in b && a.kernels === b.kernels;
  if ('steps' in a) return 'steps' in b && a.steps === b.steps;
  return 'm' in b && a.m === b.m && a.n === b.n && a.k === b.k;
}
