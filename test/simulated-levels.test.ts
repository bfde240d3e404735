// Caches, latencies, launches and links of a simulated card, through the real command: what is swept, what is found in
// it, and what bad sizes are answered with. The figures are the model's.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { formats, parseReport } from '../src/report/index.js';
import { notices } from '../src/report/notices.js';
import { cli } from './command.js';
import { type Environment, measure, scratch, simulate } from './simulation.js';

vi.setConfig({ testTimeout: 60_000 });

/** Without sizes of the test's own: those of the level. */
async function sweep(environment: Environment, ...args: string[]) {
  const file = join(scratch(), 'report.json');
  const all = ['run', '--device', 'cuda:0', '--quick', '--json', file, ...args];
  const { code, stdout, stderr } = await simulate(environment, cli, ...all);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return { stdout, report: parseReport(readFileSync(file, 'utf8')) };
}

describe.concurrent('caches', () => {
  it('are swept when they are asked for by name, and their levels found', async () => {
    const l2 = 8 * 2 ** 20;
    const { stdout, report } = await sweep(
      { NAMEPLATE_SIMULATE_L2: `${l2}` },
      ...['--only', 'cache.read.device'],
    );
    expect(report.rows.every(({ verification }) => verification?.differences === 0)).toBe(true);
    const [curve] = report.curves;
    expect(curve?.levels.map(({ name, to }) => [name, to])).toEqual([
      ['L2', l2],
      ['memory', 8 * l2],
    ]);
    expect(stdout).toMatch(
      /cache\.read\.device at \d+ sizes of the working set: each byte read in each pass/,
    );
    expect(stdout).toMatch(
      /L2 +16 KiB +8 MiB +8 MiB +21\.6 TB\/s\n {2}memory +16 MiB +64 MiB +– +4\.32 TB\/s/,
    );
  });

  it('that a sweep passes by name none of its levels', async () => {
    // As large a set as L1 would hold, were it asked.
    const args = ['--only', 'cache.read.device'];
    const { report } = await sweep({ NAMEPLATE_SIMULATE_L2: `${2 ** 20}` }, ...args);
    expect(report.devices[0]?.caches.map(({ level }) => level)).toEqual([1, 2]);
    expect(report.curves[0]?.levels.map(({ name }) => name)).toEqual(['L2', 'memory']);
  });

  it('are left out of a run that names no rows', async () => {
    const { report } = await measure({});
    const families = new Set(report.rows.map(({ id }) => id.split('.')[0]));
    expect([...families]).toEqual(['gemm', 'memory', 'dpx', 'latency', 'launch', 'link', 'peer']);
  });

  it('whose sets are larger than the memory are unsupported, with the bytes', async () => {
    const { report } = await measure({}, '--only', 'cache.read.core,latency.memory', '--bytes', '64GiB');
    const why = report.rows
      .filter(({ shape }) => 'bytes' in shape && shape.bytes > 2 ** 30)
      .map(({ verdict }) => `${verdict.status}: ${'why' in verdict ? verdict.why : ''}`);
    expect(why).toHaveLength(2);
    expect(why[0]).toMatch(/^unsupported: 132 working sets of 68719476736 bytes do not fit the \d+ bytes/);
    expect(why[1]).toMatch(/^unsupported: a working set of 68719476736 bytes does not fit/);
  });
});

