// A soak and the self-test on a simulated card, through the real command.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { SoakStep } from '../src/schema.js';
import { SelftestReport } from '../src/selftest/schema.js';
import { SoakReport } from '../src/soak/schema.js';
import { cli } from './command.js';
import { type Environment, folder, scratch, simulate } from './simulation.js';

vi.setConfig({ testTimeout: 60_000 });

async function soaked(environment: Environment, ...args: string[]) {
  const file = join(scratch(), 'soak.json');
  const small = ['soak', '--device', 'cuda:0', '--shape', '64', '--minutes', '0.01'];
  const text = await simulate(environment, cli, ...small, '--json', file, ...args);
  const json = await simulate(environment, cli, ...small, '--json', '-', ...args);
  return { ...text, json, report: SoakReport.parse(JSON.parse(json.stdout)) };
}

describe('a soak', () => {
  it('of a healthy card is clean, shows its telemetry, and says that it is simulated', async () => {
    const { code, stdout, report } = await soaked({ NAMEPLATE_SIMULATE: 'h100-sxm5-80gb' });
    expect(code).toBe(0);
    expect(stdout.match(/SIMULATED/g)).toHaveLength(2);
    expect(report).toMatchObject({
      simulated: true,
      options: { operation: 'gemm.fp16', provider: 'cublaslt' },
      verdict: { status: 'clean' },
      wrongRounds: 0,
      correctedErrors: 0,
      uncorrectedErrors: 0,
      clockHz: { median: 1830e6 },
      memoryTemperatureCelsius: { median: expect.any(Number) },
    });
    expect(report.launches).toBeGreaterThan(0);
  });

  it.each([
    ['memory.copy', 'builtin', {}],
    ['peer.copy', 'driver', { NAMEPLATE_SIMULATE: 'two-h200' }],
  ])('takes any row by whoever has it: %s', async (row, provider, environment) => {
    const asked = ['--device', 'cuda:0', '--only', row, '--bytes', '1MiB', '--minutes', '0.01'];
    const { code, stdout, stderr } = await simulate(environment, cli, 'soak', ...asked, '--json', '-');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(SoakReport.parse(JSON.parse(stdout))).toMatchObject({
      options: { operation: row, provider },
      verdict: { status: 'clean' },
    });
  });

  it('finds a bit that flips in every round, with its place', async () => {
    const { code, stdout, report } = await soaked({ NAMEPLATE_FAULT: 'flip' }, '--provider', 'builtin');
    expect(code).toBe(4);
    expect(report.verdict.status).toBe('corrupted');
    expect(report.wrongRounds).toBeGreaterThan(0);
    expect(report.errors[0]).toMatchObject({
      damaged: 'output',
      differences: 1,
      first: { at: expect.stringMatching(/^row \d+/) },
    });
    expect(stdout).toMatch(
      /after .*: an output: row \d+, column \d+: expected the word 0x[0-9a-f]+ .*, found 0x/,
    );
  });

  it('counts ECC errors: uncorrected ones are a wrong result', async () => {
    const { code, report } = await soaked({ NAMEPLATE_SIMULATE_UNCORRECTED: '1000' });
    expect(code).toBe(4);
    expect(report.uncorrectedErrors).toBeGreaterThan(0);
    expect(report.verdict.why).toMatch(/uncorrected ECC errors/);
  });

  it('counts one that came while the first launch was verified', async () => {
    const { code, report } = await soaked({ NAMEPLATE_FAULT: 'lose:cuMemcpyDtoDAsync:1' });
    expect(code).toBe(4);
    expect(report).toMatchObject({ uncorrectedErrors: 1, verdict: { why: '1 uncorrected ECC error' } });
    expect(report.eccErrors).toMatchObject([{ seconds: expect.any(Number), uncorrected: 1 }]);
  });

  it.each([
    ['a launch', 'cuLaunchKernel:3'],
    ['a choice among kernels', 'cuGraphLaunch:2'],
  ])('that ends %s before anything is compared is one too, under whatever name', async (_, call) => {
    const lost = `lose:${call.replace(/\d+/, (n) => `${Number(n) - 1}`)},${call}:sticky`;
    const { code, report } = await soaked(
      { NAMEPLATE_FAULT: lost },
      '--provider',
      'builtin',
      '--shape',
      '256',
    );
    expect(code).toBe(4);
    expect(report).toMatchObject({ uncorrectedErrors: 1, kernel: null, launches: 0 });
    expect(report.verdict.why).toMatch(
      /^1 uncorrected ECC error; then it ended: CUDA_ERROR_ILLEGAL_ADDRESS: /,
    );
    const alone = { NAMEPLATE_FAULT: `${call}:sticky` };
    expect((await soaked(alone, '--provider', 'builtin', '--shape', '256')).code).toBe(3);
  });

  // The choice among the kernels replays some hundred graphs, and the soak as many again, however slow the machine.
  const inTheSoak = 'cuGraphLaunch:150';
  const struck = ['--provider', 'builtin', '--shape', '128', '--minutes', '0.5'];
  it('keeps the wrong rounds of the step in which the device dies', async () => {
    const { code, report } = await soaked({ NAMEPLATE_FAULT: `flip,${inTheSoak}:sticky` }, ...struck);
    expect(code).toBe(4);
    expect(report.verdict.status).toBe('corrupted');
    expect(report.wrongRounds).toBeGreaterThan(0);
    expect(report.verdict.why).toMatch(/^\d+ rounds left other bits .*; then it ended: CUDA_ERROR_ILLEGAL_/);
  });

  it.each([
    ['with NVML', {}, 1],
    ['without', { LD_LIBRARY_PATH: folder({ whole: ['libcuda.so.1'] }) }, null],
  ])('that memory ends is a wrong result, %s', async (_, environment, uncorrectedErrors) => {
    const fault = { NAMEPLATE_FAULT: `${inTheSoak}:ecc`, ...environment };
    const { code, report } = await soaked(fault, ...struck);
    expect(code).toBe(4);
    expect(report).toMatchObject({ uncorrectedErrors, verdict: { status: 'corrupted' } });
    expect(report.verdict.why).toMatch(/CUDA_ERROR_ECC_UNCORRECTABLE/);
  });

  it('that cannot go on keeps its code', async () => {
    const { code, report } = await soaked({ NAMEPLATE_FAULT: 'cuGraphLaunch:3:sticky' });
    expect(code).toBe(3);
    expect(report.verdict).toMatchObject({ status: 'failed', code: 'CUDA_ERROR_ILLEGAL_ADDRESS' });
  });
});

