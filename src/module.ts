// Kernels of a program's own, loaded on a device.

import * as z from 'zod';
import { Buffer } from './buffer.js';
import type { Device } from './device.js';
import { Matrix } from './matrix.js';
import { type KernelArgument, type Native, unlessGone } from './native.js';
import { parseOptions, UsageError } from './usage.js';

type Extent = readonly [x: number, y: number, z: number];
type LaunchArgument = Buffer | Exclude<KernelArgument, { buffer: number }>;

/** Modules that were dropped without `unload()` are unloaded when the collector finds them. */
const dropped = new FinalizationRegistry<{ native: Native; module: number }>(({ native, module }) => {
  native.unload({ module }).catch(() => undefined);
});

const side = z.int32().positive();
const extent = z.tuple([side, side, side]);
/** What it gives is a copy: a program may use its own for its next launch. */
const LaunchSize = z.strictObject({
  grid: extent,
  block: extent,
  sharedBytes: z.int().nonnegative().default(0),
});

/** Device code of the caller's own: a cubin, a fatbin or PTX text. */
export class Module {
  readonly #device: Device;
  readonly #handle: number;

  /** @internal Modules come from `Device.load`. */
  constructor(device: Device, handle: number) {
    this.#device = device;
    this.#handle = handle;
    dropped.register(this, { native: device.native, module: handle }, this);
  }

  /**
   * Launches `name` on what is given now, and waits for it. A `Buffer` argument becomes its address.
   * `CUDA_ERROR_NOT_FOUND`: no such kernel.
   */
  async launch(
    name: string,
    size: {
      readonly grid: Extent;
      readonly block: Extent;
      readonly sharedBytes?: number;
    },
    kernelArguments: readonly LaunchArgument[],
  ): Promise<void> {
    if (typeof size !== 'object' || size === null)
      throw new UsageError('the size of a launch is an object: { grid, block }');
    if (!Array.isArray(kernelArguments)) throw new UsageError('the arguments of a kernel come in an array');
    if (kernelArguments.some((item) => item instanceof Matrix))
      throw new UsageError('a kernel takes a matrix by its buffer; give matrix.buffer');
    const asked = { ...parseOptions(LaunchSize, size), module: this.#handle, function: name };
    // The buffers themselves wait for the turn: of one that nobody holds, the collector would free the memory before it.
    const given: LaunchArgument[] = Array.from(kernelArguments, (item) =>
      item instanceof Buffer ? item : { ...item },
    );
    return this.#device.enqueue(() =>
      this.#device.native.launch({
        ...asked,
        arguments: given.map((item) => (item instanceof Buffer ? { buffer: item.handle, offset: 0 } : item)),
      }),
    );
  }

  unload(): Promise<void> {
    return this.#device.enqueue(() => {
      dropped.unregister(this);
      return this.#device.native.unload({ module: this.#handle });
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return unlessGone(this.unload());
  }
}
