// Memory that is short: what a control group leaves, what buffers take of it, and how much a GEMM row asks for.

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

const execute = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'nameplate-host-memory-'));
const MiB = 2 ** 20;

const program = join(folder, 'memory');

beforeAll(async () => {
  const cpu = ['memory', 'cgroup', 'threads', 'caches', 'placement', 'processor'].map(
    (part) => `cpu/${part}`,
  );
  const parts = [...cpu, 'gemm', 'gemm_inputs', 'pruning', 'inputs', 'reference', 'sum_bits', 'verification'];
  const sources = ['memory', 'rotations'].map((part) => `test/cpu/${part}.cc`);
  sources.push(...parts.map((part) => `native/${part}.cc`));
  await execute('g++', ['-std=c++20', '-Wall', '-I', 'native', ...sources, '-pthread', '-o', program]);
}, 300_000);

describe('a control group', () => {
  let roots = 0;
  const granted = async (files: Record<string, string | number>) => {
    const root = join(folder, `root-${roots++}`);
    for (const [path, text] of Object.entries({ 'proc/self/cgroup': '0::/box', ...files })) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), `${text}\n`);
    }
    const { stdout } = await execute(program, [root]);
    const [limit, available] = (stdout.match(/\d+/g) ?? []).map((bytes) => Number(bytes) / MiB);
    return { limit, available };
  };
  const box = 'sys/fs/cgroup/box';

  it.each([
    ['memory.max', { [`${box}/memory.max`]: 512 * MiB }, { limit: 512, available: 412 }],
    [
      'memory.high, where that is lower',
      { [`${box}/memory.max`]: 512 * MiB, [`${box}/memory.high`]: 384 * MiB },
      { limit: 384, available: 284 },
    ],
    ['memory.high alone', { [`${box}/memory.high`]: 256 * MiB }, { limit: 256, available: 156 }],
    ['nothing', { [`${box}/memory.max`]: 'max', [`${box}/memory.high`]: 'max' }, { limit: 0, available: 0 }],
  ])('limits by %s', async (_, files, expected) => {
    expect(await granted({ [`${box}/memory.current`]: 100 * MiB, ...files })).toEqual(expected);
  });
});

describe('a buffer', () => {
  it('is seen by the next one, however small it is', async () => {
    const { stdout } = await execute(program, ['touched']);
    expect(Number(stdout)).toBeGreaterThan(60 * MiB);
  });

  it('goes back to the system when it is freed', async () => {
    const { stdout } = await execute(program, ['freed']);
    expect(Number(stdout)).toBeLessThan(16 * MiB);
  });

  // To ask the system takes longer than all the rest of it.
  it.skipIf(!existsSync('/proc/self/io'))(
    'that is small is not set against what the system has left',
    async () => {
      const { stdout } = await execute(program, ['asked']);
      expect(Number(stdout)).toBeLessThan(100);
    },
  );

  it('is aligned, a large one to a huge page, and the next one is another mapping', async () => {
    const { stdout } = await execute(program, ['placed']);
    expect(stdout).toBe('aligned to 64, 64, 4096, 2097152, 2097152; apart\n');
  });
});

describe('a GEMM row', () => {
  const row = async (cache: number, free: number, providers: number, side: number) => {
    const sizes = [cache * MiB, free * MiB, providers, side];
    const { stdout } = await execute(program, ['rotations', ...sizes.map(String)]);
    const fact = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(stdout)?.[1] ?? '';
    return { held: Number(fact('held')) / MiB, rotations: Number(fact('rotations')), note: fact('note') };
  };

  it('rotates over twice the cache where memory has room', async () => {
    expect(await row(32, 4096, 3, 1024)).toMatchObject({ rotations: 9, note: '' });
    expect(await row(1024, 65536, 3, 64)).toMatchObject({ rotations: 256, note: '' });
  });

  it.each([1024, 512, 256])(
    'of side %i takes half of the free memory at most, with all its providers, and says so',
    async (side) => {
      const { held, rotations, note } = await row(256, 256, 3, side);
      expect(held).toBeLessThan(128);
      expect(held).toBeGreaterThan(64);
      expect(rotations).toBeGreaterThanOrEqual(2);
      expect(note).toMatch(/rotate over \d+ sets and not \d+, for lack of free memory/);
    },
  );

  it('keeps two sets however little is free', async () => {
    expect(await row(256, 64, 3, 1024)).toMatchObject({ rotations: 2 });
  });
});
