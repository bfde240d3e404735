// The GPU check, for a bare machine with an NVIDIA driver: is every kernel right, and what does the card do?
//
// 1. Every GEMM format, at sizes that cross every tile edge, with both providers: all of C to the bit with integers, rows
//    and columns against float64, poison, padding and red zones. Nothing is timed here.
//    Then each of our own kernels by itself, whatever the choice by timing would be, at the edges of its tile.
// 2. The self-test: faults seeded into data and telemetry, each of which must be caught.
// 3. The default run, whose report is recorded.
// A row that hangs or crashes is one row lost. Ends within eight minutes, whatever happens; exit 0 only if nothing was
// wrong and nothing failed.
//   node bench/check-gpu.mjs [--device cuda:0] [--out bench/results]

import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadNative } from '../dist/index.js';
import { Verifier } from './verifier.mjs';

const { values } = parseArgs({
  options: {
    device: { type: 'string', default: 'cuda:0' },
    out: { type: 'string', default: 'bench/results' },
  },
});
const minutes = 8;
const rowSeconds = 30;
const say = (text) => process.stdout.write(`${text}\n`);
setTimeout(() => {
  say(`the check did not end within ${minutes} minutes`);
  process.kill(process.pid, 'SIGKILL');
}, minutes * 60_000).unref();

// One size off and on each edge of 16, 64, 128 and 256; K = 1; long and thin; more than one wave of tiles.
const shapes = [
  [1, 1, 1],
  [1, 257, 64],
  [257, 1, 33],
  [7, 16, 1],
  [16, 8, 16],
  [63, 65, 31],
  [64, 64, 64],
  [65, 63, 127],
  [127, 129, 128],
  [128, 128, 129],
  [129, 127, 255],
  [255, 257, 1000],
  [256, 256, 256],
  [1000, 1000, 1000],
  [64, 4097, 512],
  [4095, 72, 257],
  [2048, 2048, 2048],
];
// Sizes of tile, as they stand in kernels' names, and per tile: inside one, across two, an odd number of them; one row.
const tiles = [
  [256, 256],
  [256, 192],
  [256, 128],
  [128, 256],
  [128, 192],
  [128, 128],
  [128, 64],
  [64, 64],
];
const aroundTile = ([m, n]) => [
  [m - 1, n - 3, 65],
  [m + 1, n + 5, 200],
  [2 * m + 9, 3 * n - 1, 1030],
  [1, 5 * n + 2, 333],
];
const budget = { warmupSeconds: 0, burstSeconds: 0, sustainedSeconds: 0, precision: 1 };

const verifier = new Verifier(rowSeconds);

/** Runs one row without timing it to speak of; twenty launches and more are compared with the verified output. */
async function verify(operation, [m, n, k], providers = operation.providers.cuda, kernel = null) {
  const request = {
    device: values.device,
    operation: operation.id,
    shape: { m, n, k },
    providers,
    data: 'uniform',
    seed: m * 7919 + n * 104729 + k,
    telemetry: true,
    fault: 'none',
    budget,
  };
  const { results, fault } = await verifier.ask(request, kernel);
  const outcomes = fault
    ? providers.map((provider) => ({ provider, outcome: 'failed', reason: fault }))
    : results.map(outcomeOf);
  return outcomes.map((outcome) => ({ row: operation.id, shape: [m, n, k], ...outcome }));
}

function outcomeOf(result) {
  const { provider } = result;
  if (result.outcome === 'unsupported') return { provider, outcome: 'unsupported', reason: result.reason };
  if (result.outcome === 'failed')
    return { provider, outcome: 'failed', reason: `${result.code}: ${result.message}` };
  const { differences, first, worst } = result.verification;
  const right = result.outcome === 'measured' && differences === 0;
  const kernel = result.kernel.name;
  if (right) return { provider, outcome: 'right', kernel, worst };
  return {
    provider,
    outcome: 'wrong',
    kernel,
    reason: `${differences} differences, first at ${first?.at}: expected ${first?.expected}, found ${first?.actual}`,
  };
}

