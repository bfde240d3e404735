// Two runs never share a device. The lock is the kernel's, so the other process is a real one.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BusyError, lock, lockAll, lockFile } from '../src/lock.js';
import { a100 } from './fake-native.js';

/** A device that no other test and no other run of this file holds. */
const device = (name: string) => ({ ...a100(), id: `cuda:${name}`, uuid: `test-${process.pid}-${name}` });

describe('lock', () => {
  it('refuses a second holder by name and gives the device back', async () => {
    const release = await lock(device('a'));
    await expect(lock(device('a'))).rejects.toThrow(/cuda:a \(NVIDIA A100-PCIE-40GB\).*--wait/);
    await expect(lock(device('a'))).rejects.toBeInstanceOf(BusyError);
    const other = await lock(device('b'));
    release();
    other();
    (await lock(device('a')))();
  });

  it('waits where it is told to, and until it is told to stop', async () => {
    const release = await lock(device('c'));
    const waiting = lock(device('c'), true);
    release();
    const second = await waiting;
    const given = AbortSignal.abort();
    await expect(lock(device('c'), true, given)).rejects.toMatchObject({ name: 'AbortError' });
    second();
  });

  it('takes all devices or none', async () => {
    const release = await lock(device('e'));
    await expect(lockAll([device('d'), device('e')])).rejects.toBeInstanceOf(BusyError);
    (await lock(device('d')))();
    release();
  });

  it('holds a file by whatever name, there or not, and no other', async () => {
    const place = mkdtempSync(join(tmpdir(), 'nameplate-test-'));
    const path = join(place, 'report.json');
    const release = await lockFile(path);
    await expect(lockFile(path)).rejects.toThrow(
      /report\.json is being written by another run; .*--wait.*--json/,
    );
    symlinkSync(place, join(place, 'same'));
    await expect(lockFile(join(place, 'same/report.json'))).rejects.toBeInstanceOf(BusyError);
    writeFileSync(path, 'the first report');
    await expect(lockFile(path)).rejects.toBeInstanceOf(BusyError);
    symlinkSync(path, join(place, 'link.json'));
    await expect(lockFile(join(place, 'link.json'))).rejects.toBeInstanceOf(BusyError);
    mkdirSync(join(place, 'other'));
    for (const free of ['other.json', 'other/report.json', 'nowhere/report.json'])
      (await lockFile(join(place, free)))();
    release();
    (await lockFile(path))();
  });

  it('dies with the process that held it', async () => {
    const { uuid } = device('f');
    const holder = spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen('\\0nameplate-${uuid}', () => console.log('held')); setInterval(() => {}, 1000)`,
    ]);
    await once(holder.stdout, 'data');
    await expect(lock(device('f'))).rejects.toBeInstanceOf(BusyError);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    (await lock(device('f')))();
  });
});
