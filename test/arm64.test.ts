// The addon's sources for arm64, by Debian's cross compiler, and the CPU's GEMM and memory rows run by an emulator: their NEON
// paths have no other machine here. Skipped where the compiler or the emulator is missing; .ci/run installs them.

import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';

const compiler = 'aarch64-linux-gnu-g++';
const emulator = 'qemu-aarch64-static';
const here = (program: string) => spawnSync(program, ['--version']).status === 0;

const execute = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'nameplate-arm64-'));
afterAll(() => rmSync(folder, { recursive: true }));

const options = ['-std=c++20', '-Wall', '-Wextra', '-Werror', '-I', 'native', '-pthread'];
const sourcesIn = (place: string) =>
  readdirSync(place)
    .filter((name) => name.endsWith('.cc'))
    .map((name) => join(place, name));

describe.skipIf(!here(compiler))('for arm64', () => {
  it('every source but the door, which needs Node, compiles without a warning', async () => {
    const all = ['native', 'native/cpu', 'native/cuda'].flatMap(sourcesIn);
    const sources = all.filter((path) => !/addon\.cc|api_check\.cc/.test(path));
    expect(sources.length).toBeGreaterThan(30);
    await execute(compiler, [...options, '-fsyntax-only', ...sources]);
  }, 300_000);

  it.skipIf(!here(emulator))(
    // All of them took the emulator six minutes; the other processors' tests multiply each.
    'the GEMM of the CPU is right at a seventh of the edges, in every format',
    async () => {
      const parts = /\/(tile.*|blocking|gemm|encode|memory|threads|caches|cgroup|placement|processor)\.cc$/;
      const sources = sourcesIn('native/cpu').filter((path) => parts.test(path));
      const program = join(folder, 'gemm');
      await execute(compiler, [...options, '-O2', '-static', 'test/cpu/gemm.cc', ...sources, '-o', program]);
      const { stdout } = await execute(emulator, [program, '7'], { timeout: 500_000 });
      expect(stdout).toMatch(/^baseline: \d{3} products right\n$/);
    },
    600_000,
  );

  it.skipIf(!here(emulator))(
    'the loops of the memory rows are right, with paired non-temporal stores',
    async () => {
      const parts = /\/(stream.*|threads|caches|cgroup|placement|processor)\.cc$/;
      const sources = sourcesIn('native/cpu').filter((path) => parts.test(path));
      const program = join(folder, 'stream');
      await execute(compiler, [
        ...options,
        '-O2',
        '-static',
        'test/cpu/stream.cc',
        ...sources,
        '-o',
        program,
      ]);
      const { stdout } = await execute(emulator, [program], { timeout: 100_000 });
      expect(stdout).toBe('NEON: 75 sizes right\nrefusals right\n');
    },
    200_000,
  );
});
