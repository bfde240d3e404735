// Devices beside their like: which one stands out, and which only scatters.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { fleet, fleetExit } from '../src/fleet/fleet.js';
import { Fleet } from '../src/fleet/schema.js';
import { fleetText } from '../src/report/fleet.js';
import { formats } from '../src/report/index.js';
import type { Report, Row } from '../src/row.js';
import { UsageError } from '../src/usage.js';
import { nameplate } from './command.js';
import { conditions, emptyRow, measured, memoryFigure, report, row, testCard } from './testCard.js';

vi.setConfig({ testTimeout: 30_000 });

const uuid = (index: number) => `GPU-00000000-0000-0000-0000-00000000000${index}`;
const board = (index: number, changes: Partial<Report['devices'][number]> = {}) => ({
  ...testCard,
  id: `cuda:${index}`,
  uuid: uuid(index),
  card: 'test-card',
  cardReason: '',
  ...changes,
});

/** Share of the documented figure, of each device; a row more where something else is to be found. */
function node(shares: number[], extra: Row[] = [], changes: Partial<Report> = {}): Report {
  const rows = shares.map((share, index) =>
    row(measured(share, conditions(1.9e9)), { device: `cuda:${index}` }),
  );
  return report([...rows, ...extra], { devices: shares.map((_, index) => board(index)), ...changes });
}
const found = (...reports: Report[]) =>
  fleet(reports).groups.flatMap(({ findings, devices }) =>
    findings.map(({ status, id, device }) => `${devices[device]?.id} ${id} ${status}`),
  );
const healthy = [0.65, 0.652, 0.648, 0.651, 0.649, 0.65, 0.653];

describe('a device among its like', () => {
  it('is named where it alone is slower, with what its own report says', () => {
    const slow = row(measured(0.58, conditions(1.7e9, ['thermal slowdown', 0.9])), { device: 'cuda:7' });
    const eight = report([...node(healthy).rows, slow], { devices: [...healthy, 0].map((_, i) => board(i)) });
    const ranked = fleet([eight]);
    expect(Fleet.parse(ranked)).toEqual(ranked);
    const [group] = ranked.groups;
    expect(group?.findings).toMatchObject([{ device: 7, status: 'slow', id: 'gemm.bf16' }]);
    expect(group?.findings[0]?.change).toBeCloseTo(0.58 / 0.65 - 1, 3);
    expect(group?.findings[0]?.why).toMatch(/thermal/);
    expect(group?.devices[7]?.standing).toBeCloseTo(0.892, 3);
    expect(fleetExit(ranked)).toBe(1);
  });

  it('stands out by no less than the tolerance, whatever the others scatter by', () => {
    expect(found(node([...healthy, 0.635]))).toEqual([]);
    expect(fleetExit(fleet([node([...healthy, 0.635])]))).toBe(0);
    expect(fleet([node([...healthy, 0.635])], 0.01).groups[0]?.findings).toHaveLength(1);
  });

  it('does not where all scatter as widely', () => {
    expect(found(node([0.6, 0.62, 0.64, 0.66, 0.68, 0.7, 0.56]))).toEqual([]);
  });

  it('does not where its own interval reaches as far as the others', () => {
    const unsure = row(measured(0.61, conditions(1.9e9), { halfWidth: 0.06 }), { device: 'cuda:7' });
    const eight = report([...node(healthy).rows, unsure], {
      devices: [...healthy, 0].map((_, i) => board(i)),
    });
    expect(found(eight)).toEqual([]);
  });

  it('is noted where it is faster, which is no fault', () => {
    const ranked = fleet([node([...healthy, 0.72])]);
    expect(ranked.groups[0]?.findings).toMatchObject([{ device: 7, status: 'fast' }]);
    expect(fleetExit(ranked)).toBe(0);
  });

  it('is slower where a latency is longer', () => {
    const latency = (device: string, share: number) =>
      row(measured(share, conditions(1.9e9), { documented: memoryFigure }), {
        ...{ id: 'latency.memory', family: 'latency', unit: 's', dtype: null, device },
        shape: { bytes: 2 ** 30 },
      });
    const rows = healthy.map((share, index) => latency(`cuda:${index}`, index === 2 ? 0.8 : share));
    const one = report(rows, { devices: healthy.map((_, index) => board(index)) });
    expect(found(one)).toEqual(['cuda:2 latency.memory slow']);
    expect(fleet([one]).groups[0]?.devices[2]?.standing).toBeLessThan(0.85);
  });

  it('is lost where it failed and the others measured, and wrong where its result is', () => {
    const failed = emptyRow({
      device: 'cuda:3',
      verdict: { status: 'failed', code: 'CUDA_ERROR_ECC_UNCORRECTABLE', why: 'memory lost its contents' },
    });
    const without = node([0.65, 0.65, 0.65]);
    const four = report([...without.rows, failed], { devices: [0, 1, 2, 3].map((i) => board(i)) });
    expect(found(four)).toEqual(['cuda:3 gemm.bf16 lost']);
    expect(fleetExit(fleet([four]))).toBe(1);
    const corrupted = { ...failed, verdict: { status: 'corrupted', why: '3 elements differ' } } as Row;
    expect(fleetExit(fleet([{ ...four, rows: [...without.rows, corrupted] }]))).toBe(4);
  });
});