async function verifyAll() {
  const native = loadNative();
  const { devices, build, libraries } = await native.inventory();
  const device = devices.find(({ id, uuid }) => id === values.device || uuid === values.device);
  if (device?.backend !== 'cuda') {
    const here = devices.map(({ id }) => id).join(', ');
    say(`no GPU ${values.device}; here: ${here}`);
    process.exit(3);
  }
  say(`${device.name} · ${device.id} · driver ${device.driver} · ${device.multiprocessors} SMs`);
  const checks = [];
  for (const operation of native.operations().filter(({ family }) => family === 'gemm')) {
    const mine = [];
    for (const shape of shapes) mine.push(...(await verify(operation, shape)));
    checks.push(...mine);
    for (const provider of operation.providers.cuda)
      summarize(
        operation.id,
        mine.filter((c) => c.provider === provider),
      );
  }
  checks.push(...(await verifyEachTile(native)));
  return { device, build, libraries, checks };
}

/** Each of our own kernels whatever the choice by timing would be, at the edges of its tile. */
async function verifyEachTile(native) {
  const checks = [];
  for (const tile of tiles) {
    const name = `_${tile.join('x')}`;
    const mine = [];
    for (const operation of native.operations().filter(({ family }) => family === 'gemm'))
      for (const shape of aroundTile(tile)) {
        const found = await verify(operation, shape, ['builtin'], name);
        mine.push(...found);
        // It has no kernel of this tile, or one that hangs: the next shape would say the same.
        if (found.some(({ outcome }) => outcome === 'unsupported' || outcome === 'failed')) break;
      }
    const taken = mine.filter(({ outcome }) => outcome !== 'unsupported');
    if (taken.length > 0) summarize(`kernels *${name}`, taken);
    checks.push(...taken);
  }
  return checks;
}

function summarize(row, checks) {
  const count = (outcome) => checks.filter((check) => check.outcome === outcome).length;
  const worst = Math.max(0, ...checks.map((check) => check.worst ?? 0));
  const bad = checks.find(({ outcome }) => outcome === 'wrong' || outcome === 'failed');
  const why = bad ?? checks.find(({ outcome }) => outcome === 'unsupported');
  const counts = ['right', 'wrong', 'failed', 'unsupported'].map((outcome) => `${count(outcome)} ${outcome}`);
  say(
    `${row.padEnd(20)} ${(checks[0]?.provider ?? '').padEnd(9)} ${counts.join(', ')}; worst ${worst.toFixed(3)} of bound`,
  );
  if (why) say(`  ${why.shape.join('x')}: ${why.reason}`);
}

/** The command, as a user would start it. */
function nameplate(...args) {
  const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
  const child = spawn(process.execPath, [cli, ...args, '--device', values.device], { stdio: 'inherit' });
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? 3)));
}

const { device, build, libraries, checks } = await verifyAll();
verifier.end();
const name = device.name
  .replace(/^NVIDIA /, '')
  .replaceAll(/[^A-Za-z0-9]+/g, '-')
  .toLowerCase();
const day = new Date().toISOString().slice(0, 10);
mkdirSync(values.out, { recursive: true });
const stem = join(values.out, `${device.simulated ? 'simulated-' : ''}${name}-${day}`);
writeFileSync(`${stem}-check.json`, `${JSON.stringify({ device, build, libraries, checks }, null, 1)}\n`);
const tested = await nameplate('selftest');
const code = await nameplate('run', '--json', `${stem}.json`);
const wrong = checks.filter(({ outcome }) => outcome === 'wrong' || outcome === 'failed').length;
say(
  `${checks.length} checks, ${wrong} wrong or failed; the self-test ended with exit code ${tested}, the default run with ${code}; recorded as ${stem}*.json`,
);
process.exitCode = wrong > 0 ? 4 : tested || code;
