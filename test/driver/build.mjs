// Builds the simulated driver into build/test-driver/: libcuda.so.1, libnvidia-ml.so.1 and libcublasLt.so.13. A library
// that is newer than everything it is made of stays. Read device.h first.

import { execFileSync } from 'node:child_process';
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
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const folder = join(root, 'build/test-driver');

const shared = ['card.cc', 'setting.cc'];
const alone = ['nvml.cc', 'cublaslt.cc'];
const driver = readdirSync(here).filter((file) => file.endsWith('.cc') && !alone.includes(file));

const libraries = [
  { name: 'libcuda.so.1', sources: driver, links: [] },
  { name: 'libnvidia-ml.so.1', sources: ['nvml.cc', ...shared], links: [] },
  {
    name: 'libcublasLt.so.13',
    sources: ['cublaslt.cc', ...shared],
    links: ['-L', folder, '-l:libcuda.so.1'],
  },
];

const flags = ['-std=c++20', '-O3', '-Wall', '-Wextra', '-Werror', '-fPIC', '-shared', '-pthread'];
const hidden = ['-fvisibility=hidden', '-Wl,-z,defs'];

const changed = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** When anything that the libraries are made of last changed. */
function newestSource() {
  const native = join(root, 'native');
  const headers = readdirSync(native, { recursive: true }).filter((file) => file.endsWith('.h'));
  const own = readdirSync(here).map((file) => join(here, file));
  return Math.max(...[...own, ...headers.map((file) => join(native, file))].map(changed));
}

/** Builds what is out of date, and returns the folder that LD_LIBRARY_PATH has to name. */
export function buildSimulatedDriver() {
  mkdirSync(folder, { recursive: true });
  const newest = newestSource();
  for (const { name, sources, links } of libraries) {
    const library = join(folder, name);
    if (changed(library) > newest) continue;
    // Under another name first: a test that runs meanwhile must not find half a library.
    const unfinished = `${library}.${process.pid}`;
    const includes = ['-I', join(root, 'native'), '-I', here];
    const inputs = sources.map((file) => join(here, file));
    execFileSync(
      process.env.CXX ?? 'g++',
      [...flags, ...hidden, `-Wl,-soname,${name}`, ...includes, ...inputs, ...links, '-o', unfinished],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    renameSync(unfinished, library);
  }
  return folder;
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

  const images = join(folder, 'kernels');
  mkdirSync(images, { recursive: true });
  const sources = join(root, 'native/kernels');
  for (const file of readdirSync(sources).filter((name) => name.endsWith('.cu'))) {
    const text = readFileSync(join(sources, file), 'utf8');
    const names = [...text.matchAll(/__global__[\s\S]*?(\w+)\(const/g)].map(([, name]) => name);
    const entries = names.map((name) => `.visible .entry ${name}() { ret; }\n`);
    const image = ['.version 6.3\n.target sm_70\n.address_size 64\n', ...entries].join('');
    writeFileSync(join(images, `${basename(file, '.cu')}.compute_70.ptx`), image);
  }
  const copy = join(folder, 'nameplate.node');
  copyFileSync(addon, copy);
  return copy;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(`${buildSimulatedDriver()}\n`);
