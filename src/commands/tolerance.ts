// A relative tolerance, as a person types it: in percent.

import { UsageError } from '../usage.js';

export function parseTolerance(text: string): number {
  const percent = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (percent < 100) return percent / 100;
  throw new UsageError(`--tolerance "${text}" is not a percentage from 0 to below 100; write 1 or 0.5`);
}
