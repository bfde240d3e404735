// The compute face: a Node program opens a device, puts typed arrays on it, multiplies matrices, runs kernels of its own,
// and reads the results back. Nothing here blocks the event loop.
//
// Operations on one device happen in the order of the calls, whether or not each is awaited. Long copies travel in pieces,
// so that the event loop turns between them; the order is therefore kept here, and not by the native queue alone.

import * as z from 'zod';
import { Buffer } from './buffer.js';
import { bytesOf } from './bytes.js';
import {
  arrays,
  type ElementArray,
  type ElementType,
  Matrix,
  MatrixForm,
  Product,
  type ProductType,
  products,
} from './matrix.js';
import { Module } from './module.js';
import { loadNative, type Native, NativeError, unlessGone } from './native.js';
import { noDevice } from './plan.js';
import { type DeviceFacts, type DType, dtypes } from './schema.js';
import { parseOptions, UsageError } from './usage.js';

export interface MultiplyOptions {
  /** `builtin` (the default), or a vendor's library where it is installed: `cublaslt`, `openblas`, `onednn`. */
  readonly provider?: string;
  /** `full` (the default); `half`: fp16 sums (fp16 only); `fast`: FP8 sums without promotion to fp32. */
  readonly accumulator?: 'full' | 'half' | 'fast';
  /** B is given as its transpose, N x K, which spares the device a transposition. */
  readonly transposedB?: boolean;
}
const MultiplyChoices = z.strictObject({
  provider: z.string().default('builtin'),
  accumulator: z.enum(['full', 'half', 'fast']).default('full'),
  transposedB: z.boolean().default(false),
}) satisfies z.ZodType<Required<MultiplyOptions>>;

const BufferForm = z.strictObject({ bytes: z.int().positive() });
const count = z.int().nonnegative();
const CopyForm = z.strictObject({ bytes: count, fromOffset: count, toOffset: count });

/** A device that was dropped without `close()` is closed when the collector finds it, and all that was on it. */
const dropped = new FinalizationRegistry<{ native: Native; device: number }>(({ native, device }) => {
  native.close({ device }).catch(() => undefined);
});

/**
 * An open device. What a method rejects with has a code: a UsageError `EINVAL` for arguments that are wrong by themselves,
 * else a NativeError. Nothing falls back silently.
 */
export class Device {
  readonly facts: DeviceFacts;
  /** @internal */
  readonly native: Native;
  readonly #handle: number;
  #last: Promise<void> = Promise.resolve();

  /** @internal Devices come from `openDevice`. */
  constructor(native: Native, handle: number, facts: DeviceFacts) {
    this.native = native;
    this.#handle = handle;
    this.facts = facts;
    dropped.register(this, { native, device: handle }, this);
  }

