// The compute face on the CPU: products against a plain loop, order without awaits, and misuse.

import { constants } from 'node:buffer';
import { runInNewContext } from 'node:vm';
import { afterAll, describe, expect, expectTypeOf, it } from 'vitest';
import {
  Device,
  Buffer as DeviceBuffer,
  loadNative,
  Matrix,
  Module,
  NativeError,
  openDevice,
  Product,
  UsageError,
} from '../src/index.js';
import type { LaunchRequest } from '../src/native.js';
import { cpu, inventory } from './fake-native.js';

const device = await openDevice('cpu');
afterAll(() => device.close());

/** An array whose memory nothing touches; null where the system gives none that large. */
function untouched(length: number): Float64Array<ArrayBuffer> | null {
  try {
    return new Float64Array(length);
  } catch {
    return null;
  }
}
const values = (length: number, at: (i: number) => number): number[] =>
  Array.from({ length }, (_, i) => at(i));

/** `view`, whose memory has gone to someone else. */
function detached<View extends Float32Array<ArrayBuffer> | DataView<ArrayBuffer>>(view: View): View {
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}

/** C = A (m x k) times B (k x n), in plain double arithmetic. */
function product(a: ArrayLike<number>, b: ArrayLike<number>, m: number, n: number, k: number): number[] {
  return values(m * n, (index) => {
    const [i, j] = [Math.floor(index / n), index % n];
    return values(k, (e) => (a[i * k + e] ?? Number.NaN) * (b[e * n + j] ?? Number.NaN)).reduce(
      (x, y) => x + y,
      0,
    );
  });
}

describe('multiply', () => {
  const [m, n, k] = [37, 65, 19];
  const small = (i: number): number => ((i * 7919) % 5) - 2;

  it.each(['fp64', 'fp32', 'tf32'] as const)('%s of small integers is exact', async (dtype) => {
    const Elements = dtype === 'fp64' ? Float64Array : Float32Array;
    const [hostA, hostB] = [Elements.from(values(m * k, small)), Elements.from(values(k * n, small))];
    const a = await device.matrix(dtype, m, k, hostA as never);
    const b = await device.matrix(dtype, k, n, hostB as never);
    const c = await device.multiply(a, b);
    expect([c.rows, c.columns]).toEqual([m, n]);
    expect(Array.from(await c.read())).toEqual(product(hostA, hostB, m, n, k));
    for (const matrix of [a, b, c]) await matrix.release();
  });

  it('int8 gives int32, also from a transposed B', async () => {
    const hostA = Int8Array.from(values(m * k, (i) => ((i * 31) % 256) - 128));
    const hostB = Int8Array.from(values(k * n, (i) => ((i * 17) % 256) - 128));
    const turned = Int8Array.from(values(n * k, (i) => hostB[(i % k) * n + Math.floor(i / k)] ?? 0));
    const a = await device.matrix('int8', m, k, hostA);
    const expected = product(hostA, hostB, m, n, k);
    const plain = await device.multiply(a, await device.matrix('int8', k, n, hostB));
    const given = await device.multiply(a, await device.matrix('int8', n, k, turned), { transposedB: true });
    expect(plain.dtype).toBe('int32');
    expect(Array.from(await plain.read())).toEqual(expected);
    expect(Array.from(await given.read())).toEqual(expected);
  });

  it('bf16 carries raw bits: 1.5 x 2 = 3', async () => {
    const a = await device.matrix('bf16', 1, 1, Uint16Array.of(0x3fc0));
    const b = await device.matrix('bf16', 1, 1, Uint16Array.of(0x4000));
    expect(Array.from(await (await device.multiply(a, b)).read())).toEqual([0x4040]);
  });

  it('says which kernel computed it, by the name that a row of that size has', async () => {
    const { results } = await loadNative().run({
      device: 'cpu',
      operation: 'gemm.int8',
      shape: { m, n, k },
      providers: ['builtin'],
      data: 'uniform',
      seed: 1,
      telemetry: false,
      fault: 'none',
      threads: null,
      budget: { warmupSeconds: 0, burstSeconds: 0, sustainedSeconds: 0, precision: 1 },
    });
    const c = await device.multiply(await device.matrix('int8', m, k), await device.matrix('int8', k, n));
    expect(c).toBeInstanceOf(Product);
    expect(results).toMatchObject([{ kernel: { name: c.kernel } }]);
    expect(c.kernel).toMatch(/^blocked .*int8/);
    const half = await device.multiply(await device.matrix('bf16', m, k), await device.matrix('bf16', k, n));
    expect(half.kernel).not.toBe(c.kernel);
  });

  it('of many shapes does not fill the memory with what their kernels keep', async () => {
    const [k, MiB] = [512, 2 ** 20];
    const b = await device.matrix('tf32', k, 1, new Float32Array(k));
    const before = process.memoryUsage().rss;
    // A of each of them is decoded into memory of the kernel's own: 39 MiB.
    for (let rows = 20_000; rows < 20_020; rows++) {
      const a = await device.matrix('tf32', rows, k);
      const c = await device.multiply(a, b);
      for (const matrix of [a, c]) await matrix.release();
    }
    expect((process.memoryUsage().rss - before) / MiB).toBeLessThan(300);
    await b.release();
  });

  it('refuses matrices that do not fit together, and what the backend lacks', async () => {
    const a = await device.matrix('fp32', 2, 3);
    const b = await device.matrix('fp32', 2, 3);
    await expect(device.multiply(a, b)).rejects.toThrow(/2 x 3 and cannot be multiplied/);
    const square = await device.matrix('fp32', 3, 3);
    await expect(device.multiply(a, square, { accumulator: 'half' })).rejects.toMatchObject({
      code: 'ENOTSUP',
    });
    for (const provider of ['nobody', ''])
      await expect(device.multiply(a, square, { provider })).rejects.toThrow(
        new NativeError(
          'ENOTSUP',
          `no provider "${provider}" of GEMM on the CPU; there are: builtin, openblas, onednn`,
        ),
      );
    await expect(device.matrix('fp32', 2, 2, new Float32Array(3))).rejects.toThrow(/4 elements, not 3/);
  });
});

