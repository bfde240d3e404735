import type { Device, DType } from '../src/index.js';

interface Size {
  m: number;
  n: number;
  k: number;
}

export declare function productsOf(size: Size): [shape: Size, check: string][];

export interface ProductResult {
  outcome: 'measured' | 'wrong' | 'unsupported' | 'failed';
  kernel?: { name: string };
  verification?: {
    differences: number;
    first: { at: string; expected: string; actual: string } | null;
    worst: null;
  };
  reason?: string;
  code?: string;
  message?: string;
}

export declare function checkProduct(
  check: string,
  device: Pick<Device, 'matrix' | 'multiply'>,
  product: Size & {
    dtype: DType;
    seed: number;
    provider: string;
    accumulator: 'full' | 'half' | 'fast';
  },
): Promise<ProductResult>;
