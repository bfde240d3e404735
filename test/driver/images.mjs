// Images as a build with nvcc would have them, by the list of native/kernels/CMakeLists.txt, that hold no code: the simulated
// driver wants of an image its architecture and the names of its kernels. For builds without nvcc.

import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const self = fileURLToPath(import.meta.url);
const root = join(dirname(self), '../..');
const sources = join(root, 'native/kernels');
/** CUDA 13 compiles for none before; PTX serves those. */
const oldest = 75;

const number = (architecture) => Number.parseInt(architecture, 10);

/** The kernels that a source makes for an architecture, by tables and macros too. */
export function kernelsOf(family, architecture) {
  const args = ['-std=c++20', '-E', '-P', `-DNAMEPLATE_TARGET=${number(architecture)}`];
  args.push('-I', join(root, 'native'), '-I', join(root, 'test/kernels/cuda'), '-x', 'c++');
  args.push(join(sources, `${family}.cu`));
  const text = execFileSync(process.env.CXX ?? 'g++', args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  return [...text.matchAll(/__global__[\s\S]*?(\w+)\s*\(\s*const/g)].map(([, name]) => name);
}

/** An ELF file of one section that holds the names. Its flags say what it is for, as CUDA 13 writes them. */
function cubin(architecture, names) {
  const section = Buffer.from(`\0${names.join('\0')}\0`);
  const header = Buffer.alloc(64);
  header.write('\x7fELF\x02\x01\x01\x00\x08', 'latin1');
  header.writeUInt16LE(190, 18); // EM_CUDA
  header.writeBigUInt64LE(BigInt(64 + section.length), 40); // where the table of sections begins
  header.writeUInt32LE(number(architecture) << 8, 48);
  header.writeUInt16LE(1, 60); // sections
  const table = Buffer.alloc(64);
  table.writeUInt32LE(1, 4); // SHT_PROGBITS
  table.writeBigUInt64LE(64n, 24);
  table.writeBigUInt64LE(BigInt(section.length), 32);
  return Buffer.concat([header, section, table]);
}

function ptx(architecture, version, names) {
  const entries = names.map((name) => `.visible .entry ${name}() { ret; }\n`);
  return [`.version ${version}\n.target sm_${architecture}\n.address_size 64\n`, ...entries].join('');
}

/** The images of one family: [file name, content]. */
function* imagesOf(family, gains, architectures, versions) {
  const [first] = gains[0].split('=');
  const made = new Map();
  const names = (architecture) => {
    const at = number(architecture);
    if (!made.has(at)) made.set(at, kernelsOf(family, architecture));
    return made.get(at);
  };
  for (const architecture of architectures) {
    const serves = /[a-z]$/.test(first) ? architecture === first : number(architecture) >= number(first);
    if (family === 'wmma' && number(architecture) >= 75) continue;
    if (serves && number(architecture) >= oldest)
      yield [`${family}.sm_${architecture}.cubin`, cubin(architecture, names(architecture))];
  }
  for (const gain of gains) {
    const [architecture, version = versions.get(architecture)] = gain.split('=');
    yield [`${family}.compute_${architecture}.ptx`, ptx(architecture, version, names(architecture))];
  }
}

/** Writes them into `folder`, where they are not there already. */
export function buildImages(folder) {
  const changed = (path) => statSync(path).mtimeMs;
  const list = join(sources, 'CMakeLists.txt');
  const newest = Math.max(...[self, ...readdirSync(sources).map((name) => join(sources, name))].map(changed));
  const stamp = join(folder, '../images');
  if (existsSync(stamp) && changed(stamp) > newest) return;

  const sets = new Map(
    [...readFileSync(list, 'utf8').matchAll(/^set\((\w+) ([^)]+)\)/gm)].map(([, name, words]) => [
      name,
      words.split(' '),
    ]),
  );
  const versions = new Map(sets.get('ptx').map((pair) => pair.split('=')));
  mkdirSync(folder, { recursive: true });
  const put = (path, content) => {
    writeFileSync(`${path}.${process.pid}`, content);
    renameSync(`${path}.${process.pid}`, path);
  };
  const families = readdirSync(sources).flatMap((name) => (name.endsWith('.cu') ? [name.slice(0, -3)] : []));
  for (const family of families)
    for (const [name, content] of imagesOf(family, sets.get(family), sets.get('architectures'), versions))
      put(join(folder, name), content);
  put(stamp, '');
}
