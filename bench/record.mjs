// Where a bench leaves what it found: one file per day and machine, `KIND-NAME-DAY.json`.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const today = () => new Date().toISOString().slice(0, 10);
const slug = (name) =>
  name
    .replace(/^NVIDIA /, '')
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .toLowerCase();

/** Where such a file lies; makes its folder. */
export function recordFile(folder, kind, name) {
  mkdirSync(folder, { recursive: true });
  return join(folder, `${kind}-${slug(name)}-${today()}.json`);
}

/** Writes `found` with the day and the version of Node, over what this day left before, and gives the file's path. */
export function record(folder, kind, name, found) {
  const file = recordFile(folder, kind, name);
  writeFileSync(file, `${JSON.stringify({ date: today(), node: process.version, ...found }, null, 1)}\n`);
  return file;
}
