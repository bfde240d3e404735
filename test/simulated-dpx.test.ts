// DPX rows of simulated cards, through the real command: what is counted, what is native and what is emulated, and that
// no figure is made up. The rates are the model's.

import { describe, expect, it, vi } from 'vitest';
import { loadNative } from '../src/index.js';
import { cli } from './command.js';
import { measure, simulate, statusOf } from './simulation.js';

vi.setConfig({ testTimeout: 60_000 });

const request = {
  device: 'cpu',
  operation: 'dpx.viaddmax',
  providers: ['builtin'],
  data: 'uniform' as const,
  seed: 1,
  telemetry: false,
  fault: 'none' as const,
  threads: 1,
  budget: { warmupSeconds: 0, burstSeconds: 0.001, sustainedSeconds: 0.001, precision: 0.1 },
};

describe.concurrent('DPX rows', () => {
  it('count operations: one a call, and two where a word is two halves', async () => {
    const { code, report } = await measure({}, '--only', 'dpx.*');
    expect(code).toBe(0);
    // 64 calls per clock of 132 multiprocessors at 1830 MHz, at the model's efficiency of 0.9.
    const calls = 64 * 132 * 1830e6 * 0.9;
    const facts = report.rows.map(({ id, unit, rate }) => [id, unit, (rate ?? 0) / calls]);
    expect(facts).toEqual([
      ['dpx.viaddmax', 'op/s', expect.closeTo(1, 3)],
      ['dpx.viaddmax.s16x2', 'op/s', expect.closeTo(2, 3)],
      ['dpx.viaddmax.s16x2.relu', 'op/s', expect.closeTo(2, 3)],
      ['dpx.vimax3', 'op/s', expect.closeTo(1, 3)],
    ]);
    for (const { work, verification } of report.rows) {
      // Four blocks of 256 threads on each multiprocessor, eight words a thread, every one of them compared.
      expect(verification).toMatchObject({ compared: 132 * 4 * 256 * 8, differences: 0 });
      expect(verification?.timedLaunchesCompared).toBe(true);
      expect(work?.flopCounted).toMatch(/^an operation is /);
    }
  });

  it.each([
    ['h200-sxm-141gb', false, 'native: one instruction each on compute capability 9.0'],
    ['unknown-100', false, 'native: one instruction each on compute capability 10.0'],
    ['a100-sxm4-80gb', true, 'emulated: compute capability 8.0 is not documented to have DPX instructions'],
  ])(
    'say how %s does them, that no GPU has, and that no document gives a rate',
    async (card, emulated, how) => {
      const { report } = await measure({ NAMEPLATE_SIMULATE: card }, '--only', 'dpx.*');
      for (const { kernel, documented, verdict } of report.rows) {
        // An older image spells them out, whatever the device can do.
        const spelled = kernel?.name.includes('compute_70') === true;
        expect(kernel).toMatchObject({ resource: 'dpx', tuned: false, emulated: emulated || spelled });
        expect(kernel?.note).toContain(spelled && !emulated ? 'spells out what' : how);
        expect(kernel?.note).toMatch(/; not yet run on a GPU$/);
        expect(documented).toBeNull();
        expect(verdict).toMatchObject({ status: 'unjudged', why: expect.stringMatching(/rate of DPX/) });
      }
    },
  );

  it.each(['dpx.viaddmax', 'dpx.vimax3'])('with one word wrong are corrupted: %s', async (id) => {
    const { code, report } = await measure({ NAMEPLATE_FAULT: 'flip' }, '--only', id);
    expect(report.rows.map(statusOf)).toEqual([`${id} builtin corrupted`]);
    expect(code).toBe(4);
    expect(report.rows[0]?.verification?.first?.at).toMatch(/^chain \d of thread \d+ of block \d+$/);
  });

  it.each([
    [16, 'unsupported', 'a processor has no DPX instructions'],
    [17, 'failed', 'a DPX row takes a multiple of 16 steps, at most 65536'],
    [2 ** 16, 'unsupported', 'a processor has no DPX instructions'],
  ])('of %i steps, asked of a processor all the same, say why not', async (steps, outcome, words) => {
    const { results } = await loadNative().run({ ...request, shape: { steps } });
    const [result] = results;
    expect(result).toMatchObject({ outcome });
    expect(result).toMatchObject(
      outcome === 'failed' ? { code: 'ERANGE', message: words } : { reason: words },
    );
  });

  it.each([{ steps: 0 }, { steps: 2 ** 17 }, { bytes: 64 }])(
    'of another shape than steps are refused: %o',
    async (shape) => {
      await expect(loadNative().run({ ...request, shape })).rejects.toMatchObject({
        code: expect.stringMatching(/^E(RANGE|INVAL)$/),
      });
    },
  );

  it('are no rows of a processor', async () => {
    const { code, stderr } = await simulate({}, cli, 'run', '--device', 'cpu', '--only', 'dpx.*');
    expect(code).toBe(2);
    expect(stderr).toMatch(/no row matches "dpx\.\*" on cpu/);
  });

  it('can be soaked', async () => {
    const args = ['soak', '--device', 'cuda:0', '--only', 'dpx.viaddmax', '--provider', 'builtin'];
    const { code, stdout } = await simulate({}, cli, ...args, '--minutes', '0.01', '--json', '-');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ unit: 'op/s', wrongRounds: 0, verdict: { status: 'clean' } });
  });
});
