// Throws random calls at the addon itself, without the TypeScript face; prints what came back as JSON.
//   node boundary-calls.mjs COUNT SEED

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const [count = 1000, seed = 1] = process.argv.slice(2).map(Number);
const places = ['../build/cmake/Release/nameplate.node', '../build/Release/nameplate.node'];
const require = createRequire(import.meta.url);
const load = () => {
  for (const place of process.env.NAMEPLATE_ADDON ? [process.env.NAMEPLATE_ADDON] : places) {
    try {
      return require(place.startsWith('..') ? fileURLToPath(new URL(place, import.meta.url)) : place);
    } catch {}
  }
  throw new Error('the addon is not built');
};
const addon = load();

// Mulberry32: small, seeded, good enough to choose with.
let state = seed >>> 0;
const random = () => {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};
const below = (n) => Math.floor(random() * n);
const pick = (items) => items[below(items.length)];

const { device } = await addon.open({ device: 'cpu' });
const handles = [];
const known = () => (handles.length && random() < 0.8 ? pick(handles) : below(200));

const odd = [
  () => undefined,
  () => null,
  () => true,
  () => -1,
  () => -0,
  () => 0.5,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => 2 ** 31,
  () => 2 ** 32 + 1,
  () => 2 ** 53,
  () => 2 ** 63,
  () => 1e300,
  () => 10n ** 30n,
  () => '',
  () => 'x'.repeat(5000),
  () => '__proto__',
  () => Symbol('s'),
  () => () => 1,
  () => [],
  () => [1, 2, 3],
  () => new Array(1e6),
  () => new Date(),
  () => new Float32Array(3),
  () => new ArrayBuffer(8),
  () => new SharedArrayBuffer(8),
  () => structuredClone(new ArrayBuffer(8), { transfer: [] }),
  () => {
    const gone = new ArrayBuffer(64);
    const view = new Uint8Array(gone);
    structuredClone(gone, { transfer: [gone] });
    return view;
  },
  () => new Uint8Array(new ArrayBuffer(8, { maxByteLength: 64 })),
  () => new Uint8Array(new SharedArrayBuffer(8)),
  () => new DataView(new SharedArrayBuffer(8)),
  () => {
    const shrunk = new ArrayBuffer(64, { maxByteLength: 64 });
    const view = new DataView(shrunk, 8, 56);
    shrunk.resize(4);
    return view;
  },
  () => new DataView(new ArrayBuffer(16), 4),
  () => ({}),
  () => ({ buffer: known(), offset: 0, leading: 1 }),
  () => new Proxy({}, { ownKeys: () => ['device'], getOwnPropertyDescriptor: () => undefined }),
  () => ({
    get buffer() {
      throw new TypeError('a getter that throws');
    },
  }),
  () => ({ valueOf: () => 3 }),
];