describe('what is no matrix and no option', () => {
  const one = { grid: [1, 1, 1], block: [1, 1, 1] };
  // As a program without types would pass it.
  const untyped: {
    matrix: (...given: unknown[]) => Promise<Matrix>;
    multiply: (...given: unknown[]) => Promise<Product>;
  } = {
    matrix: (...given) => Reflect.apply(device.matrix, device, given),
    multiply: (...given) => Reflect.apply(device.multiply, device, given),
  };

  it.each<[RegExp, ...unknown[]]>([
    [/Float32Array/, 'fp32', 2, 2, [1, 2, 3, 4]],
    [/Float32Array/, 'fp32', 2, 2, new Int8Array(4)],
    [/Float32Array/, 'fp32', 2, 2, 'four'],
    [/Float32Array/, 'fp32', 2, 2, null],
    [/Uint16Array/, 'fp16', 2, 2, new Float32Array(4)],
    [/rows -2 cannot be/, 'fp32', -2, -2],
    [/columns 1.5 cannot be/, 'fp32', 2, 1.5],
    [/rows 0 cannot be/, 'fp32', 0, 2],
    [/rows "2" cannot be/, 'fp32', '2', 2],
    [/dtype "fp31" cannot be: expected one of fp64/, 'fp31', 2, 2],
    [/dtype undefined cannot be/],
  ])('is refused: %s', async (sentence, ...given) => {
    const error: unknown = await untyped.matrix(...given).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: 'EINVAL', message: expect.stringMatching(sentence) });
  });

  it.each<[RegExp, unknown]>([
    [/no option transposeB; there are provider, accumulator, transposedB/, { transposeB: true }],
    [/transposedB "yes"/, { transposedB: 'yes' }],
    [/accumulator "some" cannot be: expected one of full, half, fast/, { accumulator: 'some' }],
    [/null/, null],
  ])('is refused: %s', async (sentence, options) => {
    const a = await device.matrix('fp32', 2, 2, new Float32Array(4));
    const error: unknown = await untyped.multiply(a, a, options).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'EINVAL', message: expect.stringMatching(sentence) });
  });

  it('is refused as an operand', async () => {
    const a = await device.matrix('fp32', 2, 2, new Float32Array(4));
    const { rows, columns, dtype, buffer } = a;
    const forged: unknown = Object.create(Matrix.prototype);
    for (const operand of [undefined, null, 7, 'a', [], buffer, { rows, columns, dtype, buffer }, forged]) {
      const refusal = {
        code: 'EINVAL',
        message: expect.stringMatching(/^[AB] is no Matrix; device\.matrix and /),
      };
      await expect(untyped.multiply(operand, a)).rejects.toMatchObject(refusal);
      await expect(untyped.multiply(a, operand)).rejects.toMatchObject(refusal);
    }
  });

  it('int32 is refused as the format of an operand', async () => {
    const a = await device.matrix('int8', 2, 2);
    const c = await device.multiply(a, a);
    const error = new UsageError(
      'B is int32: what can be multiplied is fp64, fp32, tf32, fp16, bf16, fp8e4m3, fp8e5m2, int8',
    );
    await expect(untyped.multiply(a, c)).rejects.toThrow(error);
    await expect(untyped.multiply(c, c)).rejects.toThrow(/^A is int32: what can be multiplied is fp64, /);
  });

  it('is refused of a launch too', async () => {
    const size = { grid: [1, 1, 1], block: [32, 1, 1] } satisfies Parameters<Module['launch']>[1];
    const launch = (more: object): Promise<void> =>
      new Module(device, 1e9).launch('f', { ...size, ...more }, []);
    await expect(launch({ sharedBytes: 64 })).rejects.toMatchObject({ code: 'EBADF' });
    await expect(launch({ sharedByte: 64 })).rejects.toThrow(
      'there is no option sharedByte; there are grid, block, sharedBytes',
    );
  });

  it.each<[string, unknown[]]>([
    ['grid.0 0 cannot be: expected number to be >0', ['f', { grid: [0, 1, 1], block: [1, 1, 1] }, []]],
    ['grid 1 cannot be: expected tuple, received number', ['f', { grid: 1, block: [1, 1, 1] }, []]],
    ['block undefined cannot be: expected tuple, received undefined', ['f', { grid: [1, 1, 1] }, []]],
    ['sharedBytes -1 cannot be: expected number to be >=0', ['f', { ...one, sharedBytes: -1 }, []]],
    ['launch.function must be a string', [7, one, []]],
    ['launch.arguments[0].int32 must be a whole number', ['f', one, [{ int32: 0.5 }]]],
    ['launch.arguments[0] has no field also', ['f', one, [{ int32: 1, also: 2 }]]],
  ])('of a launch is the fault of the caller: %s', async (message, given) => {
    const module = new Module(device, 1e9);
    const error: unknown = await Reflect.apply(module.launch, module, given).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: 'EINVAL', message });
  });

  it('of a copy onto itself, of an image without bytes and of a provider without end too', async () => {
    const a = await device.matrix('fp32', 2, 2, new Float32Array(4));
    const refused = [
      device.copy(a.buffer, a.buffer, 8, 0, 4),
      device.load(''),
      device.multiply(a, a, { provider: 'x'.repeat(5000) }),
    ];
    for (const one of refused) await expect(one).rejects.toBeInstanceOf(UsageError);
  });

  const numbers = '-3.4028235e38 to 3.4028235e38, an infinity or NaN';
  it.each<[unknown, { code: string; message?: string }]>([
    [{ float32: Number.POSITIVE_INFINITY }, { code: 'EBADF' }],
    [{ float32: Number.NaN }, { code: 'EBADF' }],
    [{ float64: Number.NEGATIVE_INFINITY }, { code: 'EBADF' }],
    [{ float32: 1e39 }, { code: 'EINVAL', message: `launch.arguments[0].float32 must be from ${numbers}` }],
    [{ float64: '1' }, { code: 'EINVAL', message: 'launch.arguments[0].float64 must be a number' }],
    [
      { uint32: -1 },
      { code: 'EINVAL', message: 'launch.arguments[0].uint32 must be a number from 0 to 4294967295' },
    ],
    [
      { double: 1 },
      {
        code: 'EINVAL',
        message:
          'launch.arguments[0] needs one of the fields buffer, int32, uint32, int64, uint64, float32, float64',
      },
    ],
  ])('%o is an argument of a kernel or is refused as none: %o', async (argument, expected) => {
    const module = new Module(device, 1e9);
    const given = ['f', { grid: [1, 1, 1], block: [32, 1, 1] }, [argument]];
    await expect(Reflect.apply(module.launch, module, given)).rejects.toMatchObject(expected);
  });

  it('a matrix is an argument of a kernel by its buffer', async () => {
    const a = await device.matrix('fp32', 2, 2);
    const module = new Module(device, 1e9);
    const launch = (argument: unknown): Promise<unknown> =>
      Reflect.apply(module.launch, module, ['f', { grid: [1, 1, 1], block: [32, 1, 1] }, [argument]]);
    await expect(launch(a)).rejects.toThrow(
      new UsageError('a kernel takes a matrix by its buffer; give matrix.buffer'),
    );
    await expect(launch(a.buffer)).rejects.toMatchObject({ code: 'EBADF' });
  });

  it('is no matter to a launch that was asked for before', async () => {
    const size = { grid: [1, 1, 1], block: [32, 1, 1], sharedBytes: 0 } satisfies Parameters<
      Module['launch']
    >[1];
    const given: Parameters<Module['launch']>[2][number][] = [{ int32: 1 }];
    const asked = new Module(device, 1e9).launch('f', size, given);
    size.sharedBytes = -1;
    given[0] = { int32: 0.5 };
    await expect(asked).rejects.toMatchObject({ code: 'EBADF' });
  });

  it('is no matter to a launch in the arrays and objects that were given with it either', async () => {
    const launched: LaunchRequest[] = [];
    const native = { ...loadNative(), launch: async (request: LaunchRequest) => void launched.push(request) };
    const module = new Module(new Device(native, 1e9, cpu), 1e9);
    const size = { grid: [1, 1, 1], block: [32, 1, 1] } satisfies Parameters<Module['launch']>[1];
    const row = { int32: 0 };
    const asked = [0, 1, 2].map((i) => {
      size.grid[0] = size.block[1] = i + 1;
      row.int32 = i;
      return module.launch('f', size, [row]);
    });
    await Promise.all(asked);
    expect(launched).toMatchObject([
      { grid: [1, 1, 1], block: [32, 1, 1], arguments: [{ int32: 0 }] },
      { grid: [2, 1, 1], block: [32, 2, 1], arguments: [{ int32: 1 }] },
      { grid: [3, 1, 1], block: [32, 3, 1], arguments: [{ int32: 2 }] },
    ]);
  });

  it('is a constant to a launch, in its types as well', async () => {
    const size = { grid: [1, 1, 1], block: [32, 1, 1] } as const;
    await expect(new Module(device, 1e9).launch('f', size, [])).rejects.toMatchObject({ code: 'EBADF' });
  });

  it.each<[string, unknown, unknown]>([
    ['the size of a launch is an object: { grid, block }', undefined, []],
    ['the size of a launch is an object: { grid, block }', null, []],
    ['the arguments of a kernel come in an array', {}, undefined],
    ['the arguments of a kernel come in an array', {}, 'abc'],
  ])('is refused of a launch in a sentence: %s', async (sentence, ...given) => {
    const module = new Module(device, 1e9);
    await expect(Reflect.apply(module.launch, module, ['f', ...given])).rejects.toThrow(
      new UsageError(sentence),
    );
  });
});

