// What the slices of a phase add up to.

import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';

const program = join(mkdtempSync(join(tmpdir(), 'nameplate-conditions-')), 'merge');

beforeAll(() => {
  const flags = ['-std=c++20', '-O1', '-Wall', '-Wextra', '-Werror', '-I', 'native'];
  const sources = ['test/conditions/merge.cc', 'native/conditions.cc'];
  const { status, stderr } = spawnSync('g++', [...flags, ...sources, '-o', program], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

/** Slices of `slice` seconds at 200 W, `pause` apart, as a counter that ticks ten times a second, once at `tick`, tells. */
function merged({ slices, slice, pause, tick }: Record<'slices' | 'slice' | 'pause' | 'tick', number>) {
  const counter = (time: number) => 20 * Math.floor((time - tick) / 0.1 + 1);
  const input = Array.from({ length: slices }, (_, index) => {
    const begin = index * (slice + pause);
    return [begin, begin + slice, counter(begin), counter(begin + slice)].join(' ');
  }).join('\n');
  const [seconds = 0, joules = 0] = spawnSync(program, { input, encoding: 'utf8' })
    .stdout.split(' ')
    .map(Number);
  return { seconds, joules };
}

test('slices that follow at once are one stretch: no tick of the energy counter is lost between them', () => {
  for (let tick = 0.001; tick < 0.1; tick += 0.005) {
    const { seconds, joules } = merged({ slices: 8, slice: 0.14, pause: 0.01, tick });
    expect(seconds).toBeCloseTo(8 * 0.14 + 7 * 0.01, 5);
    // A tick is 20 J.
    expect(Math.abs(joules - 200 * seconds), `a tick at ${tick} s`).toBeLessThanOrEqual(20);
  }
});

test('what was drawn in the turn of another provider is not counted', () => {
  expect(merged({ slices: 4, slice: 0.2, pause: 0.25, tick: 0.05 })).toEqual({ seconds: 0.8, joules: 140 });
});

test('a slice that lacks its energy leaves the sum absent, and does not pass for one that drew none', () => {
  const answer = (input: string) => spawnSync(program, { input, encoding: 'utf8' }).stdout.trim();
  expect(answer('0 1 0 200\n2 3 400 600')).toBe('2 400.000000');
  expect(answer('0 1 0 200\n2 3 -1 600')).toBe('2 absent');
  expect(answer('0 1 -1 200\n1 2 200 400\n2 3 400 600')).toBe('3 absent');
});