  /**
   * @internal Runs `work` after everything that was asked before it. Awaits alone lie between `work` and the caller, and
   * nobody but the caller waits for what is returned: that is how V8 finds the caller's line for the stack of an error.
   */
  async enqueue<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#last;
    let end = (): void => undefined;
    this.#last = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    try {
      return await work();
    } finally {
      end();
    }
  }

  /** A buffer of `bytes`, uninitialised. `ENOMEM` or `CUDA_ERROR_OUT_OF_MEMORY` says what was asked and what is free. */
  async buffer(bytes: number): Promise<Buffer> {
    parseOptions(BufferForm, { bytes });
    return this.#allocate(bytes, async (buffer) => buffer);
  }

  /** What `make` makes of a new buffer, both in one turn. Where it fails, the buffer is freed. */
  #allocate<T>(bytes: number, make: (buffer: Buffer) => Promise<T>): Promise<T> {
    return this.enqueue(async () => {
      const { buffer: handle } = await this.native.allocate({ device: this.#handle, bytes });
      const buffer = new Buffer(this, handle, bytes);
      try {
        return await make(buffer);
      } catch (error) {
        await buffer.free();
        throw error;
      }
    });
  }

  /**
   * A `rows` x `columns` matrix, filled from `data`: rows x columns elements in the array of its format, which must
   * not change before the promise settles. Without it, uninitialised.
   */
  async matrix<T extends ElementType>(
    dtype: T,
    rows: number,
    columns: number,
    data?: ElementArray<T>,
  ): Promise<Matrix<T>> {
    parseOptions(MatrixForm, { dtype, rows, columns });
    const Elements = arrays[dtype];
    // By its own word: of another realm, as in node:vm and in test runners built on it, it is no instance of ours.
    if (data !== undefined && Object.prototype.toString.call(data) !== `[object ${Elements.name}]`)
      throw new UsageError(`the elements of a matrix of ${dtype} come in a ${Elements.name}`);
    const given = data && bytesOf(data, 'what a matrix is filled from');
    const bytes = rows * columns * Elements.BYTES_PER_ELEMENT;
    if (given && given.bytes !== bytes) {
      const elements = given.bytes / Elements.BYTES_PER_ELEMENT;
      throw new UsageError(`a ${rows} x ${columns} matrix has ${rows * columns} elements, not ${elements}`);
    }
    return this.#allocate(bytes, async (buffer) => {
      if (given) await buffer.fill(given);
      return new Matrix(dtype, rows, columns, buffer);
    });
  }

  /**
   * The product A (M x K) times B (K x N), or times the transpose of B (N x K) with `transposedB`. The result has the format
   * of `ProductType`: int32 for int8, bf16 for FP8, fp32 for tf32, else that of A. Its `kernel` says what computed it.
   * `ENOTSUP`: device or provider lacks the format.
   */
  async multiply<T extends DType>(
    a: Matrix<T>,
    b: Matrix<NoInfer<T>>,
    options: MultiplyOptions = {},
  ): Promise<Product<ProductType<T>>> {
    const { provider, accumulator, transposedB } = parseOptions(MultiplyChoices, options);
    for (const [name, operand] of Object.entries({ A: a, B: b })) this.#checkOperand(name, operand);
    const [inner, columns] = transposedB ? [b.columns, b.rows] : [b.rows, b.columns];
    if (a.columns !== inner)
      throw new UsageError(`A is ${a.rows} x ${a.columns} and cannot be multiplied by B with ${inner} rows`);
    if (a.dtype !== b.dtype) throw new UsageError(`A is ${a.dtype} and B is ${b.dtype}: they must be alike`);
    const product: ProductType<T> = products[a.dtype];
    return this.#allocate(a.rows * columns * arrays[product].BYTES_PER_ELEMENT, async (c) => {
      const { kernel } = await this.native.multiply({
        dtype: a.dtype,
        accumulator,
        layout: transposedB ? 'NxK' : 'KxN',
        provider,
        m: a.rows,
        n: columns,
        k: inner,
        a: { buffer: a.buffer.handle, offset: 0, leading: a.columns },
        b: { buffer: b.buffer.handle, offset: 0, leading: b.columns },
        c: { buffer: c.handle, offset: 0, leading: columns },
      });
      return new Product(product, a.rows, columns, c, kernel);
    });
  }

  /** What a program without types may pass: anything. */
  #checkOperand(name: string, operand: unknown): void {
    if (!(operand instanceof Matrix && operand.buffer instanceof Buffer))
      throw new UsageError(`${name} is no Matrix; device.matrix and device.multiply make them`);
    this.#checkOwn(name, operand.buffer);
    if (!Object.hasOwn(products, operand.dtype))
      throw new UsageError(`${name} is ${operand.dtype}: what can be multiplied is ${dtypes.join(', ')}`);
  }

  /** Another device's queue would know nothing of the order of the calls on this one. */
  #checkOwn(name: string, { device }: Buffer): void {
    if (device === this) return;
    throw new NativeError('EXDEV', `${name} was made by another device, and can be used with that one only`);
  }

  /** Copies `bytes` from one buffer to another of this device. */
  async copy(from: Buffer, to: Buffer, bytes: number, fromOffset = 0, toOffset = 0): Promise<void> {
    for (const [name, buffer] of Object.entries({ from, to })) {
      if (!(buffer instanceof Buffer)) throw new UsageError(`${name} is no Buffer; device.buffer makes them`);
      this.#checkOwn(name, buffer);
    }
    parseOptions(CopyForm, { bytes, fromOffset, toOffset });
    return this.enqueue(() =>
      this.native.copy({ from: from.handle, to: to.handle, bytes, fromOffset, toOffset }),
    );
  }

  /** Loads device code. The CPU backend has none to run: `ENOTSUP`. */
  async load(image: Uint8Array | string): Promise<Module> {
    const given =
      typeof image === 'string'
        ? bytesOf(new TextEncoder().encode(image), 'the text')
        : bytesOf(image, 'what is loaded, unless it is text,');
    const { module } = await this.enqueue(() =>
      this.native.load({ device: this.#handle, image: given.view() }),
    );
    return new Module(this, module);
  }

  /** Frees everything on the device and closes it. */
  close(): Promise<void> {
    return this.enqueue(() => {
      dropped.unregister(this);
      return this.native.close({ device: this.#handle });
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return unlessGone(this.close());
  }
}

/** The letters of a name may be of either case, as those of --device; the native side knows each in one form. */
const nativeName = (name: string): string =>
  name.toLowerCase().replace(/^(gpu|mig)-/, (prefix) => prefix.toUpperCase());

/** Opens `cpu`, `cuda:0` or a device's UUID. `ENODEV` names what is there, and says why no GPU is. */
export async function openDevice(id: string, native: Native = loadNative()): Promise<Device> {
  if (typeof id !== 'string') throw new UsageError('a device is opened by its name: cpu, cuda:0 or a UUID');
  try {
    const { device, facts } = await native.open({ device: nativeName(id) });
    return new Device(native, device, facts);
  } catch (error) {
    if (!(error instanceof NativeError) || error.code !== 'ENODEV') throw error;
    throw new NativeError(error.code, noDevice(id, await native.inventory()));
  }
}
