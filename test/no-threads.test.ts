// A process that may start no thread, as under `ulimit -v` or `ulimit -u`, gets an error that it can catch.

import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const execute = promisify(execFile);

it('the addon throws into JavaScript where it can start no thread', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nameplate-no-threads-'));
  const source = join(folder, 'refuse.c');
  const refuse = join(folder, 'refuse.so');
  // Node starts its own threads first.
  writeFileSync(
    source,
    `#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
int pthread_create(pthread_t* thread, const pthread_attr_t* how, void* (*body)(void*), void* with) {
  static int (*create)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  if (getenv("NO_MORE_THREADS")) return EAGAIN;
  if (!create) create = dlsym(RTLD_NEXT, "pthread_create");
  return create(thread, how, body, with);
}
`,
  );
  await execute('gcc', ['-shared', '-fPIC', source, '-o', refuse, '-ldl']);
  const program = `
    const { loadNative } = await import('./dist/index.js');
    process.env.NO_MORE_THREADS = '1';
    try {
      loadNative();
    } catch (error) {
      console.log(error.code + ': ' + error.message);
    }`;
  const { stdout } = await execute(process.execPath, ['--input-type=module', '--eval', program], {
    env: { ...process.env, LD_PRELOAD: refuse },
  });
  expect(stdout).toMatch(/^ERR_ADDON: .*\n.*: the addon cannot start a thread of its own.*ulimit -v/);
});
