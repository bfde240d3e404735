// The package as somebody installs it on a machine with a driver, and without compilers, CMake, nvcc, or network.

import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const built = existsSync('build/cmake/Release/nameplate.node');
const images = existsSync('build/cmake/Release/kernels') ? readdirSync('build/cmake/Release/kernels') : [];
const execute = promisify(execFile);

/** An installed copy of the package: the files that npm would pack, its dependencies beside it. */
function install(): string {
  const place = mkdtempSync(join(tmpdir(), 'nameplate-package-'));
  const home = join(place, 'node_modules/gpu-nameplate');
  const packed = z
    .array(z.object({ files: z.array(z.object({ path: z.string() })) }))
    .parse(
      JSON.parse(
        execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' }),
      ),
    );
  for (const { path } of packed.flatMap(({ files }) => files)) cpSync(path, join(home, path));
  for (const name of [
    'cmake-js',
    'commander',
    'log-update',
    'node-addon-api',
    'node-gyp',
    'picocolors',
    'zod',
  ])
    symlinkSync(join(process.cwd(), 'node_modules', name), join(place, 'node_modules', name));
  execFileSync(process.execPath, ['prebuilt.mjs', 'pack', join(home, 'prebuilt')], { stdio: 'ignore' });
  return home;
}

/** A PATH with nothing on it but Node. */
function bare(): string {
  const place = mkdtempSync(join(tmpdir(), 'nameplate-bare-'));
  symlinkSync(process.execPath, join(place, 'node'));
  return place;
}

const environment = (changes: Record<string, string> = {}) => {
  const { NAMEPLATE_ADDON: _, ...env } = process.env;
  return { ...env, PATH: bare(), NO_COLOR: '1', ...changes };
};
const script = (home: string, changes: Record<string, string> = {}) =>
  spawnSync(process.execPath, ['build.mjs'], { cwd: home, env: environment(changes), encoding: 'utf8' });

describe.skipIf(!built)('an installed package', () => {
  let home = '';
  beforeAll(() => {
    home = install();
  });

  it('needs no build: its own addon loads, with its kernels beside it', async () => {
    expect(script(home)).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(existsSync(join(home, 'build'))).toBe(false);
    const source = `import('gpu-nameplate').then(async ({ loadNative }) => {
      const { build } = await loadNative().inventory();
      console.log(JSON.stringify(build.images));
    })`;
    const { stdout } = await execute(process.execPath, ['-e', source], {
      cwd: dirname(dirname(home)),
      env: environment(),
    });
    expect(z.array(z.string()).parse(JSON.parse(stdout))).toHaveLength(images.length);
  });

  it('measures, by the command', async () => {
    const asked = [
      'run',
      '--device',
      'cpu',
      '--only',
      'gemm.fp32',
      '--shape',
      '64',
      '--quick',
      '--no-save',
      '--wait',
    ];
    const { stdout } = await execute(process.execPath, [join(home, 'dist/cli.js'), ...asked], {
      cwd: dirname(home),
      env: environment(),
    });
    expect(stdout).toMatch(/gemm\.fp32 .* unjudged/);
  });

  it('is built where its addon does not load or another is asked for, and says what that needs', () => {
    const needs = /^nameplate: CMake is not installed: .*\nnameplate: this needs a C\+\+ compiler and /;
    expect(script(home, { npm_config_build_from_source: 'true' })).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(needs),
    });
    const foreign = install();
    writeFileSync(join(foreign, 'prebuilt/nameplate.node'), 'of another system');
    expect(script(foreign)).toMatchObject({ status: 1, stderr: expect.stringMatching(needs) });
  });

  it('whose addon does not load gets one with the kernels of the package', () => {
    const foreign = install();
    writeFileSync(join(foreign, 'prebuilt/nameplate.node'), 'of another system');
    // Stand-ins for a build that succeeds: what it leaves behind is not asked for here.
    const tools = bare();
    for (const tool of ['make', 'python3'])
      writeFileSync(join(tools, tool), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    expect(script(foreign, { PATH: tools }).stderr).toMatch(
      images.length > 0 ? /with the CUDA kernels of the package/ : /without CUDA kernels/,
    );
  });

  it('is not mistaken for a clone, which builds its own', () => {
    mkdirSync(join(home, '.git'));
    expect(script(home).status).toBe(1);
  });
});
