// What every command does with its text: whole, to stdout, in color only where a terminal reads it.

import type { View } from '../report/index.js';

export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** How stdout is read. NO_COLOR, FORCE_COLOR and TERM=dumb are Node's to interpret. */
export function view(file: string | null = null): View {
  const { isTTY, columns } = process.stdout;
  return { color: isTTY === true && process.stdout.hasColors(), width: columns || widest, file };
}

/** A pipe has no width and some terminals report 0; a log is read on a wide screen. */
const widest = 160;
