// Which addon is loaded, and what is said where it is not there, or is that of another version.

import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const execute = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'nameplate-addon-'));

/** What a copy of what was built says, in a folder of its own that has no addon. */
async function without(
  addon: string | undefined,
  parts = ['dist', 'package.json', 'build.mjs'],
): Promise<{ home: string; stdout: string }> {
  const home = mkdtempSync(join(folder, 'package '));
  for (const part of parts) cpSync(part, join(home, part), { recursive: true });
  symlinkSync(resolve('node_modules'), join(home, 'node_modules'));
  const program = `
    const { loadNative } = await import('./dist/index.js');
    try {
      loadNative();
    } catch (error) {
      console.log(error.code + ': ' + error.message);
    }`;
  const { stdout } = await execute(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: home,
    env: { ...process.env, NAMEPLATE_ADDON: addon },
  });
  return { home, stdout };
}

it('an addon that is not there is another error, with the command that builds it', async () => {
  const { home, stdout } = await without(undefined);
  expect(stdout).toMatch(/^ERR_ADDON: .*tried\n.*nameplate\.node: Cannot find module/);
  expect(stdout.split('\n').at(-2)).toBe(`Build it with: node '${home}/build.mjs'`);
});

it('nor is a bundle told to build what it does not have', async () => {
  const { stdout } = await without(undefined, ['dist', 'package.json']);
  expect(stdout).toMatch(/tried\n.*nameplate\.node: Cannot find module/);
  expect(stdout).toMatch(/\nThis is not the whole package\. A bundler has to leave gpu-nameplate out .*\n$/);
});

it('an addon that was chosen and is not there is told by whom', async () => {
  const { stdout } = await without(join(folder, 'none.node'));
  expect(stdout).toMatch(/^ERR_ADDON: .*tried\n.*none\.node: Cannot find module.*\nNAMEPLATE_ADDON names it/);
});

it('an addon of another version is told so, by what it said', async () => {
  const older = join(folder, 'older.cjs');
  writeFileSync(older, 'module.exports = { inventory: async () => ({ build: {} }) };\n');
  const { home, stdout } = await without(older);
  expect(stdout).toMatch(/^ERR_ADDON: the native addon is of another version \(addon\.operations: /);
  expect(stdout).toContain(`Build it again with: node '${home}/build.mjs'`);
});

it('nor is what it answers printed as it came', async () => {
  const older = join(folder, 'answering.cjs');
  const verbs =
    'inventory operations run soak cancel open close allocate release write read copy multiply load unload launch';
  writeFileSync(
    older,
    `for (const verb of '${verbs}'.split(' ')) exports[verb] = async () => ({ build: {}, devices: [], libraries: [], absences: [] });\n`,
  );
  const { home } = await without(older);
  const asked = execute(process.execPath, [join(home, 'dist/cli.js'), 'devices'], {
    env: { ...process.env, NAMEPLATE_ADDON: older },
  });
  await expect(asked).rejects.toMatchObject({
    code: 3,
    stderr: expect.stringMatching(
      /^nameplate: the native addon is of another version \(inventory\.build\.version: .*\)\. Build it again with: node '.*build\.mjs'\n$/,
    ),
  });
});
