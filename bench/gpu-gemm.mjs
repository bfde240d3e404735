// How good are the GPU's own GEMM kernels? Each product by the own kernel that is fastest for it and by the best of the
// algorithms of cuBLASLt, or cuSPARSELt where it is sparse, taking turns in one run, in bursts and sustained:
//
//   node bench/gpu-gemm.mjs [--device cuda:0] [--level quick] [--only gemm.bf16,gemm.int8] [--shape 4096,64x8192x8192]
//                           [--timeout 60] [--out bench/results]
//
// Exit 0 only if every product was right. A record is written after each row, so that one that is cut short stands.

import { parseArgs } from 'node:util';
import { defaultOptions, loadNative, run } from '../dist/index.js';
import { limits, parseList, parseNumber } from '../dist/usage.js';
import { record } from './record.mjs';
import './refusal.mjs';
import { shapesIn, sides } from './shapes.mjs';

const native = loadNative();
const gemms = native.operations().filter(({ family }) => family === 'gemm');
const { values } = parseArgs({
  options: {
    device: { type: 'string', default: 'cuda:0' },
    level: { type: 'string', default: 'quick' },
    // Of one product, in seconds: a kernel that hangs must not cost the others their time.
    timeout: { type: 'string', default: '60' },
    only: { type: 'string', default: gemms.map(({ id }) => id).join(',') },
    shape: {
      type: 'string',
      default:
        '1024,2048,4096,8192,16384,64x8192x8192,8192x64x8192,8192x8192x64,128x16384x4096,4096x128x16384',
    },
    out: { type: 'string', default: 'bench/results' },
  },
});

const only = parseList('--only', values.only);
const shapes = shapesIn('--shape', values.shape);
const timeoutSeconds = parseNumber('--timeout', values.timeout, limits.timeoutSeconds);

const inventory = await native.inventory();
const { devices, build, libraries } = inventory;
const device = devices.find(({ id, uuid }) => id === values.device || uuid === values.device);
if (device?.backend !== 'cuda') {
  process.stdout.write(`no GPU ${values.device}; here: ${devices.map(({ id }) => id).join(', ')}\n`);
  process.exit(3);
}

const tera = (rate) => (rate === null ? '-' : (rate / 1e12).toFixed(1));
const ratio = (own, other) => (own === null || !other ? null : own / other);
const text = (value) => (value === null ? '-' : value.toFixed(3));
const line = (...cells) =>
  process.stdout.write(`${cells.map((cell, i) => (i < 2 ? cell.padEnd(18) : cell.padStart(9))).join(' ')}\n`);

/** Rates in FLOP/s: the median of each phase, and the clock in Hz that the sustained one held. */
function rates(row) {
  return {
    kernel: row?.kernel?.name ?? null,
    note: row?.kernel?.note ?? null,
    burst: row?.burst?.statistics.median ?? null,
    sustained: row?.rate ?? null,
    clock: row?.conditions?.clockHz?.median ?? null,
    watts: row?.energy?.watts ?? null,
    ofClock: row?.attribution?.ofClock ?? null,
    worstOfBound: row?.verification?.worst ?? null,
    sumBits: row?.verification?.sumBits ?? null,
    verdict: row?.verdict.status ?? null,
    why: row?.verdict.why ?? null,
  };
}

/** Of the rows of one product, one for each provider. */
function compared(rows) {
  const [{ id: operation, shape }] = rows;
  const of = (own) => rates(rows.find(({ provider }) => (provider === 'builtin') === own));
  const own = of(true);
  const vendor = of(false);
  const wrong = rows.filter(({ verdict }) => ['corrupted', 'failed'].includes(verdict.status)).length;
  return {
    operation,
    shape,
    own,
    vendor,
    burstRatio: ratio(own.burst, vendor.burst),
    sustainedRatio: ratio(own.sustained, vendor.sustained),
    wrong,
  };
}

const simulated = device.simulated ? ' · SIMULATED: these are no measurements' : '';
process.stdout.write(`${device.name} · driver ${device.driver} · level ${values.level}${simulated}\n`);
line('row', 'shape', 'own', 'vendor', 'own/v.', 'own', 'vendor', 'own/v.', 'of clock', 'MHz');
line('', '', 'burst', 'TFLOP/s', '', 'sustained', 'TFLOP/s', '', '', '');
const results = [];
let file = 'nothing';
// All in one run, and so in one process: a context and the library's kernels take seconds to load.
const options = {
  ...defaultOptions(values.level),
  devices: [values.device],
  only,
  provider: 'both',
  shapes,
  timeoutSeconds,
};
const here = { inventory: async () => inventory, operations: () => native.operations() };
let seen = 0;
for await (const { rows } of run(options, { native: here })) {
  if (rows.length === seen) continue;
  const result = compared(rows.slice(seen));
  seen = rows.length;
  results.push(result);
  const { own, vendor } = result;
  line(
    result.operation,
    sides(result.shape),
    tera(own.burst),
    tera(vendor.burst),
    text(result.burstRatio),
    tera(own.sustained),
    tera(vendor.sustained),
    text(result.sustainedRatio),
    text(own.ofClock),
    own.clock === null ? '-' : (own.clock / 1e6).toFixed(0),
  );
  process.stdout.write(`  ${own.kernel ?? own.why}; ${own.note ?? ''}\n  ${vendor.kernel ?? vendor.why}\n`);
  const found = { level: values.level, device, build, libraries, results };
  file = record(values.out, `${device.simulated ? 'simulated-' : ''}gpu-gemm`, device.name, found);
}
const wrong = results.reduce((sum, result) => sum + result.wrong, 0);
process.stdout.write(`${wrong} wrong or failed; recorded as ${file}\n`);
process.exitCode = wrong > 0 ? 4 : 0;
