// Sizes of products as the command takes them, several between commas: "4096,64x8192x8192".

import { parseGemmShape, parseList } from '../dist/usage.js';

export const shapesIn = (option, text) =>
  parseList(option, text).map((shape) => parseGemmShape(option, shape));

export const sides = ({ m, n, k }) => `${m}x${n}x${k}`;
