// How good is the CPU's own GEMM? Beside the libraries that are here, taking turns, and beside what the same cores reach
// with a loop that does nothing but multiply and add. On an otherwise idle machine:
//
//   npm run bench -- [--level thorough] [--only gemm.fp32,gemm.int8] [--shape 1024,64x4096x4096] [--threads 1,2]
//                           [--rounds 3] [--out bench/results]
//
// The formats of a shape take turns too, ROUNDS times: the first beside the libraries, then our own alone. "of fp32" is the
// median of the rounds' ratios, since what disturbs a round, a neighbour for minutes, disturbs both its sides.
//
// Exit 0 only if every product was right.

import { parseArgs } from 'node:util';
import { defaultOptions, loadNative, run } from '../dist/index.js';
import { limits, parseInteger, parseList } from '../dist/usage.js';
import { record } from './record.mjs';
import './refusal.mjs';
import { shapesIn, sides } from './shapes.mjs';

const { values } = parseArgs({
  options: {
    level: { type: 'string', default: 'thorough' },
    only: { type: 'string', default: 'gemm.fp32,gemm.fp64,gemm.bf16,gemm.int8' },
    shape: {
      type: 'string',
      default: '256,512,1024,2048,4096,64x4096x4096,4096x64x4096,4096x4096x64',
    },
    threads: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    out: { type: 'string', default: 'bench/results' },
  },
});

const { devices, build, libraries } = await loadNative().inventory({ threads: null });
const cpu = devices.find(({ backend }) => backend === 'cpu');
const shapes = shapesIn('--shape', values.shape);
const threadCounts = values.threads
  ? parseList('--threads', values.threads).map((count) => parseInteger('--threads', count, limits.threads))
  : [...new Set([1, cpu.threads])].sort((a, b) => a - b);

const rounds = parseInteger('--rounds', values.rounds, { min: 1, max: 100 });

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? null;
const gflops = (rate) => (rate === null ? '-' : (rate / 1e9).toFixed(1));
const ratio = (value) => (value === null ? '-' : value.toFixed(3));
const line = (...cells) =>
  process.stdout.write(
    `${cells.map((cell, i) => (i < 2 ? cell.padEnd(15) : cell.padStart(10))).join(' ')}\n`,
  );

async function rowsOf(operation, shape, threads, provider) {
  const options = {
    ...defaultOptions(values.level),
    devices: ['cpu'],
    only: [operation],
    provider,
    shapes: [shape],
    threads,
  };
  let rows = [];
  for await (const report of run(options)) rows = report.rows;
  return rows;
}

/** Own kernel and vendors of one product: rates in FLOP/s, medians of the sustained phase. */
async function measure(operation, shape, threads) {
  const rows = await rowsOf(operation, shape, threads, 'both');
  const own = rows.find(({ provider }) => provider === 'builtin');
  const vendors = rows.filter(({ provider, rate }) => provider !== 'builtin' && rate !== null);
  const best = vendors.sort((a, b) => b.rate - a.rate)[0];
  return {
    operation,
    shape,
    threads,
    kernel: own.kernel?.name ?? null,
    rate: own.rate,
    rates: [own.rate],
    vendors: Object.fromEntries(vendors.map(({ provider, rate }) => [provider, rate])),
    bestVendor: best?.provider ?? null,
    ratioToVendor: own.rate !== null && best ? own.rate / best.rate : null,
    ceiling: own.ceiling?.value ?? null,
    ofCeiling: own.ceiling?.fraction ?? null,
    worstOfBound: own.verification?.worst ?? null,
    wrong: wrongOf(rows),
  };
}

/** Once more, without the vendors. */
async function again(result) {
  const rows = await rowsOf(result.operation, result.shape, result.threads, 'builtin');
  result.rates.push(rows[0].rate);
  result.wrong += wrongOf(rows);
}

function wrongOf(rows) {
  return rows.filter(({ verdict }) => ['corrupted', 'failed'].includes(verdict.status)).length;
}

/** The median over the rounds; null without fp32, or where a round has no rate. */
function overFp32({ rates }, single) {
  const ratios = rates.map((rate, round) => rate / (single?.rates[round] ?? Number.NaN));
  return ratios.every((value) => value > 0) ? median(ratios) : null;
}

process.stdout.write(`${cpu.name} · ${cpu.multiprocessors} cores · level ${values.level}\n`);
line('row', 'shape', 'threads', 'GFLOP/s', 'vendor', 'GFLOP/s', 'own/vendor', 'of ceiling', 'of fp32');
const results = [];
for (const threads of threadCounts)
  for (const shape of shapes) {
    const formats = [];
    for (const operation of parseList('--only', values.only))
      formats.push(await measure(operation, shape, threads));
    for (let round = 1; round < rounds; round++) for (const result of formats) await again(result);
    const single = formats.find(({ operation }) => operation === 'gemm.fp32');
    for (const result of formats) {
      result.overOwnFp32 = result === single ? null : overFp32(result, single);
      results.push(result);
      const { operation, rate, bestVendor, vendors, ratioToVendor, ofCeiling, overOwnFp32 } = result;
      line(
        operation,
        sides(shape),
        String(threads),
        gflops(rate),
        bestVendor ?? '-',
        gflops(vendors[bestVendor] ?? null),
        ratio(ratioToVendor),
        ratio(ofCeiling),
        ratio(overOwnFp32),
      );
    }
  }

const found = { level: values.level, rounds, device: cpu, build, libraries, results };
const file = record(values.out, 'cpu-gemm', `${cpu.name} ${cpu.multiprocessors} cores`, found);
const wrong = results.reduce((sum, result) => sum + result.wrong, 0);
process.stdout.write(`${wrong} wrong or failed; recorded as ${file}\n`);
process.exitCode = wrong > 0 ? 4 : 0;
