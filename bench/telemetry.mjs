// What watching costs: the same rows with telemetry and without, in turns, and the ratio of each pair.
//
//   node bench/telemetry.mjs [--device cuda:0] [--rows gemm.bf16,memory.copy] [--pairs 10] [--json FILE]
//
// A ratio is the rate with telemetry over the rate without, so 1.00 costs nothing. Order alternates, so that a clock
// that drifts favours neither. On a CPU what is watched is the clock, by a loop after each slice.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { defaultOptions, loadNative, run } from '../dist/index.js';
import { median } from '../dist/judge/stats.js';
import { parseInteger, parseList } from '../dist/usage.js';
import './refusal.mjs';

const { values } = parseArgs({
  options: {
    device: { type: 'string' },
    rows: { type: 'string', default: 'gemm.fp32,memory.copy' },
    pairs: { type: 'string', default: '10' },
    json: { type: 'string' },
  },
});
const pairs = parseInteger('--pairs', values.pairs, { min: 1, max: 1000 });

const options = {
  ...defaultOptions('quick'),
  devices: values.device === undefined ? [] : [values.device],
  only: parseList('--rows', values.rows),
  provider: 'builtin',
};

const native = loadNative();
const inventory = await native.inventory();
const here = { inventory: async () => inventory, operations: () => native.operations() };

async function measure(telemetry) {
  let last;
  for await (last of run({ ...options, telemetry }, { native: here, wait: true }));
  return last;
}

if (inventory.devices.some(({ simulated }) => simulated))
  process.stdout.write('SIMULATED: these are no measurements\n');
const nameOf = ({ device, id, shape }) => `${device} ${id} ${Object.values(shape).join('x')}`;
const ratios = new Map();
let report;
for (let pair = 0; pair < pairs; pair += 1) {
  const both = {};
  for (const telemetry of pair % 2 === 0 ? [true, false] : [false, true]) {
    both[telemetry] = await measure(telemetry);
  }
  report = both.true;
  for (const row of report.rows) {
    const name = nameOf(row);
    const without = both.false.rows.find((other) => nameOf(other) === name);
    if (row.rate === null || without?.rate == null) continue;
    ratios.set(name, [...(ratios.get(name) ?? []), row.rate / without.rate]);
  }
}
const rows = [...ratios].map(([row, list]) => ({
  row,
  pairs: list.length,
  median: median(list),
  min: Math.min(...list),
  max: Math.max(...list),
}));
for (const { row, pairs: count, median: middle, min, max } of rows) {
  process.stdout.write(
    `${row}: with / without ${middle.toFixed(4)} (${min.toFixed(4)} to ${max.toFixed(4)}, ${count} pairs)\n`,
  );
}
if (rows.length === 0) process.exitCode = 3;
if (values.json !== undefined) {
  const { tool, host, devices, startedAt } = report;
  const what = { tool, host, devices, startedAt, simulated: report.simulated, rows };
  writeFileSync(values.json, `${JSON.stringify(what, null, 2)}\n`);
}
