// Other processes on a simulated card: noticed, said as what they were seen to do, and never mistaken for this one.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { formats } from '../src/report/index.js';
import { cli } from './command.js';
import { buildSimulatedDriver, driverWithout } from './driver/build.mjs';
import { type Environment, measure, scratch, simulate } from './simulation.js';

vi.setConfig({ testTimeout: 60_000 });

const gemm = ['--only', 'gemm.fp16', '--provider', 'vendor'];
const one = { NAMEPLATE_SIMULATE_OTHERS: '1' };
const twoAtWork = { NAMEPLATE_SIMULATE_OTHERS: '2', NAMEPLATE_SIMULATE_OTHERS_SMS: '40' };
const slow = { NAMEPLATE_SIMULATE_EFFICIENCY: '0.4' };

const lacking = (symbol: string) => ({
  LD_LIBRARY_PATH: `${driverWithout({ 'libnvidia-ml.so.1': symbol })}:${buildSimulatedDriver()}`,
});

async function measured(environment: Environment) {
  const { report } = await measure(environment, ...gemm);
  const [row] = report.rows;
  if (!row?.conditions || !row.attribution) throw new Error('gemm.fp16 was not measured and judged');
  const { otherProcesses, missing } = row.conditions;
  const text = formats.text.render(report, { color: false, width: 160, file: null }).replace(/\s+/g, ' ');
  const { attribution, verdict } = row;
  return { report, otherProcesses, missing, text, verdict, attribution, rest: attribution.factors.at(-1) };
}