describe.concurrent('latencies', () => {
  it('are seconds and clocks of a step, each chase verified', async () => {
    const { code, report } = await measure({}, '--only', 'latency.*,launch.*');
    expect(code).toBe(0);
    expect(
      report.rows.map(({ id, unit, rate }) => `${id} ${unit} ${((rate ?? 0) * 1e9).toFixed(0)}`),
    ).toEqual(['latency.memory s 600', 'latency.host s 1500', 'launch.kernel s 5000', 'launch.graph s 5000']);
    const [memory] = report.rows;
    expect(memory?.clocks).toBeCloseTo(600e-9 * 1830e6, 0);
    expect(memory?.verification).toMatchObject({ differences: 0, timedLaunchesCompared: true });
    expect(memory?.kernel?.note).toMatch(/one node a line of 128 bytes, one cycle in random order/);
  });

  it.each([4, 48, 128])(
    'of %d KiB in L1 are those of L1, though each launch fetches the set anew',
    async (KiB) => {
      const { code, report } = await measure({}, '--only', 'latency.memory', '--bytes', `${KiB}KiB`);
      expect(code).toBe(0);
      const row = report.rows.find(({ shape }) => 'bytes' in shape && shape.bytes === KiB * 1024);
      // The model has 20 ns for a step in L1, and 150 for a line that has yet to come.
      expect((row?.rate ?? 0) * 1e9).toBeLessThan(1.05 * 20);
      // A launch that ended where it began could not be told from one that never left.
      expect((row?.work?.steps ?? 0) % ((KiB * 1024) / 128)).not.toBe(0);
    },
  );

  it.each(['latency.memory', 'launch.graph', 'cache.copy.device'])('that end elsewhere: %s', async (id) => {
    const { code, report } = await measure({ NAMEPLATE_FAULT: 'nan' }, '--only', id);
    expect(code).toBe(4);
    expect(report.rows.map(({ verdict }) => verdict.status)).toEqual(['corrupted']);
  });

  it('are no rows for a soak', async () => {
    const args = ['soak', '--device', 'cuda:0', '--only', 'latency.host', '--provider', 'builtin'];
    const { code, stderr } = await simulate({}, cli, ...args, '--bytes', '1MiB');
    expect(code).toBe(2);
    expect(stderr).toBe(
      'nameplate: a soak keeps a device at work, and latency.host only waits; take a row with a rate\n',
    );
  });
});

describe.concurrent('links', () => {
  it('carry both directions at once, by the copy engines and by a kernel', async () => {
    const { report } = await measure({}, '--only', 'link.both.pinned,link.h2d.pinned');
    const of = (id: string, provider: string) =>
      report.rows.find((row) => row.id === id && row.provider === provider)?.rate ?? 0;
    expect(of('link.both.pinned', 'driver') / of('link.h2d.pinned', 'driver')).toBeCloseTo(2, 1);
    expect(of('link.both.pinned', 'builtin')).toBeGreaterThan(0);
    const [both] = report.rows.filter(({ id }) => id === 'link.both.pinned');
    expect(both?.work?.bytesCounted).toBe('bytes copied, both directions together');
    expect(both?.verification?.compared).toBe(2 * (2 ** 20 / 8));
  });

  it('carry both directions of pageable memory at once, though each holds the thread that asks for it', async () => {
    const { report } = await measure({}, '--only', 'link.*.pageable');
    const [, d2h, both] = report.rows;
    expect(both).toMatchObject({
      id: 'link.both.pageable',
      kernel: {
        name: expect.stringContaining('two streams, each from a host thread of its own, pageable memory'),
      },
      verification: { compared: 2 * (2 ** 20 / 8), differences: 0, timedLaunchesCompared: true },
      verdict: { status: 'unjudged' },
    });
    expect((both?.rate ?? 0) / (d2h?.rate ?? 1)).toBeCloseTo(2, 1);
  });

  it('larger than the memory of the host are refused before anything of it is touched', async () => {
    const { code, report } = await measure({}, '--only', 'link.*', '--bytes', '1TiB');
    expect(code).toBe(3);
    const large = report.rows.filter(({ shape }) => 'bytes' in shape && shape.bytes === 2 ** 40);
    expect(large).toHaveLength(11);
    for (const { verdict } of large)
      expect(verdict).toMatchObject({
        status: 'failed',
        code: 'ENOMEM',
        why: expect.stringMatching(
          /^the row takes \d+ bytes of host memory and \d+ are available: use smaller/,
        ),
      });
  });

  it('whose host memory cannot be pinned fail with its code', async () => {
    const { code, report } = await measure(
      { NAMEPLATE_FAULT: 'cuMemHostAlloc' },
      '--only',
      'link.both.pinned',
    );
    expect(code).toBe(3);
    expect(report.rows[0]?.verdict).toMatchObject({
      status: 'failed',
      code: 'CUDA_ERROR_OUT_OF_MEMORY',
      why: expect.stringMatching(/bytes of pinned host memory asked for: ask for less/),
    });
  });
});

