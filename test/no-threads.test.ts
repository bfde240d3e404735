// A process that may start no more threads, as under `ulimit -u`, gets an error that it can catch, and that says what to
// change: not that of an addon that could not be loaded.

import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { loadNative } from '../src/native.js';

const execute = promisify(execFile);

const folder = mkdtempSync(join(tmpdir(), 'nameplate-no-threads-'));
const source = join(folder, 'refuse.c');
const refuse = join(folder, 'refuse.so');
// Node starts its own threads first: from then on THREADS_LEFT counts down.
writeFileSync(
  source,
  `#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
int pthread_create(pthread_t* thread, const pthread_attr_t* how, void* (*body)(void*), void* with) {
  static int (*create)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static int started;
  const char* left = getenv("THREADS_LEFT");
  if (left && started++ >= atoi(left)) return EAGAIN;
  if (!create) create = dlsym(RTLD_NEXT, "pthread_create");
  return create(thread, how, body, with);
}
`,
);
await execute('gcc', ['-shared', '-fPIC', source, '-o', refuse, '-ldl']);

/** What is caught where the addon may start so many threads. */
async function caught(threadsLeft: number): Promise<string> {
  const program = `
    const { openDevice } = await import('./dist/index.js');
    process.env.THREADS_LEFT = '${threadsLeft}';
    try {
      await openDevice('cpu');
    } catch (error) {
      console.log(error.name + ' ' + error.code + ': ' + error.message);
    }`;
  const { stdout } = await execute(process.execPath, ['--input-type=module', '--eval', program], {
    env: { ...process.env, LD_PRELOAD: refuse },
  });
  return stdout;
}

const sentence =
  /^NativeError EAGAIN: the system starts no more threads .*ulimit -u.*pids\.max.*ulimit -v\)\n$/;

it('the addon throws into JavaScript where it can start no thread', async () => {
  expect(await caught(0)).toMatch(sentence);
});

it('a device whose queue or whose pool can start no thread is refused with the same words', async () => {
  expect(await caught(1)).toMatch(sentence);
  const [cpu] = (await loadNative().inventory()).devices.filter(({ id }) => id === 'cpu');
  const workers = (cpu?.threads ?? 1) - 1;
  for (let started = 0; started < workers; started += 1) expect(await caught(2 + started)).toMatch(sentence);
  expect(await caught(2 + workers)).toBe('');
});
