// Two runs never share a device: the second would measure the first.
//
// A lock file outlives the process that was killed. A socket in Linux's abstract namespace has a name but no file, and
// the kernel takes it back with the process. It is seen within one network namespace: two containers that share a GPU
// but not the network do not see each other's lock.

import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { DeviceFacts } from './schema.js';

const pollMilliseconds = 250;

/** The device is held by another run. */
export class BusyError extends Error {
  override readonly name = 'BusyError';
  readonly code = 'EBUSY';
  constructor({ id, name }: DeviceFacts) {
    super(`${id} (${name}) is being measured by another run; wait for it to end, or pass --wait`);
  }
}

/** Gives the device back. */
export type Release = () => void;

/** Takes the device, or throws a BusyError; with `wait`, waits until it is free or `signal` is aborted (AbortError). */
export async function lock(device: DeviceFacts, wait = false, signal?: AbortSignal): Promise<Release> {
  for (;;) {
    signal?.throwIfAborted();
    const release = await take(`\0nameplate-${device.uuid ?? device.id}`);
    if (release !== null) return release;
    if (!wait) throw new BusyError(device);
    await pause(pollMilliseconds, undefined, signal ? { signal } : {});
  }
}

/** All of the devices or none. The order is the same in every run, so that two that wait cannot hold one each. */
export async function lockAll(
  devices: readonly DeviceFacts[],
  wait = false,
  signal?: AbortSignal,
): Promise<Release> {
  const held: Release[] = [];
  const release = () => {
    for (const give of held.splice(0)) give();
  };
  try {
    for (const device of devices.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
      held.push(await lock(device, wait, signal));
    }
  } catch (error) {
    release();
    throw error;
  }
  return release;
}

function take(name: string): Promise<Release | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => {
      if ('code' in error && error.code === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    server.listen(name, () => {
      server.unref();
      resolve(() => server.close());
    });
  });
}
