// What NVML tells of a simulated card while it is measured, and what is said where it tells nothing.

import { describe, expect, it, vi } from 'vitest';
import { formats } from '../src/report/index.js';
import { cli } from './command.js';
import { buildSimulatedDriver, driverWithout } from './driver/build.mjs';
import { folder, measure, simulate } from './simulation.js';

vi.setConfig({ testTimeout: 60_000 });

const gemm = ['--only', 'gemm.fp16', '--provider', 'vendor'];

describe.concurrent('telemetry', () => {
  const sensor = 'memory temperature: Not Supported';
  const counters = 'corrected ECC errors: Not Supported; uncorrected ECC errors: Not Supported';
  it.each([
    { card: 'v100-sxm2-16gb', watts: 270, celsius: null, links: 6, missing: sensor },
    { card: 'a100-sxm4-80gb', watts: 360, celsius: 68, links: 12, missing: '' },
    { card: 'l40', watts: 270, celsius: null, links: null, missing: sensor },
    { card: 'rtx-4090', watts: 405, celsius: null, links: null, missing: `${sensor}; ${counters}` },
    { card: 'h100-sxm5-80gb', watts: 630, celsius: 68, links: 18, missing: '' },
    { card: 'h200-sxm-141gb', watts: 630, celsius: 68, links: 18, missing: '' },
  ])('of $card', async ({ card, watts, celsius, links, missing }) => {
    const { report } = await measure({ NAMEPLATE_SIMULATE: card }, ...gemm);
    const { conditions } = report.rows[0] ?? {};
    expect(conditions).toMatchObject({
      source: 'nvml',
      missing,
      powerWatts: { median: watts },
      temperatureCelsius: { median: 60 },
      memoryTemperatureCelsius: celsius === null ? null : { median: celsius },
      nvlinks: links === null ? null : { present: links, active: links },
      correctedErrors: card === 'rtx-4090' ? null : 0,
      uncorrectedErrors: card === 'rtx-4090' ? null : 0,
      link: { width: 16, replays: 0 },
      throttle: [],
    });
  });

  it.each([
    ['h200-sxm-141gb', 315, true],
    ['a100-sxm4-80gb', 360, false], // its older call gives what is drawn now
  ])('of %s by a driver that has no power of the moment', async (card, watts, averaged) => {
    const without = driverWithout({ 'libnvidia-ml.so.1': 'nvmlDeviceGetFieldValues' });
    const { report } = await measure(
      { NAMEPLATE_SIMULATE: card, LD_LIBRARY_PATH: `${without}:${buildSimulatedDriver()}` },
      ...gemm,
    );
    const { powerWatts, missing } = report.rows[0]?.conditions ?? {};
    expect(powerWatts?.median).toBe(watts);
    expect(missing?.includes('power of the moment: this driver gives the mean of the last second')).toBe(
      averaged,
    );
  });

  it('of a MIG slice: its errors by the counter that the GPU still answers, and whose the values are', async () => {
    const { report } = await measure({ NAMEPLATE_SIMULATE: 'mig-1g.10gb' }, ...gemm);
    expect(report.rows[0]?.conditions).toMatchObject({
      correctedErrors: 0,
      uncorrectedErrors: 0,
      missing: expect.stringMatching(/^values of this MIG slice alone/),
    });
    const lost = { NAMEPLATE_SIMULATE: 'mig-1g.10gb', NAMEPLATE_SIMULATE_UNCORRECTED: '1000' };
    expect((await measure(lost, ...gemm)).report.rows[0]?.verdict.status).toBe('corrupted');
  });

  it('of a counter that did not answer when a window began: what it rose by is not known', async () => {
    // The third look: the burst has the first two, at its beginning and its end.
    const environment = { NAMEPLATE_FAULT: 'nvmlDeviceGetTotalEnergyConsumption:3' };
    const { report } = await measure(environment, ...gemm);
    expect(report.rows[0]?.conditions).toMatchObject({
      energyJoules: null,
      missing: expect.stringContaining('energy: no answer when the window began'),
    });
    expect(report.rows[0]?.burst?.conditions.energyJoules).toBeGreaterThan(0);
  });

  it('names the reasons that newer drivers tell', async () => {
    const { report } = await measure({ NAMEPLATE_SIMULATE_CONDITION: 'board-limits' }, ...gemm);
    expect(report.rows[0]?.verdict.status).toBe('pass');
    expect(report.rows[0]?.conditions?.throttle).toEqual([
      { reason: 'board limit', share: 1 },
      { reason: 'reliability limit', share: 1 },
    ]);
  });

  it('counts what is corrected and sent again while it runs, and links that are down', async () => {
    const environment = {
      NAMEPLATE_SIMULATE_CORRECTED: '1000',
      NAMEPLATE_SIMULATE_REPLAYS: '1000',
      NAMEPLATE_SIMULATE_NVLINKS_DOWN: '3',
    };
    const { code, report } = await measure(environment, ...gemm);
    expect(code).toBe(0);
    const { conditions, verdict } = report.rows[0] ?? {};
    expect(verdict?.status).toBe('pass');
    expect(conditions?.correctedErrors).toBeGreaterThan(0);
    expect(conditions).toMatchObject({ uncorrectedErrors: 0, nvlinks: { present: 18, active: 15 } });
    expect(conditions?.link?.replays).toBeGreaterThan(0);
    const text = formats.text.render(report, { color: false, width: 160, file: null });
    for (const words of [/ECC errors corrected meanwhile/, /PCI Express replays meanwhile/])
      expect(text).toMatch(words);
  });

  it('counts no NVLinks of a card that stops answering among them', async () => {
    // The fourth link, whenever they are counted.
    const fourth = Array.from({ length: 40 }, (_, look) => `nvmlDeviceGetNvLinkState:${4 * (look + 1)}`);
    const { report } = await measure({ NAMEPLATE_FAULT: fourth.join(',') }, ...gemm);
    expect(report.rows[0]?.conditions).toMatchObject({
      nvlinks: null,
      missing: expect.stringMatching(/NVLinks: /),
    });
  });

  it.each([
    { card: 'h200-sxm-141gb', repair: 'none', code: 0, words: null },
    {
      card: 'h200-sxm-141gb',
      repair: 'done',
      code: 0,
      words:
        /^memory that failed: 2 rows remapped for uncorrectable errors; 1 row remapped for correctable errors; shown by nvidia-smi -q -d ROW_REMAPPER -i GPU-\S+$/m,
    },
    {
      card: 'l40',
      repair: 'pending',
      code: 0,
      words:
        /^memory that failed: 2 rows .*; not all in effect before a reset of the GPU: nvidia-smi --gpu-reset -i GPU-/m,
    },
    {
      card: 'a100-sxm4-80gb',
      repair: 'failed',
      code: 1,
      words: /^memory that failed: a row could not be remapped, which is ground to have the card tested/m,
    },
    {
      card: 'v100-sxm2-16gb',
      repair: 'done',
      code: 0,
      words:
        /^memory that failed: 2 pages retired .*; 1 page retired .*; shown by nvidia-smi -q -d PAGE_RETIREMENT -i GPU-/m,
    },
    {
      card: 'v100-sxm2-16gb',
      repair: 'pending',
      code: 0,
      words: /^memory .* not all in effect before a reset/m,
    },
    { card: 'mig-1g.10gb', repair: 'failed', code: 0, words: null },
  ])('what of the memory of $card failed ($repair) stands above its rows', async (asked) => {
    const environment = { NAMEPLATE_SIMULATE: asked.card, NAMEPLATE_SIMULATE_REPAIR: asked.repair };
    const { code, report } = await measure(environment, ...gemm);
    expect(report.rows.map(({ verdict }) => verdict.status)).toEqual(['pass']);
    const text = formats.text.render(report, { color: false, width: 400, file: null });
    if (asked.words === null) expect(text).not.toMatch(/memory that failed/);
    else expect(text).toMatch(asked.words);
    expect(code).toBe(asked.code);
    const inventory = await simulate(environment, cli, 'devices');
    expect(inventory.stdout.includes('memory that failed')).toBe(asked.words !== null);
  });

  it.each([
    ['', 'h200-sxm-141gb', 'none', 0, null],
    [
      '1',
      'h200-sxm-141gb',
      'GPU reset',
      1,
      /^the driver has seen .* then nvidia-smi --gpu-reset -i GPU-\S+; shown/m,
    ],
    [
      '2',
      'h200-sxm-141gb',
      'node reboot',
      1,
      /^the driver has seen a fault .* inconsistent: reboot it; shown as/m,
    ],
    ['3', 'two-h200', 'drain P2P', 1, /^the driver has seen .* all copies between GPUs have to end/m],
    [
      '4',
      'mig-1g.10gb',
      'drain and reset',
      1,
      /^the driver has seen .* --gpu-reset -i 0000\S+; shown as GPU Recovery/m,
    ],
    ['9', 'h200-sxm-141gb', 'action 9', 1, /^the driver has seen .* asks for this action: action 9; shown/m],
  ] as const)(
    'what the driver wants done about a fault (%s on %s) stands above the rows',
    async (action, card, name, exit, words) => {
      const environment = {
        NAMEPLATE_SIMULATE: card,
        ...(action && { NAMEPLATE_SIMULATE_RECOVERY: action }),
      };
      const { code, report } = await measure(environment, '--device', 'cuda:0', ...gemm);
      expect(report.devices.find(({ id }) => id === 'cuda:0')?.recoveryAction).toBe(name);
      expect(report.rows.map(({ verdict }) => verdict.status)).toEqual(['pass']);
      expect(code).toBe(exit);
      const text = formats.text.render(report, { color: false, width: 400, file: null });
      if (words === null) expect(text).not.toContain('the driver has seen');
      else expect(text).toMatch(words);
      const inventory = await simulate(environment, cli, 'devices');
      expect(inventory.stdout.includes('the driver has seen a fault of this card')).toBe(words !== null);
    },
  );

  it('errors beyond correction while a row ran make its result worthless', async () => {
    const { code, report } = await measure({ NAMEPLATE_SIMULATE_UNCORRECTED: '1000' }, ...gemm);
    expect(report.rows[0]?.conditions?.uncorrectedErrors).toBeGreaterThan(0);
    expect(report.rows[0]?.verdict).toMatchObject({ status: 'corrupted', why: expect.stringMatching(/ECC/) });
    expect(code).toBe(4);
  });

  it('errors beyond correction are what a launch died of, whatever the driver calls it', async () => {
    const died = { NAMEPLATE_FAULT: 'cuGraphLaunch:4' };
    const { code, report } = await measure({ ...died, NAMEPLATE_SIMULATE_UNCORRECTED: '100000' }, ...gemm);
    expect(report.rows[0]?.verdict).toMatchObject({
      status: 'corrupted',
      why: expect.stringMatching(/^CUDA_ERROR_UNKNOWN: .*; \d+ uncorrected ECC errors meanwhile$/),
    });
    expect(code).toBe(4);
    expect((await measure(died, ...gemm)).code).toBe(3);
  });

  it.each([
    [
      'cuGraphLaunch:4:sticky',
      'failed',
      /; meanwhile the driver logged Xid 31, which NVIDIA's list of Xid errors/,
    ],
    ['cuGraphLaunch:4:ecc', 'corrupted', /; meanwhile the driver logged Xid 94, which/],
    ['cuGraphLaunch:4', 'failed', /^(?!.*Xid)/],
    ['cuGraphLaunch:4:sticky,nvmlEventSetCreate', 'failed', /^(?!.*Xid)/],
    ['cuGraphLaunch:4:sticky,nvmlDeviceRegisterEvents', 'failed', /^(?!.*Xid)/],
    ['cuGraphLaunch:4:sticky,nvmlEventSetWait_v2', 'failed', /^(?!.*Xid)/],
  ])('of a row that %s ends, the reason names what the driver logged', async (fault, status, why) => {
    const { report } = await measure({ NAMEPLATE_FAULT: fault }, ...gemm);
    expect(report.rows[0]?.verdict).toMatchObject({ status, why: expect.stringMatching(why) });
  });

  it.each([
    ['own', '0'],
    ["peer's", '1'],
  ])(
    'errors beyond correction of the %s memory spoil a copy between the two, and say so',
    async (_, slot) => {
      const environment = {
        NAMEPLATE_SIMULATE: 'two-h200',
        NAMEPLATE_SIMULATE_UNCORRECTED: '1000',
        NAMEPLATE_SIMULATE_UNCORRECTED_ON: slot,
      };
      const rows = ['--device', 'cuda:0', '--only', 'peer.copy,memory.copy', '--provider', 'vendor'];
      const { code, report } = await measure(environment, ...rows);
      const of = (id: string) => report.rows.filter((row) => row.device === 'cuda:0' && row.id === id);
      for (const { conditions, verdict } of of('peer.copy')) {
        expect(verdict).toMatchObject({ status: 'corrupted', why: expect.stringMatching(/ECC/) });
        expect(conditions?.uncorrectedErrors).toBeGreaterThan(0);
      }
      expect(of('peer.copy')).toHaveLength(1);
      expect(of('memory.copy').map(({ verdict }) => verdict.status)).toEqual([
        slot === '0' ? 'corrupted' : 'pass',
      ]);
      expect(code).toBe(4);
    },
  );
});