it('operands of two formats, and of int32, do not compile, and are refused', async () => {
  const [a, b] = [await device.matrix('fp32', 2, 2), await device.matrix('int8', 2, 2)];
  const alike = await device.multiply(b, b);
  expectTypeOf(alike).toEqualTypeOf<Product<'int32'>>();
  // @ts-expect-error: inferred from both, the format would be fp32 or int8, and both would fit it.
  await expect(device.multiply(a, b)).rejects.toThrow('A is fp32 and B is int8: they must be alike');
  // @ts-expect-error
  await expect(device.multiply(b, a)).rejects.toThrow('A is int8 and B is fp32: they must be alike');
  // @ts-expect-error
  await expect(device.multiply(alike, alike)).rejects.toBeInstanceOf(UsageError);
});

it('arrays and objects of another realm are what they are', async () => {
  const there: unknown = runInNewContext(
    '({ data: Float32Array.of(1, 2), size: { grid: [1, 1, 1], block: [32, 1, 1] } })',
  );
  const { data, size } = there as { data: Float32Array; size: Parameters<Module['launch']>[1] };
  expect(data).not.toBeInstanceOf(Float32Array);
  expect(await (await device.matrix('fp32', 1, 2, data)).read()).toEqual(Float32Array.of(1, 2));
  await expect(new Module(device, 1e9).launch('f', size, [])).rejects.toMatchObject({ code: 'EBADF' });
});

