// The memory rows of the CPU: every loop on every instruction set that is here, and the command with sizes that it cannot
// honour, with faults, and on a system that gives no huge pages.

import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { loadNative } from '../src/index.js';
import { parseReport } from '../src/report/index.js';
import type { Fault, ProviderResult } from '../src/schema.js';
import { cli, nameplate } from './command.js';

vi.setConfig({ testTimeout: 120_000 });

const folder = mkdtempSync(join(tmpdir(), 'nameplate-memory-'));
afterAll(() => rmSync(folder, { recursive: true }));
const execute = promisify(execFile);

/** Each row with the arrays that it moves. */
const arraysOf: Record<string, number> = {
  'memory.read': 1,
  'memory.write': 1,
  'memory.copy': 2,
  'memory.scale': 2,
  'memory.add': 3,
  'memory.triad': 3,
  'memory.dot': 2,
};
const operations = Object.keys(arraysOf);
const facts = (await loadNative().inventory()).devices.find(({ backend }) => backend === 'cpu');
/** The smallest size of each of so many arrays that no cache holds. */
const least = (arrays: number) => Math.ceil((4 * (facts?.l2Bytes || 2 ** 26)) / arrays / 64) * 64;
const bytes = least(1);

const run = ['run', '--device', 'cpu', '--quick', '--wait', '--json', '-'];

describe('the loops of the memory rows', () => {
  it('are right at every edge on every instruction set that is here, and refuse what they cannot do', async () => {
    const program = join(folder, 'stream');
    const parts = /^(stream.*|threads|caches|placement|processor|cgroup)\.cc$/;
    const sources = readdirSync('native/cpu').filter((name) => parts.test(name));
    await execute('g++', [
      ...[
        '-std=c++20',
        '-O2',
        '-Wall',
        '-Wextra',
        '-Werror',
        '-fsanitize=undefined',
        '-fno-sanitize-recover',
      ],
      ...['-I', 'native', '-pthread', 'test/cpu/stream.cc', '-o', program],
      ...sources.map((name) => join('native/cpu', name)),
    ]);
    const { stdout } = await execute(program);
    expect(stdout).toMatch(/^refusals right$/m);
    const flags = new Set(/^flags\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(' '));
    for (const [flag, path] of Object.entries({ sse2: 'SSE2', avx2: 'AVX2', avx512f: 'AVX-512' }))
      expect(stdout.includes(`${path}: `)).toBe(flags.has(flag));
  });
});

describe('the memory rows', () => {
  it('are all measured, verified, and say what their bytes count', async () => {
    const { code, stdout } = await nameplate(...run, '--only', 'memory.*', '--bytes', `${bytes}`);
    expect(code).toBe(0);
    const { rows } = parseReport(stdout);
    expect(rows.map(({ id, provider }) => `${id} ${provider}`)).toEqual(
      operations.flatMap((id) =>
        id === 'memory.copy' ? [`${id} builtin`, `${id} libc`] : [`${id} builtin`],
      ),
    );
    for (const { id, rate, work, verification } of rows) {
      const arrays = arraysOf[id] ?? 0;
      expect(rate).toBeGreaterThan(0);
      expect(work).toMatchObject({ bytes: arrays * bytes, workingSetBytes: arrays * bytes });
      expect(work?.bytesCounted).toMatch(/^(each byte|bytes)( of two arrays)? (read|written)/);
      expect(verification).toMatchObject({
        bound: 'exact',
        compared: bytes / 8,
        differences: 0,
        timedLaunchesCompared: true,
      });
    }
  });

  it('are refused where the arrays would fit in cache, all of them', async () => {
    const { code, stdout } = await nameplate(...run, '--only', 'memory.*', '--bytes', '64KiB');
    expect(code).toBe(3);
    const { rows } = parseReport(stdout);
    expect(rows).toHaveLength(operations.length + 1);
    for (const { verdict, rate } of rows) {
      expect(rate).toBeNull();
      expect(verdict).toMatchObject({
        status: 'unsupported',
        why: expect.stringMatching(/fit in cache.*ask/),
      });
    }
  });

  it('fail with a code and what to do where memory does not hold them', async () => {
    const { code, stdout } = await nameplate(...run, '--only', 'memory.*', '--bytes', '1TiB');
    expect(code).toBe(3);
    const { rows } = parseReport(stdout);
    expect(rows).toHaveLength(operations.length + 1);
    for (const { id, verdict } of rows) {
      const exact = id === 'memory.dot'; // the sum of so many products is not
      expect(verdict).toMatchObject({
        code: exact ? 'ERANGE' : 'ENOMEM',
        why: expect.stringMatching(exact ? /could not be verified: ask for at most/ : /use smaller sizes/),
      });
    }
  });

  it.each([
    ['0', /--bytes "0" is not a size: write a positive whole number/],
    ['4095', /--bytes "4095" is not a whole number from 4096/],
    ['1000000001', /--bytes 1000000001 is not a multiple of 64/],
    ['-1GiB', /--bytes "-1GiB" is not a size/],
  ])('of %s bytes are wrong usage', async (size, sentence) => {
    const { code, stdout, stderr } = await nameplate(...run, '--only', 'memory.*', '--bytes', size);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(sentence);
  });
});

