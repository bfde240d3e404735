// Soaks a row with a fault in this process, and prints two steps as JSON: one of a single round, and one after it.
//
//   node upset.mjs OPERATION PROVIDER FAULT [PEER]

import { loadNative } from '../../dist/native.js';

const native = loadNative();
const [operation, provider, fault, peer] = process.argv.slice(2);
const sizes = { gemm: { m: 64, n: 64, k: 256 }, dpx: { steps: 256 } };
const size = sizes[operation.split('.')[0]] ?? { bytes: 2 ** 22 };
const request = {
  device: 'cuda:0',
  operation,
  provider,
  shape: peer === undefined ? size : { ...size, peer },
  data: 'uniform',
  seed: 7,
  fault,
};
const first = await native.soak({ ...request, seconds: 0 });
const later = await native.soak({ ...request, seconds: 0.01 });
process.stdout.write(JSON.stringify([first, later]));