describe('without awaits', () => {
  const operands = async (on: Device) =>
    [
      await on.matrix('fp32', 2, 3, Float32Array.of(1, 2, 3, 4, 5, 6)),
      await on.matrix('fp32', 3, 1, Float32Array.of(1, 1, 1)),
    ] as const;

  it('a product is that of what its operands were when it was asked for', async () => {
    const [a, b] = await operands(device);
    const asked = device.multiply(a, b);
    const later = [a.buffer.write(new Float32Array(6).fill(100)), b.release()];
    expect(await (await asked).read()).toEqual(Float32Array.of(6, 15));
    await Promise.all(later);
    expect(await a.read()).toEqual(new Float32Array(6).fill(100));
  });

  it('a matrix is filled and a product computed before a device is closed', async () => {
    const other = await openDevice('cpu');
    const [a, b] = await operands(other);
    const long = new Float32Array(3 * 2 ** 20);
    const asked = [other.multiply(a, b), other.matrix('fp32', 3, 2 ** 20, long)];
    const closed = other.close();
    expect((await Promise.all(asked)).map(({ rows }) => rows)).toEqual([2, 3]);
    await closed;
  });
});

describe('buffers', () => {
  it('keep the order of the calls without awaits, and long writes whole', async () => {
    const bytes = 20 * 1024 * 1024 + 5;
    const data = Uint8Array.from({ length: bytes }, (_, i) => (i * 2654435761) >>> 24);
    const [from, to] = [await device.buffer(bytes), await device.buffer(bytes)];
    const asked = [from.write(data), device.copy(from, to, bytes), from.write(new Uint8Array(bytes))];
    const read = await to.read();
    await Promise.all(asked);
    expect(Buffer.compare(Buffer.from(read), data)).toBe(0);
    expect(new Uint8Array(await from.read(0, 1))).toEqual(Uint8Array.of(0));
    await Promise.all([from.release(), to.release()]);
  });

  it('refuse what lies outside, and everything after release', async () => {
    const buffer = await device.buffer(16);
    await expect(buffer.write(new Uint8Array(17))).rejects.toMatchObject({ code: 'ERANGE' });
    await expect(buffer.read(8, 9)).rejects.toMatchObject({ code: 'ERANGE' });
    await buffer.release();
    await expect(buffer.read()).rejects.toMatchObject({ code: 'EBADF' });
    await expect(buffer.release()).rejects.toMatchObject({ code: 'EBADF' });
    await expect(device.buffer(1e13)).rejects.toMatchObject({ code: 'ENOMEM' });
  });

  it.each<[string, (on: Device) => Promise<unknown>]>([
    ['bytes -1', (on) => on.buffer(-1)],
    ['bytes 0', (on) => on.buffer(0)],
    ['bytes 0.5', (on) => on.buffer(0.5)],
    ['bytes "10"', (on) => Reflect.apply(on.buffer, on, ['10'])],
    ['offset -1', async (on) => (await on.buffer(16)).write(new Uint8Array(1), -1)],
    ['offset 0.5', async (on) => (await on.buffer(16)).write(new Uint8Array(1), 0.5)],
    ['offset -1', async (on) => (await on.buffer(16)).read(-1)],
    ['bytes -1', async (on) => (await on.buffer(16)).read(0, -1)],
    ['bytes -1', async (on) => on.copy(await on.buffer(16), await on.buffer(16), -1)],
    [
      'toOffset "0"',
      async (on) => Reflect.apply(on.copy, on, [await on.buffer(16), await on.buffer(16), 1, 0, '0']),
    ],
  ])('are told apart from wrong arguments: %s', async (words, call) => {
    const error: unknown = await call(device).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ message: expect.stringMatching(`^${words} cannot be: expected `) });
  });

  it('are left as they are by a write that does not fit, of whatever length', async () => {
    const bytes = 9 * 2 ** 20;
    const buffer = await device.buffer(bytes);
    await buffer.write(new Uint8Array(bytes).fill(1));
    const refusal = {
      code: 'ERANGE',
      message: `${bytes} bytes from offset 1 reach beyond a buffer of ${bytes} bytes`,
    };
    await expect(buffer.write(new Uint8Array(bytes).fill(2), 1)).rejects.toMatchObject(refusal);
    expect(new Set(new Uint8Array(await buffer.read()))).toEqual(new Set([1]));
    await expect(buffer.read(bytes + 1)).rejects.toMatchObject({
      code: 'ERANGE',
      message: `0 bytes from offset ${bytes + 1} reach beyond a buffer of ${bytes} bytes`,
    });
    await buffer.release();
  });

  it('give no bytes where none are asked for, and not so many at once that Node makes no array of them', async () => {
    const { handle } = await device.buffer(16);
    const asked = { buffer: handle, offset: 16, bytes: 0 };
    expect(new Uint8Array(await device.native.read(asked))).toEqual(new Uint8Array());
    await expect(device.native.read({ ...asked, bytes: 2 ** 30 + 1 })).rejects.toMatchObject({
      code: 'ERANGE',
      message: 'read.bytes must be a whole number from 0 to 1073741824',
    });
  });

  it('take the bytes of views and of array buffers, and nothing else', async () => {
    const buffer = await device.buffer(4);
    await buffer.write(Uint8Array.of(1, 2, 3, 4).buffer);
    await buffer.write(new DataView(Uint8Array.of(8, 9).buffer, 1), 3);
    expect(new Uint8Array(await buffer.read())).toEqual(Uint8Array.of(1, 2, 3, 9));
    for (const data of [[9, 9], 'hello', null, 7, { byteLength: 4 }])
      await expect(Reflect.apply(buffer.write, buffer, [data])).rejects.toMatchObject({ code: 'EINVAL' });
    expect(new Uint8Array(await buffer.read())).toEqual(Uint8Array.of(1, 2, 3, 9));
  });

  it.each<[RegExp, () => unknown]>([
    [/lies in a SharedArrayBuffer; give a copy/, () => new SharedArrayBuffer(16)],
    [/lies in a SharedArrayBuffer; give a copy/, () => new Float32Array(new SharedArrayBuffer(16))],
    [/lies in a SharedArrayBuffer; give a copy/, () => new DataView(new SharedArrayBuffer(16))],
    [/has lost its bytes: its ArrayBuffer was transferred/, () => detached(new Float32Array(4)).buffer],
    [/has lost its bytes: its ArrayBuffer was transferred/, () => detached(new Float32Array(4))],
    [
      /has lost its bytes: its ArrayBuffer was transferred/,
      () => detached(new DataView(new ArrayBuffer(16))),
    ],
  ])('refuse what %s: %s', async (sentence, made) => {
    const buffer = await device.buffer(16);
    const untyped: Record<string, (data: unknown) => Promise<unknown>> = {
      write: (data) => Reflect.apply(buffer.write, buffer, [data]),
      load: (data) => Reflect.apply(device.load, device, [data]),
      matrix: (data) => Reflect.apply(device.matrix, device, ['fp32', 2, 2, data]),
    };
    for (const [name, refusing] of Object.entries(untyped)) {
      if (name === 'matrix' && !(made() instanceof Float32Array)) continue;
      const error: unknown = await refusing(made()).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(UsageError);
      expect(error).toMatchObject({ code: 'EINVAL', message: expect.stringMatching(sentence) });
    }
  });

  it('refuse an offset or a length that is no number, which null would pass for', async () => {
    const buffer = await device.buffer(16);
    for (const offset of [null, '1', 1n, {}, Number.NaN]) {
      const sentence = /^offset .* cannot be: expected number/;
      const given = new Uint8Array(4);
      await expect(Reflect.apply(buffer.write, buffer, [given, offset])).rejects.toThrow(sentence);
      await expect(Reflect.apply(buffer.read, buffer, [offset])).rejects.toThrow(sentence);
      await expect(Reflect.apply(buffer.read, buffer, [0, offset])).rejects.toThrow(/^bytes .* cannot be: /);
    }
    expect((await buffer.read(8)).byteLength).toBe(8);
    expect((await buffer.read(8, 0)).byteLength).toBe(0);
  });

  it('refuse shared memory at the door of the native side too', async () => {
    const { handle } = await device.buffer(16);
    const shared = new SharedArrayBuffer(16);
    for (const data of [new Uint8Array(shared), new DataView(shared)])
      await expect(device.native.write({ buffer: handle, offset: 0, data })).rejects.toMatchObject({
        code: 'EINVAL',
        message: 'write.data must not lie in a SharedArrayBuffer',
      });
  });

  it('refuse an array that has lost its bytes since it was given', async () => {
    const data = new Float32Array(3 * 2 ** 20);
    const asked = device.matrix('fp32', 3, 2 ** 20, data);
    detached(data);
    await expect(asked).rejects.toMatchObject({
      code: 'EINVAL',
      message: expect.stringContaining('12582912 bytes and has 0 now'),
    });
  });

  // The memory of so large an array is not touched, and so takes nothing.
  it('take an array above 4 GiB in pieces, in Node 20 too', async ({ skip }) => {
    const pieces: { offset: number; bytes: number }[] = [];
    const large = new Device(
      {
        ...loadNative(),
        allocate: async () => ({ buffer: 1e9 }),
        write: async ({ offset, data }) => void pieces.push({ offset, bytes: data.byteLength }),
        release: async () => undefined,
      },
      1e9,
      cpu,
    );
    const data = untouched(2 ** 29 + 1) ?? skip('the system gives no such array');
    await large.matrix('fp64', 1, data.length, data);
    const buffer = await large.buffer(data.byteLength);
    await buffer.write(data.buffer);
    const each = pieces.length / 2;
    expect(pieces.slice(0, each)).toEqual(pieces.slice(each));
    expect(pieces.slice(0, each).reduce((at, { bytes }) => at + bytes, 0)).toBe(2 ** 32 + 8);
    expect(pieces[each - 1]).toEqual({ offset: 2 ** 32, bytes: 8 });
  });

  // In Node 20 a native module makes no ArrayBuffer above 4 GiB.
  it('are read in pieces above 1 GiB', async () => {
    const [MiB, given] = [2 ** 20, new Uint8Array(8 * 2 ** 20).fill(7)];
    const asked: { offset: number; bytes: number }[] = [];
    const native = {
      ...loadNative(),
      allocate: async () => ({ buffer: 1e9 }),
      release: async () => undefined,
      read: async ({ offset, bytes }: { offset: number; bytes: number }) => {
        asked.push({ offset, bytes });
        return bytes === given.length ? given.buffer : given.buffer.slice(0, bytes);
      },
    };
    const buffer = await new Device(native, 1e9, cpu).buffer(2 ** 31);
    await buffer.read(2 ** 30, 5);
    await buffer.read(0, 2 ** 30 + 5).then((read) => {
      expect([0, 8 * MiB, 2 ** 30 + 4].map((at) => new Uint8Array(read)[at])).toEqual([7, 7, 7]);
    });
    expect(asked.slice(0, 3)).toEqual([
      { offset: 2 ** 30, bytes: 5 },
      { offset: 0, bytes: 8 * MiB },
      { offset: 8 * MiB, bytes: 8 * MiB },
    ]);
    expect(asked.at(-1)).toEqual({ offset: 2 ** 30, bytes: 5 });
  });

  it('say what reads a matrix that no array holds', async () => {
    const buffer = await device.buffer(16);
    const columns = Math.floor(constants.MAX_LENGTH / 4) + 1;
    await expect(new Matrix('int8', 4, columns, buffer).read()).rejects.toMatchObject({
      code: 'ERANGE',
      message: expect.stringMatching(/has \d+ elements, .* holds at most \d+ .*matrix\.buffer\.read/),
    });
  });

  it('say that the host has no memory for what is read', async () => {
    const bytes = Number.MAX_SAFE_INTEGER;
    await expect(new DeviceBuffer(device, 1e9, bytes).read()).rejects.toThrow(
      new NativeError('ENOMEM', `the host has no ${bytes} bytes for what is read: read it in stretches`),
    );
  });

  it('leave the event loop free', async () => {
    const side = 1500;
    const a = await device.matrix('fp64', side, side, new Float64Array(side * side).fill(1));
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const c = await device.multiply(a, a);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
    expect((await c.read())[0]).toBe(side);
  });
});

