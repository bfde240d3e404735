// The bytes that a program hands in, as they are when it does.

import { types } from 'node:util';
import { UsageError } from './usage.js';

/** What lies behind a typed array, a DataView or an ArrayBuffer; a UsageError names it `what`. */
export function bytesOf(data: unknown, what: string): Uint8Array {
  const view = ArrayBuffer.isView(data) ? data : null;
  const memory: unknown = view?.buffer ?? data;
  // N-API tells nothing of shared memory, and another thread may write to it while it is copied.
  if (types.isSharedArrayBuffer(memory))
    throw new UsageError(`${what} lies in a SharedArrayBuffer; give a copy, such as slice() makes`);
  if (!types.isArrayBuffer(memory))
    throw new UsageError(`${what} must be a typed array, a DataView or an ArrayBuffer`);
  try {
    return view ? new Uint8Array(memory, view.byteOffset, view.byteLength) : new Uint8Array(memory);
  } catch {
    // A typed array that was detached has a length of 0, as an empty one has: only making a view of it fails.
    throw new UsageError(`${what} has lost its bytes: its ArrayBuffer was transferred or shrunk`);
  }
}