describe.concurrent('processes on the card', () => {
  it('where nobody else is, nothing is said', async () => {
    const { otherProcesses, missing, text, verdict, rest } = await measured({});
    expect(otherProcesses).toEqual({ count: 0, memoryBytes: null, smShare: null });
    expect(missing).toBe('');
    expect(text).not.toMatch(/process/);
    expect(verdict.status).toBe('pass');
    expect(rest).toMatchObject({ name: 'kernel', confirm: null });
  });

  it('one that only holds memory is noticed, and nothing is blamed on it', async () => {
    const { otherProcesses, missing, text, verdict, attribution, rest } = await measured({ ...one, ...slow });
    expect(otherProcesses).toEqual({ count: 1, memoryBytes: 20e9, smShare: 0 });
    expect(missing).toBe('');
    expect(text).toContain('another process on the device meanwhile, holding 20 GB: not seen to use the SMs');
    expect(verdict.status).toBe('low');
    expect(attribution.summary).not.toMatch(/process/);
    expect(rest).toMatchObject({ name: 'kernel', confirm: null });
  });

  it('those at work stand as a possible cause beside a low verdict, with what shows them', async () => {
    const { report, otherProcesses, text, verdict, rest } = await measured({ ...twoAtWork, ...slow });
    expect(otherProcesses).toEqual({ count: 2, memoryBytes: 40e9, smShare: 0.4 });
    const words =
      '2 other processes on the device meanwhile, holding 40 GB: seen to use the SMs 40 % of the time, the busiest';
    expect(verdict).toMatchObject({ status: 'low', why: expect.stringMatching(`; ${words}$`) });
    expect(text).toContain(words);
    expect(text.match(/other processes/g)).toHaveLength(1); // said once
    const evidence = expect.stringMatching(` is left, and in it: ${words}$`);
    const command = `nvidia-smi --query-compute-apps=pid,name,used_memory --format=csv -i ${report.devices[0]?.uuid}`;
    expect(rest).toMatchObject({ name: 'remainder', evidence, confirm: command });

    const file = join(scratch(), 'report.json');
    writeFileSync(file, JSON.stringify(report));
    const { stdout } = await simulate({}, cli, 'explain', 'gemm.fp16', '--report', file);
    expect(stdout).toContain(`confirm: ${command}\n`);
    expect(stdout.replace(/\s+/g, ' ')).toContain(words);
    expect(stdout).toContain('other processes seen on the device: 2');
  });

  it('they are no verdict: a row that passes beside them passes', async () => {
    const { verdict, text } = await measured(twoAtWork);
    expect(verdict.status).toBe('pass');
    expect(text.match(/2 other processes on the device meanwhile/g)).toHaveLength(1);
  });

  it.each(['own', 'parent', 'thread', 'twice'])(
    'this process and its parent are not counted: %s',
    async (listed) => {
      const environment = { NAMEPLATE_SIMULATE_PROCESSES: listed, NAMEPLATE_SIMULATE_OTHERS_SMS: '40' };
      expect((await measured(environment)).otherProcesses?.count).toBe(0);
      const beside = await measured({ ...environment, ...one });
      expect(beside.otherProcesses).toEqual({ count: 1, memoryBytes: 20e9, smShare: 0.4 });
    },
  );

  it("among the host's pids one is ours, and of the others only their number is known", async () => {
    const host = { NAMEPLATE_SIMULATE_PROCESSES: 'host' };
    expect(await measured(host)).toMatchObject({ otherProcesses: { count: 0 }, missing: '' });
    const { otherProcesses, missing, text, attribution } = await measured({ ...host, ...twoAtWork });
    expect(otherProcesses).toEqual({ count: 2, memoryBytes: null, smShare: null });
    expect(missing).toBe('SM use of other processes: which of the pids is that of this process is not told');
    expect(attribution.summary).toMatch(/2 other processes on the device meanwhile: whether .* not told$/);
    expect(text).toContain(
      '2 other processes on the device meanwhile: whether the SMs were used is not told',
    );
  });

  it.each([
    {
      name: 'this process is not listed',
      environment: () => ({ NAMEPLATE_SIMULATE_PROCESSES: 'hidden' }),
      missing: 'other processes: this process itself is not listed, so others are not either',
    },
    {
      name: 'the list is forbidden',
      environment: () => ({ NAMEPLATE_SIMULATE_PROCESSES: 'forbidden' }),
      missing: 'other processes: Insufficient Permissions',
    },
    {
      name: 'NVML has no list',
      environment: () => lacking('nvmlDeviceGetComputeRunningProcesses_v2'),
      missing: 'other processes: not in this version of NVML',
    },
  ])('where $name, they are not known, and why is said', async ({ environment, missing }) => {
    const found = await measured({ ...environment(), ...twoAtWork });
    expect(found).toMatchObject({ otherProcesses: null, missing, verdict: { status: 'pass' } });
    expect(found.text).not.toMatch(/process/);
  });

  it.each([
    {
      name: 'does not tell',
      environment: () => lacking('nvmlDeviceGetProcessUtilization'),
      missing: 'SM use of other processes: not in this version of NVML',
    },
    {
      name: 'tells by other pids than it lists',
      environment: () => ({ NAMEPLATE_SIMULATE_PROCESSES: 'mixed' }),
      missing: 'SM use of other processes: no sample of this process itself within the window',
    },
  ])(
    'where NVML $name the use of SMs, whether they worked is not known',
    async ({ environment, missing }) => {
      expect(await measured({ ...environment(), ...twoAtWork })).toMatchObject({
        otherProcesses: { count: 2, memoryBytes: 40e9, smShare: null },
        missing,
      });
    },
  );

  it('of a MIG slice are those of the slice, and not those of the other slices', async () => {
    const slice = { NAMEPLATE_SIMULATE: 'mig-1g.10gb' };
    const alone = await measured(slice);
    expect(alone.otherProcesses?.count).toBe(0);
    expect(alone.missing).not.toMatch(/SM use/);
    const beside = await measured({ ...slice, ...one });
    expect(beside.otherProcesses).toEqual({ count: 1, memoryBytes: 20e9, smShare: null });
    expect(beside.missing).toMatch(/SM use of other processes: Not Supported$/);
  });
});