const place = () => ({
  buffer: known(),
  offset: pick([0, 0, 0, 4, 8, 1e9]),
  leading: pick([1, 4, 8, 16, 2 ** 31 - 1]),
});
// What a caller in his right mind would send, so that random damage meets every check and not just the first.
const sane = {
  operations: () => ({}),
  cancel: () => ({}),
  allocate: () => ({ device, bytes: pick([1, 16, 64, 4096, 65536]) }),
  release: () => ({ buffer: known() }),
  write: () => ({ buffer: known(), offset: below(70), data: new Uint8Array(below(80)) }),
  read: () => ({ buffer: known(), offset: below(70), bytes: below(80) }),
  copy: () => ({ from: known(), to: known(), fromOffset: below(9), toOffset: below(9), bytes: below(64) }),
  multiply: () => ({
    dtype: pick(['fp64', 'fp32', 'tf32', 'fp16', 'bf16', 'fp8e4m3', 'fp8e5m2', 'int8', 'int4']),
    accumulator: pick(['full', 'full', 'half', 'fast']),
    layout: pick(['NxK', 'KxN']),
    provider: pick(['builtin', 'builtin', 'openblas', 'nobody']),
    m: below(5),
    n: below(5),
    k: below(5),
    a: place(),
    b: place(),
    c: place(),
  }),
  load: () => ({ device, image: new Uint8Array(below(64)) }),
  unload: () => ({ module: known() }),
  launch: () => ({
    module: known(),
    function: 'f',
    grid: [1, 1, below(2)],
    block: [1, 1, 1],
    sharedBytes: below(2 ** 21),
    arguments: pick([
      [],
      [{ int32: 1 }],
      [{ buffer: known(), offset: 0 }],
      [{ uint64: 5n }],
      [{ float32: 1e39 }],
    ]),
  }),
  run: () => ({
    device: pick(['teapot', 'cuda:9']),
    operation: pick(['gemm.fp32', 'gemm.fp4', 'memory.read']),
    shape: pick([{ m: 1, n: 1, k: 1 }, { bytes: 16 }, { m: -1, n: 1, k: 1 }, {}]),
    providers: pick([['builtin'], [], 'builtin']),
    data: 'uniform',
    seed: 1,
    telemetry: true,
    fault: 'none',
    budget: { warmupSeconds: 0, burstSeconds: 0, sustainedSeconds: 0, precision: 0.01 },
  }),
  soak: () => ({
    device: pick(['teapot', 'cuda:9']),
    operation: pick(['gemm.fp32', 'gemm.fp4', 'memory.read']),
    shape: pick([{ m: 1, n: 1, k: 1 }, { bytes: 16 }, { m: -1, n: 1, k: 1 }, {}]),
    provider: pick(['builtin', 'nobody']),
    data: 'uniform',
    seed: 1,
    fault: pick(['none', 'nan', 'typo']),
    seconds: 0,
  }),
  close: () => ({ device: below(300) + 1000 }),
  open: () => ({ device: pick(['teapot', 'cuda:9', 'GPU-0', '']) }),
};
const verbs = Object.keys(sane);

function damage(argument) {
  const kind = random();
  if (kind < 0.4) return [argument];
  if (kind < 0.45) return [];
  if (kind < 0.5) return [argument, argument];
  if (kind < 0.58) return [pick(odd)()];
  const names = Object.keys(argument);
  const name = names.length && random() < 0.9 ? pick(names) : 'surprise';
  const damaged = { ...argument, [name]: pick(odd)() };
  // A few gigabytes are a fair request, and would only make the machine slow.
  if (typeof damaged.bytes === 'number' && damaged.bytes > 1e6 && damaged.bytes < 1e13) damaged.bytes = 1e15;
  return [damaged];
}

const seen = { calls: 0, refused: {}, uncoded: [], accepted: 0, stillRight: false };
function refuse(error) {
  const code = error?.code;
  if (typeof code === 'string') seen.refused[code] = (seen.refused[code] ?? 0) + 1;
  else if (error?.message !== 'a getter that throws') seen.uncoded.push(String(error));
}

let waiting = [];
for (let i = 0; i < count; ++i) {
  const verb = pick(verbs);
  seen.calls++;
  try {
    const answer = addon[verb](...damage(sane[verb]()));
    if (!(answer instanceof Promise)) {
      seen.accepted++;
      continue;
    }
    waiting.push(
      answer
        .then((value) => {
          seen.accepted++;
          if (value?.buffer) handles.push(value.buffer);
          if (handles.length > 100) return addon.release({ buffer: handles.shift() });
        })
        .catch(refuse),
    );
  } catch (error) {
    refuse(error);
  }
  if (waiting.length >= 200) {
    await Promise.all(waiting);
    waiting = [];
    if (i % 20000 < 200) globalThis.gc?.();
  }
}
await Promise.all(waiting);

const { buffer } = await addon.allocate({ device, bytes: 24 });
await addon.write({ buffer, offset: 0, data: Float64Array.of(3, 7, 0) });
const at = (offset) => ({ buffer, offset, leading: 1 });
const one = { dtype: 'fp64', accumulator: 'full', layout: 'NxK', provider: 'builtin', m: 1, n: 1, k: 1 };
await addon.multiply({ ...one, a: at(0), b: at(8), c: at(16) });
const [result] = new Float64Array(await addon.read({ buffer, offset: 16, bytes: 8 }));
seen.stillRight = result === 21;
seen.uncoded = [...new Set(seen.uncoded)].slice(0, 10);
process.stdout.write(JSON.stringify(seen));
