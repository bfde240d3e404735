// The native door under hostile hands: a few hundred thousand random calls, in a process of their own.
//
// A crash would take the test runner with it, so the calls run in a child (boundary-calls.mjs), which reports what it saw.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

const calls = fileURLToPath(new URL('boundary-calls.mjs', import.meta.url));
const Seen = z.object({
  calls: z.number(),
  refused: z.record(z.string(), z.number()),
  uncoded: z.array(z.string()),
  accepted: z.number(),
  stillRight: z.boolean(),
});

describe('the native door', () => {
  it('answers 200,000 random calls with a value or a coded error, and still computes afterwards', async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--expose-gc', calls, '200000', '20261122'],
      {
        timeout: 240_000,
      },
    );
    const seen = Seen.parse(JSON.parse(stdout));
    expect(seen.uncoded).toEqual([]);
    expect(seen.calls).toBeGreaterThanOrEqual(200_000);
    expect(seen.accepted).toBeGreaterThan(1000);
    for (const code of ['EINVAL', 'ERANGE', 'EBADF']) expect(seen.refused[code]).toBeGreaterThan(1000);
    expect(seen.stillRight).toBe(true);
  }, 300_000);
});

// Each is ended in one of its writes: nearly all of a turn of its loop goes into a copy on the native side.
const worker = `
  import { parentPort, workerData } from 'node:worker_threads';
  const { loadNative } = await import(workerData);
  const native = loadNative();
  const { device } = await native.open({ device: 'cpu' });
  const data = new Uint8Array(2 ** 27);
  const { buffer } = await native.allocate({ device, bytes: data.length });
  parentPort.postMessage('writing');
  for (;;) await native.write({ buffer, offset: 0, data });`;
const program = `
  import { once } from 'node:events';
  import { Worker } from 'node:worker_threads';
  const workerData = import.meta.resolve('./dist/index.js');
  for (let ended = 0; ended < 6; ended += 1) {
    const worker = new Worker(${JSON.stringify(worker)}, { eval: true, workerData });
    await once(worker, 'message');
    await worker.terminate();
  }
  console.log('survived');`;

it('a Worker that is ended in the middle of a call does not take the process with it', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  expect(stdout).toBe('survived\n');
}, 60_000);
