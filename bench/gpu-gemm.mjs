// How good are the GPU's own GEMM kernels? Each product by the own kernel that is fastest for it and by the best of
// cuBLASLt's algorithms, taking turns in one run, in bursts and sustained:
//
//   node bench/gpu-gemm.mjs [--device cuda:0] [--level quick] [--only gemm.bf16,gemm.int8] [--shape 4096,64x8192x8192]
//                           [--out bench/results]
//
// Exit 0 only if every product was right. A record is written after each row, so that one that is cut short stands.

import { parseArgs } from 'node:util';
import { defaultOptions, loadNative, run } from '../dist/index.js';
import { record } from './record.mjs';

const native = loadNative();
const gemms = native.operations().filter(({ family }) => family === 'gemm');
const { values } = parseArgs({
  options: {
    device: { type: 'string', default: 'cuda:0' },
    level: { type: 'string', default: 'quick' },
    only: { type: 'string', default: gemms.map(({ id }) => id).join(',') },
    shape: {
      type: 'string',
      default:
        '1024,2048,4096,8192,16384,64x8192x8192,8192x64x8192,8192x8192x64,128x16384x4096,4096x128x16384',
    },
    out: { type: 'string', default: 'bench/results' },
  },
});

const { devices, build, libraries } = await native.inventory();
const device = devices.find(({ id, uuid }) => id === values.device || uuid === values.device);
if (device?.backend !== 'cuda') {
  process.stdout.write(`no GPU ${values.device}; here: ${devices.map(({ id }) => id).join(', ')}\n`);
  process.exit(3);
}

const list = (text) => text.split(',');
const shapes = list(values.shape).map((text) => {
  const [m, n = m, k = n] = text.split('x').map(Number);
  return { m, n, k };
});
const tera = (rate) => (rate === null ? '-' : (rate / 1e12).toFixed(1));
const ratio = (own, other) => (own === null || !other ? null : own / other);
const text = (value) => (value === null ? '-' : value.toFixed(3));
const sides = ({ m, n, k }) => `${m}x${n}x${k}`;
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
    verdict: row?.verdict.status ?? null,
    why: row?.verdict.why ?? null,
  };
}

async function measure(operation, shape) {
  const options = {
    ...defaultOptions(values.level),
    devices: [values.device],
    only: [operation],
    provider: 'both',
    shapes: [shape],
  };
  let rows = [];
  for await (const report of run(options)) rows = report.rows;
  const of = (provider) => rates(rows.find((row) => row.provider === provider));
  const own = of('builtin');
  const vendor = of('cublaslt');
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
for (const operation of list(values.only))
  for (const shape of shapes) {
    const result = await measure(operation, shape);
    results.push(result);
    const { own, vendor } = result;
    line(
      operation,
      sides(shape),
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
