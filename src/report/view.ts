// How the reader reads, and what colour says what to one who reads at a terminal: the same in every text.

import type pc from 'picocolors';
import { type Status, Verdict } from '../row.js';

/** How the reader reads. Formats for machines ignore it. */
export type View = {
  /** Whether terminal colors may be used. */
  color: boolean;
  /** Columns of the terminal. */
  width: number;
  /** Where the report was saved; null when it was not. */
  file: string | null;
};

export type Colors = ReturnType<typeof pc.createColors>;
export type Paint = 'green' | 'red' | 'yellow' | 'dim';

export const statusColor: Readonly<Record<Status, Paint>> = {
  pass: 'green',
  low: 'red',
  inconclusive: 'yellow',
  throttled: 'yellow',
  implausible: 'red',
  corrupted: 'red',
  unjudged: 'dim',
  unsupported: 'dim',
  failed: 'red',
};

/** In the order in which they are counted, which is the schema's. */
export const statuses: readonly Status[] = Verdict.options.map(({ shape }) => shape.status.value);

export const simulatedNotice = 'SIMULATED: a stand-in for tests answered; no figure here is a measurement.';
