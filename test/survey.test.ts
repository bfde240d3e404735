// A driver that hangs or dies while its devices are listed must not take the command with it.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { isolate } from '../src/process/isolate.js';
import type { RunRequest } from '../src/schema.js';
import { survey } from '../src/survey.js';

/** A child process that does this with whatever it is told, once it has said that it has started. */
function child(body: string, started = "process.send({ kind: 'started' });"): URL {
  const file = join(mkdtempSync(join(tmpdir(), 'nameplate-child-')), 'child.mjs');
  writeFileSync(file, `process.on('message', (message) => { ${body} }); ${started}`);
  return pathToFileURL(file);
}
const asked = (body: string, seconds = 30) => survey(() => isolate(child(body)), seconds).inventory();

test('a process keeps nothing of what it has answered, for as long as a soak lasts', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const empty =
    "{ build: { version: '', compiler: '', images: [] }, devices: [], libraries: [], absences: [] }";
  const executor = isolate(child(`process.send({ kind: 'inventory', result: ${empty} })`));
  const answers: WeakRef<object>[] = [];
  for (let i = 0; i < 64; i += 1) answers.push(new WeakRef(await executor.inventory({ threads: null }, 30)));
  const kept = () => answers.filter((one) => one.deref() !== undefined).length;
  for (let tries = 0; tries < 100 && kept() > 1; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    collect();
  }
  expect(kept()).toBeLessThanOrEqual(1);
  await executor.close();
});

describe('the inventory', () => {
  test('is what is here', async () => {
    const built = new URL('../dist/process/child.js', import.meta.url);
    const { inventory, operations } = survey(() => isolate(built));
    expect((await inventory()).devices.map(({ id }) => id)).toContain('cpu');
    expect(operations().map(({ id }) => id)).toContain('gemm.fp32');
  });

  test('of a driver that hangs is given up after its time, and says what to look at', async () => {
    await expect(asked('', 2)).rejects.toMatchObject({
      name: 'SurveyError',
      code: 'ETIMEDOUT',
      message: expect.stringMatching(/not listed within 2 s: the driver hangs.*dmesg/),
    });
  });

  test('of a process that does not come to it is no fault of the driver', async () => {
    const { inventory } = survey(() => isolate(child('', '')), 0.5);
    await expect(inventory()).rejects.toMatchObject({
      name: 'SurveyError',
      code: 'ETIMEDOUT',
      message: expect.stringMatching(/did not start within 500 ms: see whether .*ulimit -u, pids\.max/),
    });
  });

  test('of a driver that takes its process down names the signal and its last words', async () => {
    const body = "console.error('driver: assertion'); process.kill(process.pid, 'SIGSEGV');";
    await expect(asked(body)).rejects.toMatchObject({
      code: 'SIGSEGV',
      message: expect.stringMatching(/ended \(SIGSEGV\)/),
    });
  });

  test.each([
    ['stderr', "['ignore', 'ignore', 'inherit']"],
    ['the channel', "['ignore', 'ignore', 'ignore', 3]"],
  ])('of a process that dies is not waited for where another holds %s', async (_, stdio) => {
    const leave = `const left = spawn('sleep', ['15'], { stdio: ${stdio}, detached: true }); left.unref();`;
    const body = "console.error('last words'); setTimeout(() => process.exit(7), 200);";
    const started = `import { spawn } from 'node:child_process'; ${leave} ${body}`;
    const { inventory } = survey(() => isolate(child('', started)), 10);
    await expect(inventory()).rejects.toMatchObject({
      code: 'EXIT_7',
      message: expect.stringMatching(/ended \(EXIT_7\); its last words: last words$/),
    });
  });

  test.each([
    ['hangs', ''],
    ['dies of the Ctrl-C', "setTimeout(() => process.kill(process.pid, 'SIGINT'), 300);"],
  ])('is given up where it is interrupted and %s', async (_, body) => {
    const interruption = new AbortController();
    setTimeout(() => interruption.abort(), 200);
    const { inventory } = survey(() => isolate(child(body)), 60);
    await expect(inventory({ threads: null }, interruption.signal)).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }),
    );
  });

  test('that is no inventory is refused', async () => {
    await expect(asked("process.send({ kind: 'inventory', result: {} });")).rejects.toMatchObject({
      code: 'EPROTO',
    });
    const other = "process.send({ kind: 'error', code: 'ERANGE', message: 'too many' });";
    await expect(asked(other)).rejects.toMatchObject({ code: 'ERANGE', message: 'too many' });
  });
});

test('the process that holds a device says that it has started', async () => {
  const executor = isolate(new URL('../dist/process/child.js', import.meta.url));
  const endless: RunRequest = {
    device: 'cpu',
    operation: 'gemm.fp32',
    shape: { m: 64, n: 64, k: 64 },
    providers: ['builtin'],
    data: 'uniform',
    seed: 1,
    telemetry: false,
    fault: 'none',
    threads: 1,
    budget: { warmupSeconds: 60, burstSeconds: 0, sustainedSeconds: 0, precision: 0.5 },
  };
  await expect(executor.run(endless, 4)).rejects.toThrow(/no answer within 4 s: .*--timeout sets the limit/);
  await executor.close();
});
