// The GPU check, for a bare machine with an NVIDIA driver: is every kernel right, and what does the card do?
//
// tiles     Each of our own kernels by itself, whatever the choice by timing would be, at the edges of its tile. First, so
//           that one that hangs is known by its name, and not once for each format that may choose it.
// formats   Every GEMM format, at sizes that cross every tile edge, with both providers: all of C to the bit with
//           integers, rows and columns against float64, poison, padding and red zones. Nothing is timed here.
// products  The same formats and providers on the compute face, to the bit: rows of B and columns of A put in another
//           order by a matrix with a single 1 in each row and column; and one product of random matrices, twenty times
//           the same.
// selftest  Faults seeded into data and telemetry, each of which must be caught.
// run       The default run, whose report is recorded.
//
// A row that hangs or crashes is one row lost, and what else its provider has of the format is left out. The record is
// written after each format. Ends in time whatever happens, the first three stages with enough left for the others; exit
// 0 only if nothing was wrong, nothing failed and nothing was left out.
//   node bench/check-gpu.mjs [--device cuda:0] [--out bench/results] [--minutes 8] [--row-seconds 15]
//                            [--stages tiles,formats,products,selftest,run] [--only gemm.bf16,gemm.int8]
//                            [--shape 64,65x63x127] [--product-shape 129]

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadNative, UsageError } from '../dist/index.js';
import { arrays } from '../dist/matrix.js';
import { limits, parseList, parseNumber } from '../dist/usage.js';
import { productsOf } from './products.mjs';
import { record, recordFile } from './record.mjs';
import './refusal.mjs';
import { shapesIn } from './shapes.mjs';
import { tiles } from './tiles.mjs';
import { Verifier } from './verifier.mjs';

const native = loadNative();
const gemms = native.operations().filter(({ family }) => family === 'gemm');
const gemmIds = gemms.map(({ id }) => id);
const allStages = ['tiles', 'formats', 'products', 'selftest', 'run'];
const { values } = parseArgs({
  options: {
    device: { type: 'string', default: 'cuda:0' },
    out: { type: 'string', default: 'bench/results' },
    minutes: { type: 'string', default: '8' },
    'row-seconds': { type: 'string', default: '15' },
    stages: { type: 'string', default: allStages.join() },
    only: { type: 'string', default: gemmIds.join() },
    // One size off and on each edge of 16, 64, 128 and 256; K = 1; long and thin; more than one wave of tiles.
    shape: {
      type: 'string',
      default:
        '1,1x257x64,257x1x33,7x16x1,16x8x16,63x65x31,64,65x63x127,127x129x128,128x128x129,129x127x255,255x257x1000,256,' +
        '1000,64x4097x512,4095x72x257,2048',
    },
    // Of the stage products: over the edge of a tile, a whole one, and sides that the vendor's FP8 takes.
    'product-shape': { type: 'string', default: '129,256,272x1008x2000' },
  },
});
/** A misspelt name would be nothing to check, and so nothing wrong. */
function namesIn(option, text, known) {
  const names = parseList(option, text);
  const stranger = names.find((name) => !known.includes(name));
  if (stranger === undefined) return names;
  throw new UsageError(`${option} "${stranger}" is none of ${known.join(', ')}`);
}

const totalSeconds = 60 * parseNumber('--minutes', values.minutes, limits.minutes);
const rowSeconds = parseNumber('--row-seconds', values['row-seconds'], limits.timeoutSeconds);
const started = performance.now();
const secondsLeft = () => totalSeconds - (performance.now() - started) / 1000;
const stages = namesIn('--stages', values.stages, allStages);
/** What of the time is kept for the self-test and the default run. */
const forTheRest = (stages.includes('selftest') || stages.includes('run') ? 0.45 : 0.05) * totalSeconds;
const only = namesIn('--only', values.only, gemmIds);
const shapes = shapesIn('--shape', values.shape);
const productShapes = shapesIn('--product-shape', values['product-shape']);
const operations = gemms.filter(({ id }) => only.includes(id));
const say = (text) => process.stdout.write(`${text}\n`);

