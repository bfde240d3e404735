// Memory of a device, as a program holds it: written, read, and let go of.

import * as z from 'zod';
import { bytesOf, type Given } from './bytes.js';
import type { Device } from './device.js';
import { type Native, NativeError, unlessGone } from './native.js';
import { parseOptions } from './usage.js';

const piece = 8 * 1024 * 1024;
/** The most that the native side gives at once; all of it is one array without a copy. */
const mostRead = 2 ** 30;

/** Buffers that were dropped without `release()` are freed when the collector finds them. */
const dropped = new FinalizationRegistry<{ native: Native; buffer: number }>(({ native, buffer }) => {
  native.release({ buffer }).catch(() => undefined);
});

const count = z.int().nonnegative();
/** What lies beyond the end of a buffer is refused at its turn. */
const Stretch = z.strictObject({ offset: count, bytes: count.optional() });

function memoryFor(bytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch {
    throw new NativeError('ENOMEM', `the host has no ${bytes} bytes for what is read: read it in stretches`);
  }
}

/** Bytes on a device. Methods reject with `EBADF` after `release()`, `ERANGE` beyond the end. */
export class Buffer {
  readonly bytes: number;
  readonly handle: number;
  readonly device: Device;

  /** @internal Buffers come from `Device.buffer`. */
  constructor(device: Device, handle: number, bytes: number) {
    this.device = device;
    this.handle = handle;
    this.bytes = bytes;
    dropped.register(this, { native: device.native, buffer: handle }, this);
  }

  /** Copies `data` to byte `offset`. The array must not change before the promise settles. */
  async write(data: ArrayBufferView | ArrayBuffer, offset = 0): Promise<void> {
    parseOptions(Stretch, { offset });
    const given = bytesOf(data, 'what is written');
    return this.device.enqueue(() => this.fill(given, offset));
  }

  /** @internal Writes within the turn of its caller. */
  async fill(given: Given, offset = 0): Promise<void> {
    this.#requireWithin(offset, given.bytes);
    for (let at = 0; at < given.bytes || at === 0; at += piece) {
      const data = given.view(at, Math.min(at + piece, given.bytes));
      await this.device.native.write({ buffer: this.handle, offset: offset + at, data });
    }
  }

  /**
   * The `bytes` from byte `offset` on; by default all of them. What is read lies in memory of the native side, which cannot
   * be transferred to another thread; a `slice()` can.
   */
  async read(offset = 0, bytes?: number): Promise<ArrayBuffer> {
    parseOptions(Stretch, { offset, bytes });
    const asked = bytes ?? Math.max(0, this.bytes - offset);
    return this.device.enqueue(() => this.#take(offset, asked));
  }

  async #take(offset: number, bytes: number): Promise<ArrayBuffer> {
    this.#requireWithin(offset, bytes);
    const { native } = this.device;
    if (bytes <= mostRead) return native.read({ buffer: this.handle, offset, bytes });
    const taken = memoryFor(bytes);
    for (let at = 0; at < bytes; at += piece) {
      const asked = { buffer: this.handle, offset: offset + at, bytes: Math.min(piece, bytes - at) };
      const read = new Uint8Array(await native.read(asked));
      new Uint8Array(taken, at, read.length).set(read);
    }
    return taken;
  }

  /** The native side is given pieces, and would notice only at the last of them. */
  #requireWithin(offset: number, bytes: number): void {
    if (offset + bytes <= this.bytes) return;
    throw new NativeError(
      'ERANGE',
      `${bytes} bytes from offset ${offset} reach beyond a buffer of ${this.bytes} bytes`,
    );
  }

  /** Frees the memory. What was asked of the buffer before this still happens. */
  release(): Promise<void> {
    return this.device.enqueue(() => this.free());
  }

  /** @internal Releases within the turn of its caller. */
  free(): Promise<void> {
    dropped.unregister(this);
    return this.device.native.release({ buffer: this.handle });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return unlessGone(this.release());
  }
}
