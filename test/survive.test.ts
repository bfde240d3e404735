// A run survives its device: the child process that holds it is killed, stopped and interrupted here, for real.

import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, mkdtempSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseReport } from '../src/report/index.js';
import { childrenOf, nameplate, type Started, shell, start, until } from './command.js';

// Runs on one device take turns, with those of other test files too.
vi.setConfig({ testTimeout: 60_000 });

const twoRows = ['--device', 'cpu', '--only', 'gemm.fp64,memory.copy', '--provider', 'builtin', '--wait'];
const file = ({ folder }: Started) => join(folder, 'nameplate-report.json');
const saved = async (started: Started) => parseReport(await readFile(file(started), 'utf8'));

/** The child that holds the device, in the middle of its first row. */
async function holder(started: Started): Promise<number> {
  await until('the first report', () => (existsSync(file(started)) ? true : undefined));
  return until('the child process', () => childrenOf(started)[0]);
}

it('a run that is interrupted before its first row leaves an earlier report as it is', async () => {
  const running = start(...twoRows, '--thorough');
  await writeFile(file(running), 'an earlier one');
  const lister = await until('the process that lists the devices', () => childrenOf(running)[0]);
  await until('the one that measures', () => childrenOf(running).find((child) => child !== lister));
  running.process.kill('SIGINT');
  expect((await running.ended).code).toBe(130);
  expect(await readFile(file(running), 'utf8')).toBe('an earlier one');
});

it('a report for which no disk has room is printed, and that it could not be saved is said', async () => {
  const report = join(mkdtempSync(join(tmpdir(), 'nameplate-test-')), 'report.json');
  await writeFile(report, 'an earlier one, so that the first that is written has rows');
  // A whole report of two rows has some 20 KB; `ulimit` counts in half of one.
  const { code, stdout, stderr } = await shell(
    `ulimit -f 8; "$0" "$1" ${twoRows.join(' ')} --quick --shape 64 --json '${report}'`,
  );
  expect(code).toBe(3);
  expect(stdout).toContain('gemm.fp64');
  expect(stderr).toMatch(/^nameplate: cannot write the report to .*: it is larger than a file may be\n$/);
  expect(await readFile(report, 'utf8')).toMatch(/^an earlier one/);
});

describe('a run survives', () => {
  it('the death of the process that holds the device', async () => {
    const running = start(...twoRows, '--quick');
    process.kill(await holder(running), 'SIGKILL');
    const { code } = await running.ended;
    const { state, rows } = await saved(running);
    expect({ code, state }).toEqual({ code: 3, state: 'complete' });
    expect(rows).toMatchObject([
      { id: 'gemm.fp64', rate: null, verdict: { status: 'failed', code: 'SIGKILL' } },
      { id: 'memory.copy', rate: expect.any(Number) },
    ]);
  });

  it('a device that answers no more', async () => {
    const running = start(...twoRows, '--quick', '--timeout', '8');
    process.kill(await holder(running), 'SIGSTOP');
    const { code } = await running.ended;
    const { state, rows } = await saved(running);
    expect({ code, state }).toEqual({ code: 3, state: 'complete' });
    expect(rows).toMatchObject([
      { id: 'gemm.fp64', verdict: { status: 'failed', code: 'ETIMEDOUT' } },
      { id: 'memory.copy', rate: expect.any(Number) },
    ]);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('%s: what is measured is kept', async (signal) => {
    const running = start(
      '--device',
      'cpu',
      '--provider',
      'builtin',
      '--wait',
      '--quick',
      '--only',
      'gemm.fp64,memory.*',
    );
    const measured = async () => (existsSync(file(running)) ? (await saved(running)).rows.length : 0);
    while ((await measured()) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    running.process.kill(signal);
    const { code, stderr } = await running.ended;
    const { state, rows } = await saved(running);
    expect({ code, state, stderr }).toEqual({ code: 130, state: 'interrupted', stderr: '' });
    expect(rows[0]).toMatchObject({ id: 'gemm.fp64', rate: expect.any(Number) });
    expect(childrenOf(running)).toEqual([]);
  });

  it('its own death: the device process ends with it and the report is whole', async () => {
    const running = start(...twoRows, '--thorough');
    const child = await holder(running);
    running.process.kill('SIGKILL');
    await running.ended;
    await until('the end of the device process', () => (existsSync(`/proc/${child}`) ? undefined : true));
    expect((await saved(running)).state).toBe('running');
  });

  it('a second run on the same device, which is refused', async () => {
    const running = start(...twoRows, '--thorough');
    await holder(running);
    const second = await nameplate('--device', 'cpu', '--quick', '--no-save');
    expect(second).toMatchObject({ code: 3, stdout: '' });
    expect(second.stderr).toMatch(/^nameplate: cpu \(.*\) is being measured by another run; .*--wait\n$/);
    running.process.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
  });
});

// `cards` measures nothing and listens to no signal itself; a run of no row would be wrong usage.
describe.each([['cards'], ['run', '--only', 'none']])('%s', (...command) => {
  afterEach(() => vi.unstubAllEnvs());

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'])(
    'says that it was interrupted by %s while it loads',
    async (signal) => {
      // As soon as somebody listens to it, the signal comes.
      const heard = `(name)=>name==='${signal}'&&setImmediate(()=>process.kill(process.pid,name))`;
      vi.stubEnv('NODE_OPTIONS', `--import=data:text/javascript,process.on('newListener',${heard})`);
      const ended = await nameplate(...command);
      expect(ended).toEqual({ code: 130, stdout: '', stderr: 'nameplate: interrupted\n' });
    },
  );
});

it('a signal ends a command whose file never answers', async () => {
  const pipe = join(mkdtempSync(join(tmpdir(), 'nameplate-test-')), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const running = start('report', pipe);
  // Open for writing, which only succeeds where somebody reads, and then says nothing.
  const silent = await until('its reader', () => {
    try {
      return openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch {
      return undefined;
    }
  });
  await pause(500); // until it reads
  running.process.kill('SIGTERM');
  const { stderr } = await running.ended;
  closeSync(silent);
  // 130 is what a shell calls it.
  expect({ by: running.process.signalCode, stderr }).toEqual({
    by: 'SIGINT',
    stderr: 'nameplate: interrupted\n',
  });
});