// Inside one tile, across two, an odd number of them; one row.
const aroundTile = ([m, n]) => [
  { m: m - 1, n: n - 3, k: 65 },
  { m: m + 1, n: n + 5, k: 200 },
  { m: 2 * m + 9, n: 3 * n - 1, k: 1030 },
  { m: 1, n: 5 * n + 2, k: 333 },
];
const budget = { warmupSeconds: 0, burstSeconds: 0, sustainedSeconds: 0, precision: 1 };

const verifier = new Verifier(rowSeconds);
let command = null;
setTimeout(() => {
  say(`the check did not end within ${values.minutes} minutes`);
  verifier.end();
  command?.kill('SIGKILL');
  process.kill(process.pid, 'SIGKILL');
}, Math.max(0, secondsLeft()) * 1000).unref();

/**
 * Runs one row without timing it to speak of: what the last of many launches left in each set of buffers is compared with
 * the verified output. With the name of a check of products.mjs, that instead.
 */
async function verify(operation, asked, provider, { kernel = null, product = null } = {}) {
  // A compressed matrix has whole 128 bytes of B for each of its rows.
  const step = operation.variant === 'sparse' ? 128 / arrays[operation.dtype].BYTES_PER_ELEMENT : 1;
  const shape = { ...asked, k: Math.ceil(asked.k / step) * step };
  const check = { row: operation.id, shape: Object.values(shape), provider, ...(product && { product }) };
  if (secondsLeft() < forTheRest) return { ...check, outcome: 'skipped', reason: 'no time was left' };
  const request = {
    device: values.device,
    operation: operation.id,
    shape,
    providers: [provider],
    data: 'uniform',
    seed: shape.m * 7919 + shape.n * 104729 + shape.k,
    telemetry: false,
    fault: 'none',
    budget,
  };
  const { results, fault } = await verifier.ask(request, kernel, product);
  const found = fault ? { outcome: 'lost', reason: fault } : outcomeOf(results[0]);
  if (kernel !== null && found.outcome === 'right' && !found.kernel.includes(kernel))
    return { ...check, outcome: 'failed', kernel: found.kernel, reason: `*${kernel}* was asked for` };
  return { ...check, ...found };
}

function outcomeOf(result) {
  if (result.outcome === 'unsupported') return { outcome: 'unsupported', reason: result.reason };
  if (result.outcome === 'failed') return { outcome: 'failed', reason: `${result.code}: ${result.message}` };
  const { differences, first, worst } = result.verification;
  const kernel = result.kernel.name;
  if (result.outcome === 'measured' && differences === 0) return { outcome: 'right', kernel, worst };
  const where = `first at ${first?.at}: expected ${first?.expected}, found ${first?.actual}`;
  return { outcome: 'wrong', kernel, reason: `${kernel}: ${differences} differences, ${where}` };
}

const bad = ({ outcome }) => ['wrong', 'failed', 'lost'].includes(outcome);

/** Each format by each provider: as a row, or with a check of products.mjs. */
async function verifyFormats(keep, what, asked, operations) {
  for (const operation of operations)
    for (const provider of operation.providers.cuda) {
      const mine = [];
      for (const [shape, product] of asked) {
        mine.push(await verify(operation, shape, provider, { product }));
        // What hangs or breaks the device at one size does so at others, and each costs a new process or more.
        const broken = mine.filter(({ outcome }) => outcome === 'failed').length;
        if (mine.at(-1).outcome === 'lost' || broken > 1) break;
      }
      keep(`${operation.id} ${provider}${what}`, mine);
    }
}

