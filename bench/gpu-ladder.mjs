// How much does each step on the way to the bf16 wgmma kernel give? Every step is a kernel of its own (ladder.cu; the last
// is wgmma.cu's). Each is verified at the edges of its tile, then all are timed in bursts, taking turns, and held against
// what was predicted before any of them had run:
//
//   node bench/gpu-ladder.mjs [--device cuda:0] [--size 8192] [--rounds 3] [--burst 0.5] [--row-seconds 15]
//                             [--out bench/results]
//
// A step that is wrong or hangs is not timed, and after two that hang or crash no other is tried. Recorded after every
// step. Exit 0 only if every step was right; about three minutes.

import { parseArgs } from 'node:util';
import { loadNative } from '../dist/index.js';
import { median } from '../dist/judge/stats.js';
import { limits, parseInteger, parseNumber } from '../dist/usage.js';
import { record } from './record.mjs';
import './refusal.mjs';
import { Verifier } from './verifier.mjs';

// Beside the ladder, predicted for the kernels of wgmma.cu on an H200, and not yet run on a GPU: 32-bit results stored
// without conflicts of banks save 1024 clocks a tile of 128 x 256, 3 % of int8 and 1 % of tf32 at K = 4096. That a
// consumer leads by a step hides 512 of about 1000 clocks in which a tile of 128 x 256 is stored: 1.5 % of FP8 at
// K = 4096, 0.7 % of bf16 there, and 0.4 % at 8192, the last step here. Where it loses, refills came too late.

/**
 * What each step should reach in TFLOP/s, on an H100 SXM or an H200, at 8192, in bursts. From published ladders, whose
 * kernels are others: pranjalssh/fast.cu and the log written of it. None of these kernels has run on a GPU yet.
 */
const steps = [
  { kernel: 'gemm_ladder_bf16_1', what: '64 x 64, one warpgroup', tile: [64, 64], predicted: [220, 320] },
  { kernel: 'gemm_ladder_bf16_2', what: '128 x 128, one warpgroup', tile: [128, 128], predicted: [370, 420] },
  { kernel: 'gemm_ladder_bf16_3', what: 'producer, 5 stages', tile: [128, 128], predicted: [480, 520] },
  { kernel: 'gemm_ladder_bf16_4', what: '128 x 256, two consumers', tile: [128, 256], predicted: [600, 620] },
  {
    kernel: 'gemm_ladder_bf16_5',
    what: 'persistent, groups of rows',
    tile: [128, 256],
    predicted: [640, 670],
  },
  { kernel: 'gemm_ladder_bf16_6', what: 'fewer arrivals, overlap', tile: [128, 256], predicted: [700, 770] },
  { kernel: 'gemm_ladder_bf16_7', what: 'clusters of 2 share B', tile: [128, 256], predicted: [725, 740] },
  { kernel: 'gemm_ladder_bf16_8', what: 'C by TMA, 4 stages', tile: [128, 256], predicted: [755, 790] },
  {
    kernel: 'gemm_wgmma_bf16_128x256_2x1',
    what: 'a consumer leads',
    tile: [128, 256],
    predicted: [755, 795],
  },
];

const { values } = parseArgs({
  options: {
    device: { type: 'string', default: 'cuda:0' },
    size: { type: 'string', default: '8192' },
    rounds: { type: 'string', default: '3' },
    burst: { type: 'string', default: '0.5' },
    'row-seconds': { type: 'string', default: '15' },
    out: { type: 'string', default: 'bench/results' },
  },
});
const size = parseInteger('--size', values.size, limits.side);
const rounds = parseInteger('--rounds', values.rounds, { min: 1, max: 1000 });
const burstSeconds = parseNumber('--burst', values.burst, { min: 0.001, max: 60 });
const rowSeconds = parseNumber('--row-seconds', values['row-seconds'], limits.timeoutSeconds);
const say = (text) => process.stdout.write(`${text}\n`);

const { devices, build } = await loadNative().inventory();
const device = devices.find(({ id, uuid }) => id === values.device || uuid === values.device);
if (device?.backend !== 'cuda') {
  say(`no GPU ${values.device}; here: ${devices.map(({ id }) => id).join(', ')}`);
  process.exit(3);
}