describe('devices', () => {
  it('of which there are two have no like', () => {
    const two = fleet([node([0.65, 0.3])]);
    expect(two.groups[0]?.findings).toEqual([]);
    expect(fleetExit(two)).toBe(3);
    expect(fleetText(two, { color: false, width: 120 })).toContain('no row that three of them measured');
  });

  it('of other cards, and slices, are ranked apart', () => {
    const devices = healthy.map((_, index) =>
      board(
        index,
        index < 3 ? {} : { card: 'other-card', mig: index > 4, multiprocessors: index > 4 ? 14 : 100 },
      ),
    );
    const groups = fleet([{ ...node(healthy), devices }]).groups.map(({ card, devices }) => [
      card,
      devices.length,
    ]);
    expect(groups).toEqual([
      ['test-card', 3],
      ['other-card', 2],
      ['other-card', 2],
    ]);
  });

  it('of several machines are one fleet, and a board that was measured again counts once, as it is now', () => {
    const first = node([0.65, 0.4, 0.65]);
    const again = node([0.65, 0.65, 0.65], [], { startedAt: '2027-01-01T00:00:00.000Z' });
    const other = {
      ...node([0.65, 0.652]),
      host: { ...first.host, hostname: 'node-b' },
      devices: [board(0, { uuid: uuid(8) }), board(1, { uuid: uuid(9) })],
    };
    expect(found(first, other)).toEqual(['cuda:1 gemm.bf16 slow']);
    const ranked = fleet([again, other, first]);
    expect(ranked.groups[0]?.devices).toHaveLength(5);
    expect(ranked.groups[0]?.findings).toEqual([]);
    expect(ranked.superseded).toHaveLength(3);
  });

  it('that copy to peers are held against each other by the bytes, whoever the peer is', () => {
    const copies = [0.9, 0.9, 0.5].map((share, index) =>
      row(measured(share, conditions(1.9e9), { documented: memoryFigure }), {
        ...{ id: 'peer.copy', family: 'peer', unit: 'B/s', dtype: null, device: `cuda:${index}` },
        shape: { bytes: 2 ** 28, peer: `cuda:${(index + 1) % 3}` },
      }),
    );
    const [group] = fleet([report(copies, { devices: [0, 1, 2].map((index) => board(index)) })]).groups;
    expect(group?.rows).toMatchObject([{ devices: 3, shape: { bytes: 2 ** 28, peer: null } }]);
    expect(group?.findings).toMatchObject([{ device: 2, status: 'slow', shape: { peer: 'cuda:0' } }]);
  });

  it('that are simulated are not ranked with measured ones', () => {
    expect(() => fleet([node(healthy), { ...node(healthy), simulated: true }])).toThrow(UsageError);
  });
});

describe('the report of a machine with several', () => {
  const text = (of: Report) => formats.text.render(of, { color: false, width: 300, file: null });

  it('says which of them stands out below, in every format for people', () => {
    const sentence =
      'cuda:7 stands out among 7 others of the same card: slower than its like in 1 row, most in gemm.bf16 by builtin · 8192³: 10.8 % below the median (nameplate fleet has all)';
    const eight = node([...healthy, 0.58]);
    expect(text(eight).split('\n')).toContain(sentence);
    expect(formats.html.render(eight, { color: false, width: 0, file: null })).toContain(sentence);
  });

  it('says nothing where none does', () => {
    expect(text(node([...healthy, 0.72]))).not.toContain('stands out');
    expect(text(node([0.65, 0.3]))).not.toContain('stands out');
  });
});

describe('nameplate fleet', () => {
  const save = (of: Report) => {
    const file = join(mkdtempSync(join(tmpdir(), 'nameplate-fleet-')), 'report.json');
    writeFileSync(file, formats.json.render(of, { color: false, width: 80, file: null }));
    return file;
  };

  it('prints who stands where, the slowest first, and exits with 1 where one stands out', async () => {
    const { code, stdout, stderr } = await nameplate('fleet', save(node([...healthy, 0.58])));
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(/^Test card \(test-card\) · 8 devices\n\ndevice .*\ncuda:7 /);
    expect(stdout).toMatch(
      /cuda:7 of .*: gemm\.bf16 by builtin · 8192³: 580 TFLOPS, 10\.8 % below the median: slower than its like/,
    );
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('1 slower than its like · 8 devices · 1 report');
  });

  it('prints JSON that its schema takes', async () => {
    const { stdout } = await nameplate('fleet', save(node(healthy)), '--json');
    expect(Fleet.parse(JSON.parse(stdout)).groups[0]?.rows).toHaveLength(1);
    expect((await nameplate('schema', 'fleet')).stdout).toContain('"fleetVersion"');
  });

  it.each([
    [['fleet'], /missing required argument 'reports'/],
    [['fleet', 'nowhere.json'], /cannot read nowhere\.json: there is no such file/],
    [['fleet', 'x.json', '--tolerance', '-3'], /--tolerance/],
  ])('refuses %j in a sentence', async (args, sentence) => {
    const { code, stderr } = await nameplate(...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('obeys no control characters of a foreign report', () => {
    const devices = healthy.map((_, index) => board(index, { name: 'card\u001b[31m', pciBusId: '\u0007' }));
    const text = fleetText(fleet([{ ...node(healthy), devices }]), { color: false, width: 120 });
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });
});
