// The CPU's GEMM on every instruction set that this processor has, one after the other, against plain loops: the product's
// own choice would only ever show the last.

import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'nameplate-cpu-'));
afterAll(() => rmSync(folder, { recursive: true }));

const execute = promisify(execFile);
const tiles = readdirSync('native/cpu').filter((name) => /^tile.*\.cc$/.test(name));
const sources = [
  ...tiles,
  'gemm.cc',
  'memory.cc',
  'threads.cc',
  'cgroup.cc',
  'placement.cc',
  'processor.cc',
].map((name) => join('native/cpu', name));

/** Instruction sets as the kernel lists them; none where it lists them otherwise. */
const flags = new Set(/^flags\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(' '));

describe('the GEMM of the CPU', () => {
  it('is right at every edge, in every format, on every instruction set that is here', async () => {
    const program = join(folder, 'gemm');
    const options = ['-std=c++20', '-O2', '-Wall', '-Wextra', '-Werror', '-I', 'native', '-pthread'];
    await execute('g++', [...options, 'test/cpu/gemm.cc', ...sources, '-o', program]);
    const { stdout } = await execute(program, { timeout: 200_000 });
    expect(stdout).toMatch(/^baseline: \d{4} products right$/m);
    for (const [flag, path] of Object.entries({
      avx2: 'AVX2',
      avx_vnni: 'AVX_VNNI',
      avx512f: 'AVX-512',
      avx512_bf16: 'AVX512_BF16',
      avx512_vnni: 'AVX512_VNNI',
    }))
      expect(stdout.includes(`${path}: `)).toBe(flags.has(flag));
  }, 300_000);
});
