// What CMake makes of the nvcc that it finds: one that cannot compile the kernels costs them and not the addon. Stand-ins
// answer for toolkits that no machine has all of.

import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const execute = promisify(execFile);

/** Configures the build with an nvcc of this release; what it says to a compilation goes to stderr, and then it fails. */
async function configure(release: string, error = '') {
  const place = mkdtempSync(join(tmpdir(), 'nameplate-toolkit-'));
  const nvcc = join(place, 'nvcc');
  const compiled = error === '' ? 'exit 0' : `echo '${error}' >&2; exit 1`;
  const script = `#!/bin/sh
case "$*" in
*--version*) echo 'Cuda compilation tools, release ${release}, V${release}.1' ;;
*--list-gpu-arch*) printf 'compute_%s\\n' 70 75 80 86 89 90 ;;
*) ${compiled} ;;
esac
`;
  writeFileSync(nvcc, script, { mode: 0o755 });
  const options = ['-G', 'Unix Makefiles', `-DNAMEPLATE_NVCC=${nvcc}`, `-DCMAKE_JS_INC=${place}`];
  const { stderr } = await execute('cmake', ['-S', '.', '-B', join(place, 'build'), ...options]);
  const rules = () =>
    readFileSync(join(place, 'build/native/kernels/CMakeFiles/kernels.dir/build.make'), 'utf8');
  return { said: stderr.trim().replace(nvcc, 'nvcc'), rules };
}

const tools = ['cmake', 'make'].every((tool) => spawnSync(tool, ['--version']).status === 0);

describe.skipIf(!tools)('an nvcc', () => {
  it('of CUDA 11 leaves an addon without kernels, and the reason is said', async () => {
    const { said, rules } = await configure('11.5');
    expect(said).toBe(
      'nameplate: the addon is built without CUDA kernels of its own: nvcc is of CUDA 11.5, and they need 12.0 or later',
    );
    expect(rules).toThrow(/ENOENT/);
  });

  it.each([
    'host_config.h:139:2: error: #error -- unsupported GNU version!',
    'nvcc fatal   : Failed to preprocess host compiler properties',
    `a.h(1): error: this ${'$'}{is} said as it is`,
  ])("that refuses the host's compiler leaves one as well, with what it says: %s", async (error) => {
    const { said, rules } = await configure('12.6', error);
    expect(said).toBe(
      `nameplate: the addon is built without CUDA kernels of its own: nvcc does not compile here (1): ${error}`,
    );
    expect(rules).toThrow(/ENOENT/);
  });

  it.each([
    ['12.3', 'FP8 kernels for mma, which need CUDA 12.4, and sparse ones, which need 12.5'],
    ['12.4', 'sparse kernels, which need CUDA 12.5'],
  ])('of %s, which does not know the instructions, compiles no %s', async (release, without) => {
    const { said, rules } = await configure(release);
    expect(said).toBe(`nameplate: the addon is built without ${without}; nvcc is of ${release}`);
    for (const image of ['wgmma.sm_90a.cubin', 'mma.sm_89.cubin', 'mma.compute_80.ptx'])
      expect(rules()).toContain(image);
    expect(rules()).not.toMatch(/sparse\.(sm|compute)_/);
    const hasFp8 = rules().includes('mma.compute_89.ptx');
    expect(hasFp8).toBe(release === '12.4');
  });

  it('of 12.5 and later compiles every family, and nothing is said', async () => {
    const { said, rules } = await configure('12.5');
    expect(said).toBe('');
    for (const image of ['mma.sm_89.cubin', 'sparse.sm_80.cubin', 'sparse.compute_89.ptx'])
      expect(rules()).toContain(image);
  });
});
