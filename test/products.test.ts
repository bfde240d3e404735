// bench/products.mjs on the CPU: right in every format by every provider, and not content with a single wrong bit.

import { afterAll, describe, expect, it } from 'vitest';
import { checkProduct, productsOf } from '../bench/products.mjs';
import { type Device, type DType, loadNative, openDevice } from '../src/index.js';

const device = await openDevice('cpu');
afterAll(() => device.close());

const sizes = [
  { m: 129, n: 129, k: 129 },
  { m: 17, n: 70, k: 300 },
];
const checks = sizes.flatMap(productsOf);
const accumulators = { acc16: 'half', fast: 'fast' } as const;
const formats = loadNative()
  .operations()
  .filter(({ family, providers }) => family === 'gemm' && providers.cpu.length > 0)
  .flatMap(({ id, dtype, variant, providers }) =>
    providers.cpu.map((provider) => ({
      id,
      provider,
      dtype: dtype as DType,
      accumulator: accumulators[variant as keyof typeof accumulators] ?? ('full' as const),
    })),
  );

it('there are formats to check', () => {
  expect(formats.length).toBeGreaterThan(9);
  expect(checks.map(([, name]) => name)).toEqual([
    ...['permutation in A', 'permutation in B', 'repeats'],
    ...['permutation in A', 'permutation in B', 'repeats'],
  ]);
});

describe.each(formats)('$id by $provider', ({ id: _, ...format }) => {
  it.each(checks)('%o: %s', async (shape, check) => {
    const result = await checkProduct(check, device, { ...format, ...shape, seed: 7 });
    if (result.outcome === 'unsupported') expect(format.provider).not.toBe('builtin');
    else expect(result).toMatchObject({ outcome: 'measured', verification: { differences: 0, first: null } });
  });
});

describe('a single wrong bit', () => {
  /** The CPU, with the lowest bit of one element of one product flipped: the last of row 1, whatever the format. */
  function spoiling(time: number): Pick<Device, 'matrix' | 'multiply'> {
    let times = 0;
    return {
      matrix: (...asked) => device.matrix(...asked),
      async multiply(...asked) {
        const product = await device.multiply(...asked);
        times += 1;
        if (times !== time) return product;
        const at = (2 * product.columns - 1) * (product.buffer.bytes / (product.rows * product.columns));
        const [byte = 0] = new Uint8Array(await product.buffer.read(at, 1));
        await product.buffer.write(Uint8Array.of(byte ^ 1), at);
        return product;
      },
    };
  }
  const [size] = sizes;
  const small = {
    dtype: 'fp16',
    accumulator: 'full',
    provider: 'builtin',
    m: 3,
    n: 5,
    k: 4,
    seed: 1,
  } as const;

  it.each([...productsOf(small), ...productsOf(size ?? small)])(
    'of %o: %s is found, with its place',
    async (shape, check) => {
      const time = check === 'repeats' ? 20 : 1;
      const result = await checkProduct(check, spoiling(time), { ...small, ...shape });
      const place = `row 1, column ${shape.n - 1}`;
      expect(result).toMatchObject({
        outcome: 'wrong',
        verification: {
          differences: 1,
          first: {
            at: check === 'repeats' ? `product 20, ${place}` : place,
            expected: expect.stringMatching(/^\d+ \(0x[0-9a-f]{4}\)$/),
          },
        },
      });
    },
  );
});
