// Two runs never share a device: the second would measure the first. Nor a report's file: the rows of the one would be
// gone without a word.
//
// A lock file outlives the process that was killed. A socket in Linux's abstract namespace has a name but no file, and
// the kernel takes it back with the process. It is seen within one network namespace: two containers that share a GPU
// but not the network do not see each other's lock.

import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { DeviceFacts, Shape } from './schema.js';

const pollMilliseconds = 250;

/** Another run holds the device, or the file. */
export class BusyError extends Error {
  override readonly name = 'BusyError';
  readonly code = 'EBUSY';
}

/** Gives back what was taken. */
export type Release = () => void;

/** Takes the device, or throws a BusyError; with `wait`, waits until it is free or `signal` is aborted (AbortError). */
export function lock(device: DeviceFacts, wait = false, signal?: AbortSignal): Promise<Release> {
  const sentence = `${named(device)} is being measured by another run; wait for it to end, or pass --wait`;
  return hold(device.uuid ?? device.id, sentence, wait, signal);
}

/**
 * The same of the device that a row of `shape` copies to, where it is one of `others`, which this run does not hold. It is
 * not waited for: who holds it may be waiting for ours.
 */
export async function lockPeer(shape: Shape, others: readonly DeviceFacts[]): Promise<Release> {
  const peer = 'peer' in shape ? others.find(({ id }) => id === shape.peer) : undefined;
  if (peer === undefined) return () => {};
  const sentence = `${named(peer)}, the peer, is being measured by another run; measure this row when that has ended`;
  return hold(peer.uuid ?? peer.id, sentence, false);
}

const named = ({ id, name }: DeviceFacts) => `${id} (${name})`;

/** The same of the file that a report is written to. One whose folder is not there is nobody's. */
export async function lockFile(path: string, wait = false, signal?: AbortSignal): Promise<Release> {
  const identity = await identify(path).catch(() => null);
  if (identity === null) return () => {};
  const sentence = `${path} is being written by another run; wait for it to end, pass --wait, or name another file with --json`;
  return hold(`file-${identity}`, sentence, wait, signal);
}

/** Each save puts another file in its place, so what stays are folder and name. Hashed: such a socket's name is short. */
async function identify(path: string): Promise<string> {
  const target = await realpath(path).catch(() => path);
  const { dev, ino } = await stat(dirname(target));
  return createHash('sha256')
    .update(`${dev}:${ino}/${basename(target)}`)
    .digest('hex');
}

async function hold(name: string, busy: string, wait: boolean, signal?: AbortSignal): Promise<Release> {
  for (;;) {
    signal?.throwIfAborted();
    const release = await take(`\0nameplate-${name}`);
    if (release !== null) return release;
    if (!wait) throw new BusyError(busy);
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
