// Imports go down, never up: the rule that keeps the rooms apart, read from the import lines themselves.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Floors from the ground up. A file may import from its own floor and below, and a pure floor nothing of the outer world. */
const floors: readonly (readonly RegExp[])[] = [
  [/^src\/(host|schema|options|curve|row)\.ts$/, /^src\/schema\//, /^src\/(soak|selftest)\/schema\.ts$/],
  [/^src\/(units|usage|error)\.ts$/, /^src\/process\/message\.ts$/, /^src\/specs\//],
  [/^src\/judge\//],
  [/^src\/(bytes|native|plan|levels|sizes|lock)\.ts$/, /^src\/(compare|fleet|report)\//],
  [/^src\/(buffer|device|matrix|module|save|survey|rows)\.ts$/, /^src\/process\//],
  [/^src\/run\.ts$/, /^src\/(soak|selftest)\//],
  [/^src\/index\.ts$/],
  [/^src\/(commands\/|(progress|interrupt)\.ts)/],
  [/^src\/(cli|program)\.ts$/],
];
const files = (folder: string, ending: RegExp): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => ending.test(path));
const floorOf = (path: string): number => floors.findIndex((rooms) => rooms.some((room) => room.test(path)));
const imports = (path: string): string[] =>
  [...readFileSync(path, 'utf8').matchAll(/^(?:import|export)[^;]*?from '([^']+)'/gms)].flatMap(
    (match) => match[1] ?? [],
  );

describe('the floors of src', () => {
  const sources = files('src', /\.ts$/);

  it('hold every file', () => {
    expect(sources.filter((path) => floorOf(path) < 0)).toEqual([]);
  });

  it('are never climbed', () => {
    const climbs = sources.flatMap((path) =>
      imports(path)
        .filter((target) => target.startsWith('.'))
        .map((target) => normalize(join(dirname(path), target)).replace(/\.js$/, '.ts'))
        .filter((target) => floorOf(target) > floorOf(path))
        .map((target) => `${path} imports ${target}`),
    );
    expect(climbs).toEqual([]);
  });

  it('keep clock, disk and addon out of the judging rooms', () => {
    const pure = sources.filter((path) =>
      /^src\/(schema|row|units|(schema|judge|compare|fleet|report|specs)\/.*)\.ts$/.test(path),
    );
    const outside = pure.flatMap((path) =>
      imports(path)
        .filter((target) => target.startsWith('node:') || target.endsWith('/native.js'))
        .map((target) => `${path} imports ${target}`),
    );
    expect(outside).toEqual([]);
  });
});

describe('native', () => {
  const including = (header: RegExp): string[] =>
    files('native', /\.(cc|h|cu)$/).filter((path) => header.test(readFileSync(path, 'utf8')));

  it('knows JavaScript in the door only', () => {
    expect(
      including(/#include <napi\.h>/).filter((path) => !/^native\/(door\/|addon\.cc)/.test(path)),
    ).toEqual([]);
  });

  it('includes no CUDA header in host code', () => {
    const cuda = including(/#include [<"](cuda|nvml|cublas)[\w]*\.h[>"]/);
    expect(cuda.filter((path) => !/^native\/(kernels\/|cuda\/api_check\.cc)/.test(path))).toEqual([]);
  });

  it('hears of no documented figure', () => {
    expect(
      including(/\b(TFLOPS|datasheet)\b/i).filter((path) => !path.startsWith('native/kernels/')),
    ).toEqual([]);
  });
});
