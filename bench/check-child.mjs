// Verifies rows in a process of its own, so that one that hangs or crashes is one row lost: bench/verifier.mjs sends
// { request, kernel, check } and is answered with the row's results, or { fault }. With a check of products.mjs, the row's
// product is made on the compute face instead.

import { loadNative, openDevice } from '../dist/index.js';
import { checkProduct } from './products.mjs';

const native = loadNative();
const accumulators = { acc16: 'half', fast: 'fast' };
let device;

async function productOf({ operation, shape, seed, providers, ...request }, check) {
  device ??= await openDevice(request.device, native);
  const { dtype, variant } = native.operations().find(({ id }) => id === operation);
  const accumulator = accumulators[variant] ?? 'full';
  return [await checkProduct(check, device, { dtype, ...shape, seed, accumulator, provider: providers[0] })];
}

process.on('message', async ({ request, kernel, check }) => {
  // Read by the addon before each choice: of the forms of a kernel, those whose name has this part.
  if (kernel === null) delete process.env.NAMEPLATE_KERNEL;
  else process.env.NAMEPLATE_KERNEL = kernel;
  try {
    const results = check === null ? (await native.run(request)).results : await productOf(request, check);
    process.send({ results });
  } catch (error) {
    process.send({ fault: `${error.code ?? error.name}: ${error.message}` });
  }
});

// The check is gone: in the middle of a launch only a kill is sure to end this.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