describe.concurrent('peers', () => {
  const two = { NAMEPLATE_SIMULATE: 'two-h200' };

  it('are a matrix: each device with each other, one way and both, over NVLink', async () => {
    const { code, report } = await measure(two, '--device', 'cuda:1', '--only', 'peer.*');
    expect(code).toBe(0);
    const facts = report.rows.map(({ id, device, shape, rate }) => {
      const peer = 'peer' in shape ? shape.peer : '';
      return `${id} ${device} ${peer} ${((rate ?? 0) / 1e9).toFixed(0)}`;
    });
    expect(facts).toEqual([
      'peer.copy cuda:0 cuda:1 405',
      'peer.both cuda:0 cuda:1 810',
      'peer.copy cuda:1 cuda:0 405',
      'peer.both cuda:1 cuda:0 810',
    ]);
    const [copy] = report.rows;
    expect(copy?.kernel?.name).toBe('cuMemcpyPeerAsync, over NVLink');
    expect(copy?.verification).toMatchObject({ differences: 0, timedLaunchesCompared: true });
    expect(copy?.documented).toMatchObject({ resource: 'peer', value: 450e9 });
    expect(copy?.attribution?.ofSpec).toBeCloseTo(0.9, 2);
    const text = formats.text.render(report, { color: false, width: 200, file: null });
    expect(text.match(/MiB → cuda:\d/g)).toHaveLength(4);
    expect(text.match(/cuMemcpyPeerAsync.*, over NVLink/g)).toHaveLength(4);
  });

  it('over PCI Express are told apart, and have no figure of NVLink beside them', async () => {
    const pcie = { ...two, NAMEPLATE_SIMULATE_PEERS: 'pcie' };
    const { report } = await measure(pcie, '--only', 'peer.copy');
    expect(report.rows[0]?.kernel?.name).toMatch(/over PCI Express$/);
    expect(report.rows[0]?.documented).toBeNull();
  });

  it('whose copies are lost on their way are corrupted, and no card is blamed', async () => {
    const lossy = { ...two, NAMEPLATE_SIMULATE_PEERS: 'lossy' };
    const { code, report } = await measure(lossy, '--device', 'cuda:0', '--only', 'peer.*');
    expect(code).toBe(4);
    for (const row of report.rows) {
      expect(row.verdict.status).toBe('corrupted');
      expect(row.rate).toBeNull();
      expect(notices(row).join('; ')).toContain('an IOMMU or ACS may have lost the copy, and no card');
    }
  });

  it('that are not reachable are unsupported with the reason', async () => {
    const { report } = await measure({ ...two, NAMEPLATE_SIMULATE_PEERS: 'none' }, '--only', 'peer.copy');
    expect(report.rows[0]?.verdict).toEqual({
      status: 'unsupported',
      why: 'the device does not reach the peer directly, says cuDeviceCanAccessPeer; nvidia-smi topo -p2p r shows which do',
    });
  });

  it('hold what a GPU has of them for a row alone: eight at a time, those of other processes counted', async () => {
    const rows = ['--device', 'cuda:0', '--only', 'peer.copy'];
    const of = async (most: string) => {
      const environment = { NAMEPLATE_SIMULATE: 'three-h200', NAMEPLATE_SIMULATE_MOST_PEERS: most };
      const { report } = await measure(environment, ...rows);
      return report.rows.filter(({ device }) => device === 'cuda:0').map(({ verdict }) => verdict);
    };
    expect((await of('2')).map(({ status }) => status)).toEqual(['unjudged', 'unjudged']);
    const why = expect.stringMatching(/no peer left to give: without NVSwitch it has eight at a time/);
    expect(await of('1')).toEqual(Array(2).fill({ status: 'unsupported', why }));
  });

  it('of one device alone are unsupported: one device', async () => {
    const { report } = await measure({}, '--only', 'peer.*,memory.copy');
    const peers = report.rows.filter(({ id }) => id.startsWith('peer'));
    expect(peers.map(({ verdict }) => ('why' in verdict ? verdict.why : ''))).toEqual(
      Array(2).fill('one device: there is no peer to copy to'),
    );
  });
});
