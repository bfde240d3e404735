// Uses each part of the CUDA backend in one process that ends by itself, once for every fault it is given, and prints
// a line of JSON for each: what became of rows and calls, what the ledger says (test/driver/ledger.h; it is emptied),
// and whether everything works again afterwards.
//
//   node exercise.mjs FAULT...    one after the other (test/driver/fault.h), all libraries open beforehand
//   node exercise.mjs             NAMEPLATE_FAULT, or none, from the first call of the process on

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { coded } from '../../dist/error.js';
import { nameplate } from '../../dist/judge/documented.js';
import { exitCode } from '../../dist/judge/exitCode.js';
import { loadNative } from '../../dist/native.js';
import { defaultOptions, plan } from '../../dist/plan.js';
import { rowOf } from '../../dist/rows.js';

const native = loadNative();
const budget = { warmupSeconds: 0, burstSeconds: 0.001, sustainedSeconds: 0.001, precision: 0.1 };
const everything = [
  ...['gemm.bf16', 'gemm.bf16.sparse', 'memory.copy', 'memory.read', 'cache.read.device', 'latency.host'],
  ...['launch.graph', 'link.h2d.pinned', 'link.d2h.pageable', 'link.both.pinned', 'peer.both'],
];
const array = { bytes: 2 ** 18 };

/** The rows as `nameplate run` would give them, but in this process. */
async function measure(only, shapes) {
  const options = { ...defaultOptions('quick'), devices: ['cuda:0'], only, shapes };
  const rows = [];
  for (const job of plan(options, await native.inventory(), native.operations())) {
    const { results } = await native.run({ ...job.request, budget }).catch((error) => ({
      results: job.request.providers.map((provider) => ({ outcome: 'failed', provider, ...coded(error) })),
    }));
    rows.push(...results.map((result) => rowOf(job, result, nameplate(job.device))));
  }
  return rows;
}

// The simulated driver knows a kernel of this name and takes its parameters; the body is of no account.
const ptx = `.version 7.0
.target sm_70
.address_size 64
.visible .entry scale(.param .u64 data, .param .f32 factor, .param .u32 count) { ret; }
`;
const image = (text) => new TextEncoder().encode(text);

/** A user's kernel on a user's buffer. */
async function scaled() {
  const { device } = await native.open({ device: 'cuda:0' });
  try {
    const { buffer } = await native.allocate({ device, bytes: 16 });
    await native.write({ buffer, offset: 0, data: new Float32Array([1, 2, 3, 4]) });
    const { module } = await native.load({ device, image: image(ptx) });
    await native.launch({
      module,
      function: 'scale',
      grid: [1, 1, 1],
      block: [32, 1, 1],
      sharedBytes: 64 * 1024,
      arguments: [{ buffer, offset: 0 }, { float32: 3 }, { uint32: 3 }],
    });
    const numbers = [...new Float32Array(await native.read({ buffer, offset: 0, bytes: 16 }))];
    await native.unload({ module });
    await native.release({ buffer });
    return numbers;
  } finally {
    await native.close({ device });
  }
}

/** An image newer than the driver: it asks the driver for the name and the text of an error. */
async function refused() {
  const { device } = await native.open({ device: 'cuda:0' });
  try {
    await native.load({ device, image: image(ptx.replace('7.0', '99.0')) });
  } finally {
    await native.close({ device });
  }
}

const settled = (promise) =>
  promise.then(
    (value) => ({ value }),
    (error) => ({ error: coded(error) }),
  );

/** The device that was measured last is kept open until another one is asked for, here for nothing. */
const letGo = () =>
  native.run({
    device: 'cpu',
    operation: 'gemm.fp32',
    shape: { m: 1, n: 1, k: 1 },
    providers: ['nobody'],
    data: 'uniform',
    seed: 1,
    telemetry: false,
    fault: 'none',
    budget,
  });

async function exercise() {
  const measured = await settled(measure(everything, [{ m: 32, n: 32, k: 64 }, array]));
  const { absences, devices } = await native.inventory();
  const rows = (measured.value ?? []).map(({ id, provider, verdict }) => ({ id, provider, verdict }));
  return {
    rows,
    // What program.ts answers to an error that no row could hold.
    exit: measured.error ? 3 : exitCode({ rows, devices }, { strict: false, interrupted: false }),
    error: measured.error ?? null,
    absences,
    module: await settled(scaled()),
    refusal: (await settled(refused())).error ?? null,
  };
}

/** The same process, after the fault. */
async function again() {
  const { value, error } = await settled(measure(['memory.read'], [array]));
  return { rows: value?.map(({ verdict }) => verdict.status), error, module: await settled(scaled()) };
}

function ledger() {
  const file = process.env.NAMEPLATE_SIMULATE_LEDGER;
  if (file === undefined || !existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  rmSync(file);
  return lines.map((line) => JSON.parse(line));
}

const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const faults = process.argv.slice(2);
if (faults.length === 0) {
  const came = await exercise();
  await letGo();
  print({ fault: process.env.NAMEPLATE_FAULT ?? '', ...came, ledger: ledger() });
} else {
  await native.inventory();
  for (const fault of faults) {
    print({ begins: fault });
    process.env.NAMEPLATE_FAULT = fault;
    const came = await exercise();
    await letGo();
    delete process.env.NAMEPLATE_FAULT;
    const after = await again();
    await letGo();
    print({ fault, ...came, again: after, ledger: ledger() });
  }
}
