// How good are the CPU's own memory rows? Beside what STREAM's users compile (its loops, -O3 -march=native) and beside memcpy
// of the C library: same arrays, same threads, taking turns. On an otherwise idle machine:
//
//   npm run bench:memory -- [--bytes 1GiB] [--threads 1,2] [--rounds 15] [--out bench/results]
//
// The ratio is the median over the rounds of one contender's time over our own in the same round, so that a machine whose
// memory is faster in one minute than in the next does not decide it. Exit 0 only if every array was right.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadNative } from '../dist/index.js';
import { median } from '../dist/judge/stats.js';
import { limits, parseBytesShape, parseInteger, parseList } from '../dist/usage.js';
import { record } from './record.mjs';
import './refusal.mjs';

const { values } = parseArgs({
  options: {
    bytes: { type: 'string', default: '1GiB' },
    threads: { type: 'string' },
    rounds: { type: 'string', default: '15' },
    out: { type: 'string', default: 'bench/results' },
  },
});
const { bytes: asked } = parseBytesShape('--bytes', values.bytes);
const rounds = parseInteger('--rounds', values.rounds, { min: 1, max: 1000 });

const { devices, build } = await loadNative().inventory({ threads: null });
const cpu = devices.find(({ backend }) => backend === 'cpu');
const threadCounts = values.threads
  ? parseList('--threads', values.threads).map((count) => parseInteger('--threads', count, limits.threads))
  : [...new Set([1, cpu.threads])].sort((a, b) => a - b);

/** Builds the program as the addon is built, and the loops as STREAM's users build them. */
function compile(folder) {
  const common = ['-std=c++20', '-O3', '-I', 'native', '-pthread'];
  const parts = /^(stream.*|memory|threads|placement|processor|cgroup)\.cc$/;
  const sources = readdirSync('native/cpu').filter((name) => parts.test(name));
  const loops = join(folder, 'loops.o');
  const program = join(folder, 'stream');
  execFileSync('g++', [...common, '-march=native', '-c', 'bench/stream_loop.cc', '-o', loops]);
  const all = ['bench/stream.cc', ...sources.map((name) => join('native/cpu', name)), loops];
  execFileSync('g++', [...common, '-DNDEBUG', ...all, '-o', program]);
  return program;
}

const arrays = { copy: 2, scale: 2, add: 3, triad: 3 };
const line = (...cells) =>
  process.stdout.write(`${cells.map((cell, i) => (i < 2 ? cell.padEnd(9) : cell.padStart(9))).join(' ')}\n`);

const folder = mkdtempSync(join(tmpdir(), 'nameplate-bench-'));
const program = compile(folder);
process.stdout.write(`${cpu.name} · ${cpu.multiprocessors} cores · ${values.bytes} per array\n`);
line('row', 'by', 'threads', 'GB/s', 'own/it', 'least', 'most');
const results = [];
let exitCode = 0;
for (const threads of threadCounts) {
  const { status, stdout, stderr } = spawnSync(program, [threads, asked, rounds].map(String), {
    encoding: 'utf8',
  });
  process.stderr.write(stderr);
  exitCode ||= status ?? 3;
  if (stdout === '') continue;
  const { bytes, pages, operations } = JSON.parse(stdout);
  for (const { operation, contenders } of operations) {
    const own = contenders.find(({ provider }) => provider === 'builtin');
    for (const { provider, kernel, seconds } of contenders) {
      const rate = (arrays[operation] * bytes) / median(seconds);
      const ratios = seconds.map((time, round) => time / own.seconds[round]);
      const result = { operation, provider, kernel, threads, bytes, pages, rate, seconds };
      if (provider !== 'builtin')
        result.ownOverIt = { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
      results.push(result);
      const shown = Object.values(result.ownOverIt ?? {}).map((ratio) => ratio.toFixed(3));
      line(operation, provider, String(threads), (rate / 1e9).toFixed(1), ...shown);
    }
  }
}
rmSync(folder, { recursive: true });

const compiler = execFileSync('g++', ['--version'], { encoding: 'utf8' }).split('\n')[0];
const found = { rounds, compiler, device: cpu, build, results };
const file = record(values.out, 'cpu-memory', `${cpu.name} ${cpu.multiprocessors} cores`, found);
process.stdout.write(`recorded as ${file}\n`);
process.exitCode = exitCode;
