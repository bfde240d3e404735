// bench/check-gpu.mjs on a simulated card: what one session on a rented GPU hangs on.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type Environment, scratch, simulate } from './simulation.js';

const script = fileURLToPath(new URL('../bench/check-gpu.mjs', import.meta.url));

const Record = z.object({
  checks: z.array(
    z.object({
      row: z.string(),
      shape: z.array(z.number()),
      provider: z.string(),
      outcome: z.enum(['right', 'wrong', 'failed', 'lost', 'unsupported', 'skipped']),
      reason: z.string().optional(),
    }),
  ),
});

async function check(environment: Environment, ...args: string[]) {
  const out = scratch();
  const { code, stdout } = await simulate(environment, script, '--out', out, ...args);
  const [file] = readdirSync(out).filter((name) => /^simulated-.*-check\.json$/.test(name));
  const { checks } = Record.parse(JSON.parse(readFileSync(join(out, file ?? 'no record'), 'utf8')));
  return { code, stdout, checks };
}

describe.concurrent('the GPU check', () => {
  it('verifies each format by each provider, and each tile by itself', async () => {
    const { code, checks } = await check(
      {},
      ...['--stages', 'formats,tiles', '--only', 'gemm.fp64,gemm.bf16', '--shape', '64,33x65x31'],
    );
    expect(checks.filter(({ outcome }) => outcome !== 'right')).toEqual([]);
    const formats = checks.filter(({ shape }) => ['64,64,64', '33,65,31'].includes(shape.join()));
    expect(formats).toHaveLength(2 * 2 * 2);
    expect(checks.length).toBeGreaterThan(formats.length);
    expect(code).toBe(0);
  });

  it('loses one provider to a context that is lost, and goes on in a new process', async () => {
    const { code, stdout, checks } = await check(
      { NAMEPLATE_FAULT: 'cuLaunchKernel:100:sticky' },
      ...['--stages', 'formats', '--only', 'gemm.fp32', '--shape', '128,129,130,131'],
    );
    const of = (name: string) =>
      checks.filter(({ provider }) => provider === name).map(({ outcome }) => outcome);
    expect(of('builtin')).toEqual(['failed', 'failed']);
    expect(of('cublaslt')).toEqual(['right', 'right', 'right', 'right']);
    expect(stdout).toContain('CUDA_ERROR_ILLEGAL_ADDRESS');
    expect(code).toBe(4);
  });

  it('loses one provider to a kernel that hangs, and has on disk what it found', async () => {
    const { code, checks } = await check(
      { NAMEPLATE_FAULT: 'hang:cuLaunchKernel:100' },
      ...['--stages', 'formats', '--only', 'gemm.fp32', '--shape', '128,129,130', '--row-seconds', '5'],
    );
    expect(checks[0]).toMatchObject({
      provider: 'builtin',
      outcome: 'lost',
      reason: 'no answer within 10 s',
    });
    expect(checks.filter(({ outcome }) => outcome === 'lost')).toHaveLength(1);
    expect(checks.filter(({ outcome }) => outcome === 'right')).toHaveLength(3);
    expect(code).toBe(4);
  });
});