describe.concurrent('an upset in a soak', () => {
  const two = { NAMEPLATE_SIMULATE: 'two-h200' };
  const upset = async (fault: string, row: string, provider: string, ...peer: string[]) => {
    const script = fileURLToPath(new URL('driver/upset.mjs', import.meta.url));
    const { code, stdout, stderr } = await simulate(two, script, row, provider, fault, ...peer);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [first, later] = z.tuple([SoakStep, SoakStep]).parse(JSON.parse(stdout));
    return { first, later };
  };

  it.each([
    ['link.h2d.pinned', 'builtin', 'at the source, on the host'],
    ['link.h2d.pageable', 'driver', 'at the source, on the host'],
    ['link.d2h.pinned', 'driver', 'at the source, on the device'],
    ['peer.copy', 'driver', 'at the source, here', 'cuda:1'],
    ['cache.read.device', 'builtin', 'of the working set'],
    ['dpx.viaddmax.s16x2', 'builtin', 'at the start'],
    ['gemm.bf16.sparse', 'builtin', 'kept element'],
  ])('of an input of %s by %s is found once, named and put right', async (row, provider, place, ...peer) => {
    const { first, later } = await upset('flippedInput', row, provider, ...peer);
    expect(first).toMatchObject({
      wrongRounds: 1,
      errors: [{ damaged: 'input', differences: 1, first: { at: expect.stringContaining(place) } }],
    });
    expect(later).toMatchObject({ wrongRounds: 0, errors: [], failure: null });
    expect(later.launches).toBeGreaterThan(0);
  });

  it('of the verified output of a DPX row is found once, named and put right', async () => {
    const { first, later } = await upset('flippedVerified', 'dpx.viaddmax', 'builtin');
    expect(first).toMatchObject({
      wrongRounds: 1,
      errors: [
        { damaged: 'verified', differences: 1, first: { at: expect.stringMatching(/^chain \d of thr/) } },
      ],
    });
    expect(later).toMatchObject({ wrongRounds: 0, errors: [], failure: null });
  });

  it.each([
    ['link.both.pinned', 'driver'],
    ['peer.both', 'driver', 'cuda:1'],
    ['dpx.vimax3', 'builtin'],
  ])('of an output of %s is taken for nothing that outlasts a round', async (row, provider, ...peer) => {
    for (const step of Object.values(await upset('flippedBit', row, provider, ...peer))) {
      expect(step.wrongRounds).toBe(step.launches);
      expect(new Set(step.errors.map(({ damaged }) => damaged))).toEqual(new Set(['output']));
    }
  });
});

describe('the self-test', () => {
  it.each(['h100-sxm5-80gb', 'unknown'])('catches every fault on %s', async (card) => {
    const { code, stdout } = await simulate({ NAMEPLATE_SIMULATE: card }, cli, 'selftest', '--json');
    const { checks, total, simulated } = SelftestReport.parse(JSON.parse(stdout));
    const wrong = checks.filter(({ outcome }) => outcome !== 'caught' && outcome !== 'clean');
    expect({ code, simulated, wrong, count: checks.length }).toEqual({
      code: 0,
      simulated: true,
      wrong: [],
      count: total,
    });
    expect(new Set(checks.map(({ where }) => where.split('.')[0]))).toEqual(
      new Set(['gemm', 'memory', 'cache', 'dpx', 'link', 'soak of gemm', 'soak of memory', 'telemetry']),
    );
  });

  it('judges by the card that is here', async () => {
    const { stdout } = await simulate({ NAMEPLATE_SIMULATE: 'v100-sxm2-16gb' }, cli, 'selftest');
    expect(stdout).toMatch(/judged by the figures of v100-sxm2-16gb/);
    expect(stdout.match(/SIMULATED/g)).toHaveLength(2);
  });
});