/** Each of our own kernels whatever the choice by timing would be, at the edges of its tile. */
async function verifyTiles(keep) {
  for (const [name, tile] of tiles) {
    const taken = [];
    for (const operation of operations)
      for (const shape of aroundTile(tile)) {
        const check = await verify(operation, shape, 'builtin', { kernel: name });
        // It has no kernel of this tile.
        if (check.outcome === 'unsupported') break;
        taken.push(check);
        if (['failed', 'lost', 'skipped'].includes(check.outcome)) break;
      }
    if (taken.length > 0) keep(`own kernels *${name}*`, taken);
  }
}

function summarize(row, checks) {
  const counts = ['right', 'wrong', 'failed', 'lost', 'unsupported', 'skipped']
    .map((outcome) => [checks.filter((check) => check.outcome === outcome).length, outcome])
    .filter(([count]) => count > 0);
  const shares = checks.flatMap(({ worst }) => worst ?? []);
  const worst = shares.length > 0 ? `; worst ${Math.max(...shares).toFixed(3)} of bound` : '';
  const time = ((performance.now() - started) / 1000).toFixed(0).padStart(4);
  say(`${time} s  ${row.padEnd(34)} ${counts.map((each) => each.join(' ')).join(', ')}${worst}`);
  const why = checks.find(bad) ?? checks.find(({ outcome }) => outcome !== 'right');
  if (why) say(`  ${why.row} ${why.shape.join('x')}${why.product ? `, ${why.product}` : ''}: ${why.reason}`);
}

/** The command, as a user would start it; interrupted, which keeps what it has, when the time is nearly over. */
function nameplate(...args) {
  const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
  command = spawn(process.execPath, [cli, ...args, '--device', values.device], { stdio: 'inherit' });
  const interrupt = setTimeout(() => command.kill('SIGINT'), Math.max(1, secondsLeft() - 15) * 1000);
  return new Promise((resolve) =>
    command.on('close', (code) => {
      clearTimeout(interrupt);
      resolve(code ?? 3);
    }),
  );
}

const { devices, build, libraries } = await native.inventory();
const device = devices.find(({ id, uuid }) => id === values.device || uuid === values.device);
if (device?.backend !== 'cuda') {
  say(`no GPU ${values.device}; here: ${devices.map(({ id }) => id).join(', ')}`);
  process.exit(3);
}
say(`${device.name} · ${device.id} · driver ${device.driver} · ${device.multiprocessors} SMs`);
for (const { name, version, path } of libraries) say(`  ${name} ${version} ${path}`);
const kind = (plain) => `${device.simulated ? 'simulated-' : ''}${plain}`;
const checks = [];
const keep = (row, mine) => {
  checks.push(...mine);
  summarize(row, mine);
  record(values.out, kind('gpu-check'), device.name, { device, build, libraries, checks });
};
if (stages.includes('tiles')) await verifyTiles(keep);
const rows = shapes.map((shape) => [shape, null]);
if (stages.includes('formats')) await verifyFormats(keep, '', rows, operations);
const products = productShapes.flatMap(productsOf);
// The compute face multiplies whole matrices.
const whole = operations.filter(({ variant }) => variant !== 'sparse');
if (stages.includes('products')) await verifyFormats(keep, ' products', products, whole);
verifier.end();
const tested = stages.includes('selftest') ? await nameplate('selftest', '--timeout', '30') : 0;
const report = recordFile(values.out, kind('gpu-run'), device.name);
const code = stages.includes('run') ? await nameplate('run', '--timeout', '45', '--json', report) : 0;
const wrong = checks.filter(bad).length;
const skipped = checks.filter(({ outcome }) => outcome === 'skipped').length;
say(
  `${checks.length} checks, ${wrong} wrong, failed or lost, ${skipped} left out; the self-test ended with exit code ${tested}, the default run with ${code}; recorded in ${values.out}`,
);
process.exitCode = wrong > 0 ? 4 : tested || code || (skipped > 0 ? 3 : 0);