describe('devices', () => {
  it('an unknown one is refused with what is there', async () => {
    await expect(openDevice('cuda:77')).rejects.toMatchObject({
      code: 'ENODEV',
      message: expect.stringMatching(/^no device "cuda:77"; here: .*cpu/),
    });
    await expect(openDevice('teapot')).rejects.toBeInstanceOf(NativeError);
  });

  it('are known by their names in either case, as to the command', async () => {
    const upper = await openDevice('CPU');
    expect(upper.facts.id).toBe('cpu');
    await upper.close();
    const asked: string[] = [];
    const native = {
      ...loadNative(),
      open: async (request: { device: string }) => {
        asked.push(request.device);
        return { device: 1e9, facts: cpu };
      },
    };
    for (const name of ['CUDA:0', 'gpu-AB12-cd', 'Mig-AB12-cd', 'GPU-ab12-cd'])
      await openDevice(name, native);
    expect(asked).toEqual(['cuda:0', 'GPU-ab12-cd', 'MIG-ab12-cd', 'GPU-ab12-cd']);
  });

  it('what is no name is refused', async () => {
    await expect(openDevice(7 as never)).rejects.toThrow(
      new UsageError('a device is opened by its name: cpu, cuda:0 or a UUID'),
    );
  });

  it('an unknown one is refused with the reason that no GPU is there, and no other absence', async () => {
    const absences = [
      { what: 'OpenBLAS', reason: 'it is not installed', remedy: 'install it', code: null },
      { what: 'NVIDIA driver', reason: 'it could not be opened', remedy: 'install the driver', code: null },
    ];
    const native = {
      ...loadNative(),
      open: () => Promise.reject(new NativeError('ENODEV', 'none')),
      inventory: async () => ({ ...inventory([cpu]), absences }),
    };
    await expect(openDevice('cuda:0', native)).rejects.toThrow(
      new NativeError(
        'ENODEV',
        'no device "cuda:0"; here: cpu; NVIDIA driver: it could not be opened; install the driver',
      ),
    );
    const lost = new NativeError('CUDA_ERROR_UNKNOWN', 'it is lost');
    await expect(openDevice('cuda:0', { ...native, open: () => Promise.reject(lost) })).rejects.toBe(lost);
  });

  it('errors carry the line of the call, also of one that had to wait', async () => {
    const buffer = await device.buffer(16);
    const square = await device.matrix('fp32', 2, 2);
    const module = new Module(device, 1e9);
    const calls: Record<string, () => Promise<unknown>> = {
      write: () => buffer.write(new Uint8Array(17)),
      read: () => buffer.read(8, 9),
      copy: () => device.copy(buffer, buffer, 4),
      buffer: () => device.buffer(1e13),
      matrix: () => device.matrix('fp64', 1e6, 1e9),
      multiply: () => device.multiply(square, square, { provider: 'nobody' }),
      load: () => device.load('.version 7.0'),
      unload: () => module.unload(),
      open: () => openDevice('cuda:77'),
    };
    const stacks: Record<string, string | undefined> = {};
    for (const [name, call] of Object.entries(calls)) {
      const long = buffer.write(new Uint8Array(16));
      async function caller(): Promise<unknown> {
        return await call();
      }
      stacks[name] = await caller().then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.stack : undefined),
      );
      await long;
    }
    const lines = Object.entries(stacks).map(([name, stack]) => [
      name,
      /at (async )?caller /.test(stack ?? ''),
    ]);
    expect(lines).toEqual(Object.keys(calls).map((name) => [name, true]));
  });

  it('a closed one refuses everything, and errors carry a JavaScript stack', async () => {
    const other = await openDevice('cpu');
    expect(other).toBeInstanceOf(Device);
    const buffer = await other.buffer(64);
    await other.close();
    const error: unknown = await buffer.read().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'EBADF' });
    expect(error instanceof Error && error.stack).toContain('.ts');
    await expect(other.buffer(1)).rejects.toMatchObject({ code: 'EBADF' });
    await expect(other.buffer(1)).rejects.toThrow(/^device \d+ is not open: it was closed, /);
    await expect(buffer.read()).rejects.toThrow(
      /^buffer \d+ is not open: it was released, or its device closed/,
    );
  });

  it('what was released or closed before an `await using` ends is no error there', async () => {
    const other = await openDevice('cpu');
    const [early, late] = [await other.matrix('fp32', 2, 2), await other.buffer(16)];
    await early.release();
    await early[Symbol.asyncDispose]();
    await expect(early.release()).rejects.toMatchObject({ code: 'EBADF' });
    await other[Symbol.asyncDispose]();
    await expect(late.read()).rejects.toMatchObject({ code: 'EBADF' });
    await late[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
    await new Module(device, 1e9)[Symbol.asyncDispose]();
  });

  it('the end of an `await using` unloads a module', async () => {
    const unloaded: number[] = [];
    const native = {
      ...loadNative(),
      load: async () => ({ module: 7 }),
      unload: async ({ module }: { module: number }) => void unloaded.push(module),
    };
    await (await new Device(native, 1e9, cpu).load('.version 7.0'))[Symbol.asyncDispose]();
    expect(unloaded).toEqual([7]);
  });

  it('another one is not computed on, and its buffers are not copied', async () => {
    const other = await openDevice('cpu');
    const [ours, theirs] = [await device.matrix('fp32', 2, 2), await other.matrix('fp32', 2, 2)];
    const refused = async (asked: Promise<unknown>, name: string): Promise<void> =>
      expect(asked).rejects.toMatchObject({
        code: 'EXDEV',
        message: `${name} was made by another device, and can be used with that one only`,
      });
    await refused(device.multiply(ours, theirs), 'B');
    await refused(device.multiply(theirs, theirs), 'A');
    await refused(device.copy(ours.buffer, theirs.buffer, 4), 'to');
    await refused(device.copy(theirs.buffer, theirs.buffer, 4, 0, 8), 'from');
    await expect(Reflect.apply(device.copy, device, [ours, ours.buffer, 4])).rejects.toThrow(
      new UsageError('from is no Buffer; device.buffer makes them'),
    );
    await other.close();
    await refused(device.multiply(ours, theirs), 'B');
  });

  it('the CPU has no modules, and says so', async () => {
    await expect(device.load('.version 7.0')).rejects.toMatchObject({ code: 'ENOTSUP' });
  });

  it('many can be opened and closed without a leak of handles', async () => {
    for (let i = 0; i < 50; ++i) await (await openDevice('cpu')).close();
    await expect(loadNative().close({ device: 1e15 })).rejects.toMatchObject({ code: 'EBADF' });
  });
});