const untimed = { warmupSeconds: 0, burstSeconds: 0, sustainedSeconds: 0, precision: 1 };
const burst = { ...untimed, warmupSeconds: burstSeconds / 5, burstSeconds };
const verifier = new Verifier(rowSeconds);

/** Of one fault that all steps have, the third tells nothing new, and each costs a new process. */
const mostLost = 2;
let lost = 0;

/** A step at a shape: its result, or why there is none. */
async function run({ kernel }, [m, n, k], budget) {
  const request = {
    device: values.device,
    operation: 'gemm.bf16',
    shape: { m, n, k },
    providers: ['builtin'],
    data: 'uniform',
    seed: m * 7919 + n * 104729 + k,
    telemetry: true,
    fault: 'none',
    budget,
  };
  const { results, fault } = await verifier.ask(request, kernel);
  const [result] = results ?? [];
  if (fault !== undefined) {
    lost += 1;
    return { why: fault };
  }
  if (result.outcome === 'unsupported') return { why: result.reason };
  if (result.outcome === 'failed') return { why: `${result.code}: ${result.message}` };
  const { differences, first } = result.verification;
  if (result.outcome === 'wrong' || differences > 0)
    return {
      why: `${differences} differences, first at ${first?.at}: ${first?.actual}, not ${first?.expected}`,
    };
  if (!result.kernel.name.startsWith(`${kernel} `)) return { why: `was run by ${result.kernel.name}` };
  return { result };
}

/** Why a step is wrong; null where it is right at the edges of its tile, with several tiles and with none full. */
async function fault(step) {
  const [m, n] = step.tile;
  for (const shape of [
    [1, 5 * n + 2, 333],
    [m - 1, n - 3, 65],
    [2 * m + 9, 3 * n - 1, 1030],
  ]) {
    const { why } = await run(step, shape, untimed);
    if (why !== undefined) return `${shape.join('x')}: ${why}`;
  }
  return null;
}

function verdict(rate, [low, high]) {
  if (rate === null) return '';
  return rate < low ? 'below' : rate > high ? 'above' : 'inside';
}

say(
  `${device.name} · driver ${device.driver}${device.simulated ? ' · SIMULATED: these are no measurements' : ''}`,
);
const found = [];
const kind = `${device.simulated ? 'simulated-' : ''}gpu-ladder`;
const keep = () => record(values.out, kind, device.name, { size, rounds, device, build, steps: found });
for (const step of steps) {
  const wrong = lost < mostLost ? await fault(step) : 'not tried, after two steps that were lost';
  say(`${step.kernel.padEnd(24)} ${wrong ?? 'right'}`);
  found.push({ ...step, wrong, teraflops: [], clocks: [] });
  keep();
}
for (let round = 0; round < rounds; ++round)
  for (const step of found) {
    if (step.wrong !== null) continue;
    const { result, why } = await run(step, [size, size, size], burst);
    if (why !== undefined) {
      step.wrong = `${size}: ${why}`;
      continue;
    }
    const seconds = median(result.burst.secondsPerLaunch);
    step.teraflops.push((2 * size ** 3) / seconds / 1e12);
    step.clocks.push(result.burst.conditions.clockHz?.median ?? null);
    keep();
  }
verifier.end();

const line = (what, ...cells) => say(`${what.padEnd(28)}${cells.map((cell) => cell.padStart(12)).join('')}`);
say(`bf16, ${size} x ${size} x ${size}, TFLOP/s, median of ${rounds} bursts`);
line('step', 'predicted', 'measured', '');
for (const { what, wrong, predicted, teraflops } of found) {
  const rate = teraflops.length === 0 ? null : median(teraflops);
  line(
    what,
    predicted.join('-'),
    rate?.toFixed(1) ?? '-',
    wrong === null ? verdict(rate, predicted) : 'wrong',
  );
  if (wrong !== null) say(`  ${wrong}`);
}
say(`recorded as ${keep()}`);
process.exitCode = found.some(({ wrong }) => wrong !== null) ? 4 : 0;
