// Sizes of products as benches are told them: "4096" is a cube, "64x8192x8192" is M x N x K.

import { UsageError } from '../dist/index.js';

export const shapesIn = (text) =>
  text.split(',').map((shape) => {
    const [m, n = m, k = n] = shape.split('x').map(Number);
    if (!/^[1-9]\d*(x[1-9]\d*x[1-9]\d*)?$/.test(shape))
      throw new UsageError(`"${shape}" is no size of a product: 4096 or 64x8192x8192`);
    return { m, n, k };
  });

export const sides = ({ m, n, k }) => `${m}x${n}x${k}`;
