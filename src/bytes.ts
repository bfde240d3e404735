// The bytes that a program hands in, as they are when it does.

import { types } from 'node:util';
import { UsageError } from './usage.js';

/**
 * Where they lie. One view over all of them is left to who needs one: Node 20 makes none of more than 2^32 elements, and
 * arrays of wider elements are larger than that.
 */
export class Given {
  readonly #memory: ArrayBuffer;
  readonly #offset: number;
  readonly bytes: number;

  constructor(memory: ArrayBuffer, offset: number, bytes: number) {
    this.#memory = memory;
    this.#offset = offset;
    this.bytes = bytes;
  }

  /** Those from byte `from` to before `to`; a UsageError where the memory has been transferred or shrunk since. */
  view(from = 0, to = this.bytes): Uint8Array {
    const left = Math.max(0, this.#memory.byteLength - this.#offset);
    if (left < this.bytes)
      throw new UsageError(`the array was given with ${this.bytes} bytes and has ${left} now`);
    return from === to ? new Uint8Array() : new Uint8Array(this.#memory, this.#offset + from, to - from);
  }
}

/** What lies behind a typed array, a DataView or an ArrayBuffer; a UsageError names it `what`. */
export function bytesOf(data: unknown, what: string): Given {
  const view = ArrayBuffer.isView(data) ? data : null;
  const memory: unknown = view?.buffer ?? data;
  // N-API tells nothing of shared memory, and another thread may write to it while it is copied.
  if (types.isSharedArrayBuffer(memory))
    throw new UsageError(`${what} lies in a SharedArrayBuffer; give a copy, such as slice() makes`);
  if (!types.isArrayBuffer(memory))
    throw new UsageError(`${what} must be a typed array, a DataView or an ArrayBuffer`);
  try {
    // A typed array that was detached has a length of 0, as an empty one has: only making a view of it fails.
    new Uint8Array(memory, 0, 0);
    return new Given(memory, view?.byteOffset ?? 0, (view ?? memory).byteLength);
  } catch {
    throw new UsageError(`${what} has lost its bytes: its ArrayBuffer was transferred or shrunk`);
  }
}
