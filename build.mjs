// Builds the native addon: with CMake (and the CUDA kernels where nvcc is) if CMake is here, else with node-gyp.
//
// The two must not fight over build/: node-gyp insists on build/Release, so CMake gets build/cmake. Neither downloads
// anything, with one exception that is announced: node-gyp fetches Node's headers where none are installed. A package brings
// an addon and kernels with it (prebuilt.mjs); npm's --build-from-source asks for others.
//   node build.mjs             the better of what is here
//   node build.mjs --node-gyp  the fallback, asked for
//   node build.mjs --sources   lists the C++ sources (binding.gyp asks)

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bringsAddon, bringsKernels, placeKernels } from './prebuilt.mjs';

const root = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

const say = (text) => process.stderr.write(`nameplate: ${text}\n`);

const usesPrebuilt = process.env.npm_config_build_from_source !== 'true';

/** Every C++ source but the one that is compiled against a CUDA toolkit's header. */
function sources() {
  return readdirSync(join(root, 'native'), { recursive: true })
    .filter((path) => path.endsWith('.cc') && !path.endsWith('api_check.cc'))
    .map((path) => join('native', path))
    .sort();
}

const answers = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;

/** Runs one of the build tools' own scripts with this Node; its output is shown when it fails, else what is meant for all. */
function run(script, args) {
  const result = spawnSync(process.execPath, [script, ...args], { cwd: root, encoding: 'utf8' });
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}`;
  const ours = output.match(/^nameplate: .*/gm) ?? [];
  process.stderr.write(result.status === 0 ? ours.map((line) => `${line}\n`).join('') : `${output}\n`);
  return result.status === 0;
}

function withCmake() {
  const script = join(dirname(require.resolve('cmake-js/package.json')), 'bin/cmake-js');
  // Configured anew each time: what was not found then may be here now.
  const place = ['--out', 'build/cmake'];
  const brought = usesPrebuilt && bringsKernels();
  const configured = run(script, ['configure', ...place, `--CDNAMEPLATE_KERNELS=${brought ? 'OFF' : 'ON'}`]);
  const done = configured && run(script, ['build', ...place, '--parallel', String(availableParallelism())]);
  if (done && brought) placeKernels(join(root, 'build/cmake/Release'));
  return done;
}

/** A folder that holds include/node/common.gypi: Node's own installation, or one that npm was told of. */
function installedHeaders() {
  const candidates = [
    process.env.npm_config_nodedir,
    process.env.npm_package_config_node_gyp_nodedir,
    dirname(dirname(process.execPath)),
    '/usr',
    '/usr/local',
  ];
  return candidates.find((path) => path && existsSync(join(path, 'include/node/common.gypi')));
}

function withNodeGyp() {
  const script = join(dirname(require.resolve('node-gyp/package.json')), 'bin/node-gyp.js');
  const headers = installedHeaders();
  if (!headers) say(`Node's headers are not installed; node-gyp will fetch them for ${process.version}`);
  const options = headers ? [`--nodedir=${headers}`] : [];
  const done = run(script, ['configure', 'build', '--jobs', String(availableParallelism()), ...options]);
  if (done && usesPrebuilt && bringsKernels()) placeKernels(join(root, 'build/Release'));
  return done;
}

function build() {
  if (usesPrebuilt && bringsAddon()) return true;
  if (!process.argv.includes('--node-gyp')) {
    if (answers('cmake')) return withCmake();
    const kernels =
      usesPrebuilt && bringsKernels()
        ? 'with the CUDA kernels of the package'
        : 'without CUDA kernels of our own';
    say(`CMake is not installed: building with node-gyp, ${kernels}`);
  }
  if (!answers('make') || !answers('python3')) {
    say(
      'this needs a C++ compiler and either CMake, or make and Python 3; install one of them and try again',
    );
    return false;
  }
  return withNodeGyp();
}

if (process.argv.includes('--sources')) process.stdout.write(`${sources().join('\n')}\n`);
else process.exitCode = build() ? 0 : 1;
