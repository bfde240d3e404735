// How good is the CPU's own GEMM? Beside the libraries that are here, taking turns, and beside what the same cores reach
// with a loop that does nothing but multiply and add. On an otherwise idle machine:
//
//   npm run bench -- [--level thorough] [--only gemm.fp32,gemm.int8] [--shape 1024,64x4096x4096] [--threads 1,2]
//                           [--rounds 3] [--out bench/results]
//
// The formats of a shape take turns too, ROUNDS times. Ratios are of one round, and what is said of them is the median: a
// neighbour comes for seconds or minutes, and disturbs both sides or one round.
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

/** null where a round has none. */
function median(numbers) {
  if (numbers.some((number) => !(number > 0))) return null;
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2;
}
const gflops = (rate) => (rate === null ? '-' : (rate / 1e9).toFixed(1));
const ratio = (value) => (value === null ? '-' : value.toFixed(3));
const line = (...cells) =>
  process.stdout.write(
    `${cells.map((cell, i) => (i < 2 ? cell.padEnd(15) : cell.padStart(10))).join(' ')}\n`,
  );

/** Own kernel and vendors of one product, once: rates in FLOP/s, medians of the sustained phase. */
async function measure(operation, shape, threads) {
  const options = {
    ...defaultOptions(values.level),
    devices: ['cpu'],
    only: [operation],
    provider: 'both',
    shapes: [shape],
    threads,
  };
  let rows = [];
  for await (const report of run(options)) rows = report.rows;
  const own = rows.find(({ provider }) => provider === 'builtin');
  const vendors = rows.filter(({ provider, rate }) => provider !== 'builtin' && rate !== null);
  const best = vendors.sort((a, b) => b.rate - a.rate)[0];
  return {
    kernel: own.kernel?.name ?? null,
    rate: own.rate,
    vendors: Object.fromEntries(vendors.map(({ provider, rate }) => [provider, rate])),
    ratioToVendor: own.rate !== null && best ? own.rate / best.rate : null,
    ceiling: own.ceiling?.value ?? null,
    ofCeiling: own.ceiling?.fraction ?? null,
    worstOfBound: own.verification?.worst ?? null,
    wrong: rows.filter(({ verdict }) => ['corrupted', 'failed'].includes(verdict.status)).length,
  };
}

process.stdout.write(`${cpu.name} · ${cpu.multiprocessors} cores · level ${values.level}\n`);
line('row', 'shape', 'threads', 'GFLOP/s', 'own/vendor', 'of ceiling', 'of fp32');
const operations = parseList('--only', values.only);
const results = [];
for (const threads of threadCounts)
  for (const shape of shapes) {
    const measured = operations.map((operation) => ({ operation, shape, threads, rounds: [] }));
    for (let round = 0; round < rounds; round++)
      for (const result of measured) {
        const found = await measure(result.operation, shape, threads);
        const single = measured.find(({ operation }) => operation === 'gemm.fp32')?.rounds[round];
        result.rounds.push({ ...found, overOwnFp32: single?.rate ? found.rate / single.rate : null });
      }
    for (const result of measured) {
      for (const name of ['rate', 'ratioToVendor', 'ofCeiling', 'overOwnFp32'])
        result[name] = median(result.rounds.map((round) => round[name]));
      results.push(result);
      line(
        result.operation,
        sides(shape),
        String(threads),
        gflops(result.rate),
        ratio(result.ratioToVendor),
        ratio(result.ofCeiling),
        ratio(result.overOwnFp32),
      );
    }
  }

const found = { level: values.level, rounds, device: cpu, build, libraries, results };
const file = record(values.out, 'cpu-gemm', `${cpu.name} ${cpu.multiprocessors} cores`, found);
const wrong = results.flatMap(({ rounds }) => rounds).reduce((sum, round) => sum + round.wrong, 0);
process.stdout.write(`${wrong} wrong or failed; recorded as ${file}\n`);
process.exitCode = wrong > 0 ? 4 : 0;
