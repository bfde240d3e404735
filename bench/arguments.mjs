// What benches are told beside sizes: numbers above 0, and lists of names. A mistake is refused before anything runs, or a
// misspelt row would be nothing to check, and nothing wrong.

import { UsageError } from '../dist/index.js';

/** The value of `--name`, above 0. */
export function numberIn(name, text) {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new UsageError(`--${name} "${text}" is no number above 0`);
}

/** The value of `--name`, a whole number from 1. */
export function countIn(name, text) {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new UsageError(`--${name} "${text}" is not a whole number from 1`);
}

/** The counts of `--name`, between commas. */
export const countsIn = (name, text) => text.split(',').map((each) => countIn(name, each));

/** The names of `--name`, between commas, each one of `known`. */
export function namesIn(name, text, known) {
  const names = text.split(',');
  const stranger = names.find((each) => !known.includes(each));
  if (stranger === undefined) return names;
  throw new UsageError(`--${name} "${stranger}" is none of ${known.join(', ')}`);
}