describe.concurrent('without telemetry', () => {
  it.each([
    {
      name: 'absent',
      environment: () => ({ LD_LIBRARY_PATH: folder({ whole: ['libcuda.so.1', 'libcublasLt.so.13'] }) }),
      reason: /libnvidia-ml/,
      source: 'none',
    },
    {
      name: 'not starting',
      environment: () => ({ NAMEPLATE_FAULT: 'nvmlInit_v2' }),
      reason: /nvmlInit failed: Driver Not Loaded/,
      source: 'none',
    },
    {
      name: 'gone once something runs',
      environment: () => ({ NAMEPLATE_FAULT: 'nvmlDeviceGetClockInfo:1:sticky' }),
      reason: /./,
      source: expect.any(String),
    },
  ])('NVML $name: the row stands, and says what it lacks', async ({ environment, reason, source }) => {
    const { code, report } = await measure(environment(), ...gemm);
    expect(code).toBe(0);
    const [row] = report.rows;
    expect(row?.rate).toBeGreaterThan(0);
    expect(row?.conditions).toMatchObject({ source, clockHz: null, missing: expect.stringMatching(reason) });
    expect(row?.verdict.status).toBe('pass');
    const absent = report.absences.filter(({ what }) => what === 'NVML').map(({ reason: why }) => why);
    if (source === 'none') expect(absent).toEqual([expect.stringMatching(reason)]);
  });
});