/** Straight through the door, past the command's own checks. */
async function asked(
  operation: string,
  shape: { bytes: number },
  fault: Fault = 'none',
): Promise<ProviderResult> {
  const { results } = await loadNative().run({
    device: 'cpu',
    operation,
    shape,
    providers: ['builtin'],
    data: 'uniform',
    seed: 7,
    telemetry: false,
    fault,
    threads: null,
    budget: { warmupSeconds: 0, burstSeconds: 0.01, sustainedSeconds: 0.02, precision: 0.5 },
  });
  const [result] = results;
  if (!result) throw new Error('no result');
  return result;
}

describe.each(Object.entries(arraysOf))('%s', (operation, arrays) => {
  const bytes = least(arrays);

  it('of no bytes is refused, and of half a word', async () => {
    await expect(asked(operation, { bytes: 0 })).rejects.toThrow(/needs a shape \{bytes\} above 0/);
    expect(await asked(operation, { bytes: 2 ** 28 + 4 })).toMatchObject({
      outcome: 'failed',
      code: 'EINVAL',
      message: expect.stringContaining('whole 64-bit words'),
    });
  });

  it('is right for an odd number of words', async () => {
    const result = await asked(operation, { bytes: bytes + 8 });
    expect(result).toMatchObject({ outcome: 'measured', verification: { differences: 0 } });
  });

  it.each(['flippedBit', 'idle'] as const)('does not miss the fault %s', async (fault) => {
    const result = await asked(operation, { bytes }, fault);
    const verification = 'verification' in result ? result.verification : undefined;
    expect(verification?.differences).toBeGreaterThan(0);
  });
});

/** Whether the system gives huge pages to who asks. */
const huge = (() => {
  try {
    return !readFileSync('/sys/kernel/mm/transparent_hugepage/enabled', 'utf8').includes('[never]');
  } catch {
    return false;
  }
})();

describe('huge pages', () => {
  const noteOf = (stdout: string) => parseReport(stdout).rows[0]?.kernel?.note;
  const row = ['--only', 'memory.write', '--bytes', `${bytes}`];

  it.skipIf(!huge)('are used and said where there are any', async () => {
    const { stdout } = await nameplate(...run, ...row);
    expect(noteOf(stdout)).toMatch(/^the arrays lie \d+ % in huge pages$/);
  });

  it('are missed aloud where the system gives none', async () => {
    const source = join(folder, 'without.c');
    const launcher = join(folder, 'without');
    const body = 'prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); execv(arguments[1], arguments + 1); return 1;';
    writeFileSync(
      source,
      `#include <sys/prctl.h>\n#include <unistd.h>\nint main(int n, char** arguments) { ${body} }\n`,
    );
    execFileSync('gcc', [source, '-o', launcher]);
    const { stdout } = await execute(launcher, [process.execPath, cli, ...run, ...row], { cwd: folder });
    expect(noteOf(stdout)).toBe('the arrays lie in small pages: the system gave no huge ones');
    expect(parseReport(stdout).rows[0]?.rate).toBeGreaterThan(0);
  });
});
