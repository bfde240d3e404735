// Products that must come out to the bit in every format, on the compute face: rows or columns put in another order by a
// matrix with a single 1 in each row and each column, and one product of random matrices again and again.

import { arrays, products } from '../dist/matrix.js';

const repeats = 20;

/** Bits of the fraction; and the bias of the exponent, where a typed array carries raw bits. */
const floats = {
  fp64: { fraction: 52 },
  fp32: { fraction: 23 },
  tf32: { fraction: 10 },
  fp16: { fraction: 10, bias: 15 },
  bf16: { fraction: 7, bias: 127 },
  fp8e4m3: { fraction: 3, bias: 7 },
  fp8e5m2: { fraction: 2, bias: 15 },
};

/** 32 random bits a call: mulberry32. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return (bits ^ (bits >>> 14)) >>> 0;
  };
}

/** A random number that the format holds: all of its fraction, never 0 nor subnormal, below 1 so that no sum overflows. */
function draw(dtype, random) {
  if (dtype === 'int8') return (random() & 255) - 128;
  const { fraction } = floats[dtype];
  const bits = (random() * 2 ** 20 + (random() >>> 12)) % 2 ** fraction;
  return (random() & 1 ? 1 : -1) * (1 + bits / 2 ** fraction) * 2 ** -(1 + (random() % 6));
}

/** The element of a typed array that stands for `value`, which the format must hold exactly. */
function encoded(dtype, value) {
  const { fraction, bias } = floats[dtype] ?? {};
  if (bias === undefined || value === 0) return value;
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  const significand = Math.abs(value) / 2 ** exponent - 1;
  const sign = value < 0 ? 2 ** (8 * arrays[dtype].BYTES_PER_ELEMENT - 1) : 0;
  return sign + (exponent + bias + significand) * 2 ** fraction;
}

/** Row after row, what `at` gives for row and column, as elements of the format. */
function filled(dtype, rows, columns, at) {
  const elements = new arrays[dtype](rows * columns);
  for (let i = 0; i < rows; ++i)
    for (let j = 0; j < columns; ++j) elements[i * columns + j] = encoded(dtype, at(i, j));
  return elements;
}

/** 0 to length - 1 in random order: Fisher and Yates. */
function shuffled(length, random) {
  const order = Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; --i) {
    const other = random() % (i + 1);
    [order[i], order[other]] = [order[other], order[i]];
  }
  return order;
}

/** What is multiplied, at which shape (a permutation is square), and C where it is known beforehand. */
const checks = {
  'permutation in A': {
    shape: ({ m, n }) => ({ m, n, k: m }),
    operands({ dtype, m, n, k }, random) {
      const order = shuffled(k, random);
      const given = Float64Array.from({ length: k * n }, () => draw(dtype, random));
      return {
        a: filled(dtype, m, k, (i, j) => (order[i] === j ? 1 : 0)),
        b: filled(dtype, k, n, (i, j) => given[i * n + j]),
        expected: filled(products[dtype], m, n, (i, j) => given[order[i] * n + j]),
      };
    },
  },
  'permutation in B': {
    shape: ({ m, n }) => ({ m, n, k: n }),
    operands({ dtype, m, n, k }, random) {
      const order = shuffled(k, random);
      const given = Float64Array.from({ length: m * k }, () => draw(dtype, random));
      return {
        a: filled(dtype, m, k, (i, j) => given[i * k + j]),
        b: filled(dtype, k, n, (i, j) => (order[j] === i ? 1 : 0)),
        expected: filled(products[dtype], m, n, (i, j) => given[i * k + order[j]]),
      };
    },
  },
  repeats: {
    shape: (shape) => shape,
    operands: ({ dtype, m, n, k }, random) => ({
      a: filled(dtype, m, k, () => draw(dtype, random)),
      b: filled(dtype, k, n, () => draw(dtype, random)),
      times: repeats,
    }),
  },
};

/** All checks of a size: each with the shape of its product, and its name. */
export const productsOf = (size) => Object.entries(checks).map(([name, { shape }]) => [shape(size), name]);

/** Multiplies on an open device; answers as a row does: outcome, kernel and the first element that is wrong. */
export async function checkProduct(check, device, { dtype, m, n, k, seed, ...options }) {
  const { a, b, expected, times = 1 } = checks[check].operands({ dtype, m, n, k }, generator(seed));
  const held = [];
  const hold = async (matrix) => {
    held.push(await matrix);
    return held.at(-1);
  };
  try {
    const [left, right] = [
      await hold(device.matrix(dtype, m, k, a)),
      await hold(device.matrix(dtype, k, n, b)),
    ];
    // All are kept until the end: memory given back would come again with the right values in it.
    const found = [];
    for (let time = 0; time < times; ++time) found.push(await hold(device.multiply(left, right, options)));
    const [{ kernel }] = found;
    const wanted = expected ?? (await found[0].read());
    const verification = { differences: 0, first: null, worst: null };
    for (const [time, product] of found.entries())
      compare(wanted, await product.read(), n, times > 1 ? `product ${time + 1}, ` : '', verification);
    const outcome = verification.differences > 0 ? 'wrong' : 'measured';
    return { outcome, kernel: { name: kernel }, verification };
  } catch (error) {
    const { code = error.name, message } = error;
    return code === 'ENOTSUP'
      ? { outcome: 'unsupported', reason: message }
      : { outcome: 'failed', code, message };
  } finally {
    // A device that is lost gives nothing back either, and has said so.
    await Promise.allSettled(held.map((matrix) => matrix.release()));
  }
}

/** Counts elements whose bits differ, -0 from 0 too, and keeps the first. */
function compare(expected, found, columns, where, verification) {
  if (Buffer.compare(bytesOf(expected), bytesOf(found)) === 0) return;
  const size = expected.BYTES_PER_ELEMENT;
  const bits = (array, i) => bytesOf(array).subarray(i * size, (i + 1) * size);
  for (let i = 0; i < expected.length; ++i) {
    if (Buffer.compare(bits(expected, i), bits(found, i)) === 0) continue;
    verification.differences += 1;
    verification.first ??= {
      at: `${where}row ${Math.floor(i / columns)}, column ${i % columns}`,
      expected: text(expected[i], bits(expected, i)),
      actual: text(found[i], bits(found, i)),
    };
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength);
const text = (element, bits) => `${element} (0x${Buffer.from(bits).reverse().toString('hex')})`;
