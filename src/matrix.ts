// Matrices on a device: the formats a Node program can put there, and the typed array that carries each.

import { constants } from 'node:buffer';
import * as z from 'zod';
import type { Buffer } from './buffer.js';
import { NativeError } from './native.js';
import { type DType, dtypes } from './schema.js';

/** Element formats of a matrix: those of a GEMM, and int32, which an int8 product gives. */
const ElementType = z.enum([...dtypes, 'int32']);
export type ElementType = z.infer<typeof ElementType>;

const side = z.int().positive();
export const MatrixForm = z.strictObject({ dtype: ElementType, rows: side, columns: side });

/** The typed array that carries each format. 16-bit and 8-bit floats travel as their raw bits. */
interface ElementArrays {
  fp64: Float64Array;
  fp32: Float32Array;
  tf32: Float32Array;
  fp16: Uint16Array;
  bf16: Uint16Array;
  fp8e4m3: Uint8Array;
  fp8e5m2: Uint8Array;
  int8: Int8Array;
  int32: Int32Array;
}
export type ElementArray<T extends ElementType = ElementType> = ElementArrays[T];

interface ArrayConstructor<A> {
  new (bytes: ArrayBuffer): A;
  readonly BYTES_PER_ELEMENT: number;
}
export const arrays: { readonly [T in ElementType]: ArrayConstructor<ElementArrays[T]> } = {
  fp64: Float64Array,
  fp32: Float32Array,
  tf32: Float32Array,
  fp16: Uint16Array,
  bf16: Uint16Array,
  fp8e4m3: Uint8Array,
  fp8e5m2: Uint8Array,
  int8: Int8Array,
  int32: Int32Array,
};

/** What a product over each format is written in; its accumulator is fp32, or fp64 and int32 for those formats. */
export const products = {
  fp64: 'fp64',
  fp32: 'fp32',
  tf32: 'fp32',
  fp16: 'fp16',
  bf16: 'bf16',
  fp8e4m3: 'bf16',
  fp8e5m2: 'bf16',
  int8: 'int32',
} as const;

/** The format of a product of matrices of format `T`. */
export type ProductType<T extends DType> = (typeof products)[T];

/** A row-major matrix on a device, packed: element (i, j) is number i x columns + j. */
export class Matrix<T extends ElementType = ElementType> {
  readonly dtype: T;
  readonly rows: number;
  readonly columns: number;
  readonly buffer: Buffer;

  /** @internal Matrices come from `Device.matrix`. */
  constructor(dtype: T, rows: number, columns: number, buffer: Buffer) {
    this.dtype = dtype;
    this.rows = rows;
    this.columns = columns;
    this.buffer = buffer;
  }

  /** The elements, row after row. `ERANGE`: there are more than an array of this Node.js holds. */
  async read(): Promise<ElementArray<T>> {
    const Elements = arrays[this.dtype];
    const elements = this.rows * this.columns;
    if (elements > constants.MAX_LENGTH)
      throw new NativeError(
        'ERANGE',
        `the matrix has ${elements} elements, and an array holds at most ${constants.MAX_LENGTH} in Node.js ${process.versions.node}: read stretches of it with matrix.buffer.read(offset, bytes)`,
      );
    return new Elements(await this.buffer.read(0, elements * Elements.BYTES_PER_ELEMENT));
  }

  release(): Promise<void> {
    return this.buffer.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.buffer[Symbol.asyncDispose]();
  }
}

/** What `Device.multiply` gives: a matrix that knows how it came about. */
export class Product<T extends ElementType = ElementType> extends Matrix<T> {
  /** The kernel that computed it, as rows name theirs: that of the provider asked for, in the form chosen for this size. */
  readonly kernel: string;

  /** @internal Products come from `Device.multiply`. */
  constructor(dtype: T, rows: number, columns: number, buffer: Buffer, kernel: string) {
    super(dtype, rows, columns, buffer);
    this.kernel = kernel;
  }
}
