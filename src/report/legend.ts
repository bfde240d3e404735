// What a reader must know of the columns and rows that are shown, and of those only.

import type { Report, Row } from '../row.js';
import { formatSumBits } from '../units.js';

/** A sentence for each thing that is shown. */
export function legend(report: Report): string[] {
  const { rows, devices } = report;
  const cpus = devices.filter(({ backend }) => backend === 'cpu');
  const onCpu = ({ device }: Row) => cpus.some(({ id }) => id === device);
  const derivations = new Map(
    rows
      .filter(onCpu)
      .flatMap(({ documented }) =>
        documented === null ? [] : [[documented.resource, documented.derivation]],
      ),
  );
  const underived = rows.some((row) => onCpu(row) && row.ceiling !== null && row.documented === null);
  const ids = (wanted: Row[]) => [...new Set(wanted.map(({ id }) => id))].join(', ');
  const moved = rows.filter(({ unit, work }) => unit === 'B/s' && work !== null);
  const counts = new Set(moved.map(({ work }) => work?.bytesCounted));
  const operations = new Set(rows.flatMap(({ work }) => work?.flopCounted || []));
  const sums = rows.filter((row) => !onCpu(row) && row.verification?.sumBits != null);
  const widths = new Set(sums.map(({ verification }) => verification?.sumBits ?? 0));
  const emulated = ids(rows.filter(({ kernel }) => kernel?.emulated === true));
  return [
    rows.some(({ rate }) => rate !== null) &&
      'measured: median of the sustained phase; the report file keeps the burst figure too.',
    rows.some((row) => row.attribution !== null && !onCpu(row)) &&
      'of spec: measured / documented; documented figures are dense unless the row says sparse.',
    rows.some(({ attribution }) => attribution?.ofClock != null) &&
      'of clock: measured / what the SMs present can do at the clock held meanwhile.',
    derivations.size > 0 &&
      `of derived: measured / arithmetic, not a document: ${[...derivations].map((pair) => pair.join(' ')).join(', ')}.`,
    rows.some(({ ceiling }) => ceiling !== null) &&
      'of ceiling: measured / the most that arithmetic on registers alone reached meanwhile, on the same threads.',
    ...(underived ? cpus.map(({ cardReason }) => `${cardReason}.`) : []),
    rows.some(({ clocks }) => clocks !== null) &&
      'clocks: a latency in clocks of the device, at the clock held meanwhile.',
    report.curves.some(({ levels }) => levels.length > 0) &&
      'levels: sizes over which the figure stays; the largest of a level is where its cache is full. Their rows are in the report file.',
    ...[...counts].map(
      (words) => `bytes of ${ids(moved.filter(({ work }) => work?.bytesCounted === words))}: ${words}.`,
    ),
    ...[...operations].map(
      (words) => `operations of ${ids(rows.filter(({ work }) => work?.flopCounted === words))}: ${words}.`,
    ),
    ...[...widths].map(
      (bits) =>
        `sums of ${ids(sums.filter(({ verification }) => verification?.sumBits === bits))}: ${formatSumBits(bits)} below the largest term are kept, as a probe showed.`,
    ),
    emulated !== '' && `emulated, the device lacking the format or the instruction: ${emulated}.`,
    rows.some(({ documented }) => documented?.recalled === true) &&
      '* recalled: no source of this figure could be opened.',
  ].filter((note) => typeof note === 'string');
}
