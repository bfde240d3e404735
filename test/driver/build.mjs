// Builds the simulated driver into build/test-driver/: libcuda.so.1, libnvidia-ml.so.1, libcublasLt.so.13 and
// libcusparseLt.so.0. What is newer than everything it is made of stays. Read device.h first.

import { execFile, execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildImages } from './images.mjs';

const self = fileURLToPath(import.meta.url);
const here = dirname(self);
const root = join(here, '../..');
const folder = join(root, 'build/test-driver');
const objects = join(folder, 'objects');

const sources = readdirSync(here).filter((file) => file.endsWith('.cc'));
const shared = ['bus.cc', 'card.cc', 'setting.cc'];
const nvml = sources.filter((file) => file.startsWith('nvml'));
const alone = ['cublaslt.cc', 'cusparselt.cc', ...nvml];
const withDriver = ['-L', folder, '-l:libcuda.so.1']; // exports.h says what for

const libraries = [
  { name: 'libcuda.so.1', from: sources.filter((file) => !alone.includes(file)), links: [] },
  { name: 'libnvidia-ml.so.1', from: [...nvml, ...shared], links: withDriver },
  { name: 'libcublasLt.so.13', from: ['cublaslt.cc', ...shared], links: withDriver },
  { name: 'libcusparseLt.so.0', from: ['cusparselt.cc', ...shared], links: withDriver },
];

const flags = [
  '-std=c++20',
  '-O3',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-fPIC',
  '-fvisibility=hidden',
  '-pthread',
];
const includes = ['-I', join(root, 'native'), '-I', here];

const run = promisify(execFile);
/** g++; a failure carries what it said. Under another name first: an interruption leaves no half of a file behind. */
async function make(file, ...args) {
  await run(process.env.CXX ?? 'g++', [...args, '-o', `${file}.unfinished`]);
  renameSync(`${file}.unfinished`, file);
}

const changed = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const newest = (paths) => Math.max(...paths.map(changed));
const object = (source) => join(objects, source.replace(/cc$/, 'o'));

/** Builds what is out of date, and returns the folder that LD_LIBRARY_PATH has to name. */
export function buildSimulatedDriver() {
  mkdirSync(folder, { recursive: true });
  // Test files run side by side: one of them builds, and the others wait until it has.
  execFileSync('flock', [folder, process.execPath, self], { stdio: ['ignore', 'inherit', 'inherit'] });
  return folder;
}

async function build() {
  mkdirSync(objects, { recursive: true });
  const headersIn = (path) =>
    readdirSync(path, { recursive: true }).flatMap((file) => (file.endsWith('.h') ? [join(path, file)] : []));
  const common = newest([self, ...headersIn(here), ...headersIn(join(root, 'native'))]);
  const stale = sources.filter(
    (source) => changed(object(source)) < Math.max(common, changed(join(here, source))),
  );
  const compile = async () => {
    for (let source = stale.pop(); source !== undefined; source = stale.pop()) {
      await make(object(source), ...flags, ...includes, '-c', join(here, source));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, compile));
  for (const { name, from, links } of libraries) {
    const library = join(folder, name);
    const parts = from.map(object);
    if (changed(library) > newest(parts)) continue;
    const options = ['-shared', '-pthread', '-Wl,-z,defs', `-Wl,-soname,${name}`];
    await make(library, ...options, ...parts, ...links);
  }
}

// What a driver of CUDA 11.4 does not have yet.
const since = {
  'libcuda.so.1': 'cuGetProcAddress_v2',
  'libnvidia-ml.so.1': 'nvmlDeviceGetCurrentClocksEventReasons',
};

/** The folder of the same driver and NVML without the symbols that newer ones brought. */
export const olderDriver = () => driverWithout(since);

/** A folder of the libraries that `symbols` names, each without the symbol that stands beside it. */
export function driverWithout(symbols) {
  const lacking = join(buildSimulatedDriver(), 'without', ...Object.values(symbols));
  mkdirSync(lacking, { recursive: true });
  for (const [library, symbol] of Object.entries(symbols)) {
    // Under another name in the table of symbols it is found by nobody.
    const bytes = readFileSync(join(folder, library));
    for (let at = bytes.indexOf(symbol); at >= 0; at = bytes.indexOf(symbol, at)) bytes.write('x', at);
    const unfinished = join(lacking, `${library}.${process.pid}`);
    writeFileSync(unfinished, bytes);
    renameSync(unfinished, join(lacking, library));
  }
  return lacking;
}

const addons = ['build/cmake/Release/nameplate.node', 'build/Release/nameplate.node'].map((place) =>
  join(root, place),
);

/**
 * The addon to test with. One that was built without nvcc has no device code; the simulated driver wants no more of it
 * than the kernels' names, so such an addon gets a copy beside images that hold these alone.
 */
export function addonWithKernels() {
  const addon = process.env.NAMEPLATE_ADDON ?? addons.find((place) => existsSync(place));
  if (addon === undefined) throw new Error('there is no addon to test: npm run build');
  const held = join(dirname(addon), 'kernels');
  if (existsSync(held) && readdirSync(held).length > 0) return addon;

  buildImages(join(folder, 'kernels'));
  const copy = join(folder, 'nameplate.node');
  copyFileSync(addon, `${copy}.${process.pid}`);
  renameSync(`${copy}.${process.pid}`, copy);
  return copy;
}

if (process.argv[1] === self) await build();
