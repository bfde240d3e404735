// Uses each part of the CUDA backend once, in one process that ends by itself, and prints what became of each step as
// JSON. With NAMEPLATE_FAULT one call of the driver fails on the way: the process must neither crash nor hang, and must
// give back what it took (NAMEPLATE_SIMULATE_LEDGER).

import { loadNative } from '../../dist/native.js';

const native = loadNative();
const device = 'cuda:0';
const budget = { warmupSeconds: 0, burstSeconds: 0.001, sustainedSeconds: 0.001, precision: 0.1 };
const gemm = { m: 64, n: 64, k: 64 };
const array = { bytes: 2 ** 22 };

const results = [];

/** Runs a step and keeps what it came to; a step that has not happened does not keep the next from being tried. */
async function step(name, body) {
  try {
    return await body();
  } catch (error) {
    results.push({ step: name, outcome: 'failed', code: error.code ?? null, message: error.message });
  }
}

async function measure(operation, shape, providers) {
  const request = {
    device,
    operation,
    shape,
    providers,
    data: 'uniform',
    seed: 1,
    telemetry: true,
    fault: 'none',
    budget,
  };
  const answer = await step(operation, () => native.run(request));
  for (const { provider, outcome, code, message, reason } of answer?.results ?? [])
    results.push({ step: `${operation} ${provider}`, outcome, code, message: message ?? reason });
}

// The simulated driver knows a kernel of this name and takes its parameters; the body is of no account.
const image = new TextEncoder().encode(`.version 7.0
.target sm_70
.address_size 64
.visible .entry scale(.param .u64 data, .param .f32 factor, .param .u32 count) { ret; }
`);

async function useModule() {
  const opened = await native.open({ device });
  const { buffer } = await native.allocate({ device: opened.device, bytes: 16 });
  await native.write({ buffer, offset: 0, data: new Float32Array([1, 2, 3, 4]) });
  const { module } = await native.load({ device: opened.device, image });
  await native.launch({
    module,
    function: 'scale',
    grid: [1, 1, 1],
    block: [32, 1, 1],
    sharedBytes: 64 * 1024,
    arguments: [{ buffer, offset: 0 }, { float32: 3 }, { uint32: 3 }],
  });
  const scaled = [...new Float32Array(await native.read({ buffer, offset: 0, bytes: 16 }))];
  await native.unload({ module });
  await native.release({ buffer });
  await native.close({ device: opened.device });
  results.push({ step: 'module', outcome: 'done', scaled });
}

const inventory = await step('inventory', () => native.inventory());
await measure('gemm.bf16', gemm, ['builtin', 'cublaslt']);
await measure('memory.copy', array, ['builtin', 'driver']);
await measure('memory.read', array, ['builtin']);
await measure('link.h2d.pinned', array, ['driver']);
await measure('link.d2h.pageable', array, ['driver']);
await step('module', useModule);
process.stdout.write(JSON.stringify({ absences: inventory?.absences ?? [], results }));
