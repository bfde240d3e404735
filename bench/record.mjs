// Where a bench leaves what it found: one file per day and machine, `KIND-NAME-DAY.json`.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const slug = (name) =>
  name
    .replace(/^NVIDIA /, '')
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .toLowerCase();

/** Writes `found` with the day and the version of Node, over what this day left before, and gives the file's path. */
export function record(folder, kind, name, found) {
  const date = new Date().toISOString().slice(0, 10);
  const file = join(folder, `${kind}-${slug(name)}-${date}.json`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `${JSON.stringify({ date, node: process.version, ...found }, null, 1)}\n`);
  return file;
}
