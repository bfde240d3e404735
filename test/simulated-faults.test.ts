// What goes wrong on a machine, through the real command: which rows it costs, what they say, and the exit code.

import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { parseReport } from '../src/report/index.js';
import type { Row } from '../src/row.js';
import { SelftestReport } from '../src/selftest/schema.js';
import { SoakReport } from '../src/soak/schema.js';
import { cli, until } from './command.js';
import { olderDriver } from './driver/build.mjs';
import {
  type Environment,
  folder,
  measure,
  run,
  scratch,
  simulate,
  startSimulated,
  statusOf,
} from './simulation.js';

vi.setConfig({ testTimeout: 60_000 });

const gemm = ['--only', 'gemm.bf16', '--provider', 'vendor'];
const rows = ['--only', 'gemm.bf16,memory.copy'];
const failed = ({ verdict }: Row) => verdict.status === 'failed';

describe.concurrent('no device', () => {
  const cases: {
    name: string;
    environment: () => Environment;
    code: string;
    reason: RegExp;
    remedy: RegExp;
  }[] = [
    {
      name: 'no driver',
      environment: () => ({ LD_LIBRARY_PATH: folder({ broken: ['libcuda.so.1'] }) }),
      code: 'ENODEV',
      reason: /its library could not be opened: .*libcuda/,
      remedy: /install the NVIDIA driver; in a container/,
    },
    {
      name: 'a driver of CUDA 11.2',
      environment: () => ({ NAMEPLATE_SIMULATE_DRIVER: '11020', LD_LIBRARY_PATH: olderDriver() }),
      code: 'ENOSYS',
      reason: /is too old: it lacks cuDeviceGetUuid and 1 more calls/,
      remedy: /install a driver for CUDA 11\.4 or newer/,
    },
    {
      name: 'a driver that lacks a call',
      environment: () => ({ NAMEPLATE_FAULT: 'missing:cuGraphUpload' }),
      code: 'ENOSYS',
      reason: /is too old: it lacks cuGraphUpload/,
      remedy: /install a driver for CUDA 11\.4 or newer/,
    },
    {
      name: 'a driver that does not start',
      environment: () => ({ NAMEPLATE_FAULT: 'cuInit' }),
      code: 'CUDA_ERROR_NO_DEVICE',
      reason: /cuInit of .*libcuda\.so\.1 failed with CUDA_ERROR_NO_DEVICE/,
      remedy: /check nvidia-smi and CUDA_VISIBLE_DEVICES/,
    },
    {
      name: 'a device that does not answer',
      environment: () => ({ NAMEPLATE_FAULT: 'cuDeviceGetUuid' }),
      code: 'CUDA_ERROR_UNKNOWN',
      reason: /cuDeviceGetUuid failed/,
      remedy: /run nvidia-smi/,
    },
  ];
  it.each(cases)('$name', async ({ environment, code: told, reason, remedy }) => {
    const asked = await simulate(environment(), cli, 'run', '--device', 'cuda:0', '--quick', '--no-save');
    expect(asked).toMatchObject({ code: 3, stdout: '' });
    expect(asked.stderr).toMatch(/no device "cuda:0"/);
    expect(asked.stderr).toMatch(reason);
    const { code, stdout } = await simulate(environment(), cli, 'devices', '--json');
    expect(code).toBe(0);
    const { absences, devices } = JSON.parse(stdout);
    expect(devices).toMatchObject([{ id: 'cpu' }]);
    expect(absences).toContainEqual(
      expect.objectContaining({
        code: told,
        reason: expect.stringMatching(reason),
        remedy: expect.stringMatching(remedy),
      }),
    );
  });
});

describe.concurrent('less than a whole installation', () => {
  it('with a driver of CUDA 11.4 our own rows stand, and the library of CUDA 13 is not tried', async () => {
    const older = { NAMEPLATE_SIMULATE_DRIVER: '11040', LD_LIBRARY_PATH: olderDriver() };
    const { code, report } = await measure({ NAMEPLATE_SIMULATE: 'a100-sxm4-80gb', ...older }, ...rows);
    expect(code).toBe(0);
    expect(report.devices).toMatchObject([{ driverApi: '11.4', card: 'a100-sxm4-80gb' }]);
    expect(report.absences).toContainEqual(
      expect.objectContaining({
        what: 'cuBLASLt',
        reason: expect.stringContaining('no libcublasLt.so.11 to .11'),
      }),
    );
    expect(report.rows.map(statusOf)).toEqual([
      'gemm.bf16 builtin pass',
      'gemm.bf16 cublaslt unsupported',
      'memory.copy builtin pass',
      'memory.copy driver pass',
    ]);
    expect(report.rows[0]?.conditions).toMatchObject({ source: 'nvml', missing: '' });
  });

  it.each([
    ['v100-sxm2-16gb', 'libcublasLt.so.12'],
    ['h200-sxm-141gb', 'libcublasLt.so.13'],
  ])('of two cuBLASLt %s takes the newest that starts on it: %s', async (card, name) => {
    const both = folder({ whole: ['libcuda.so.1', 'libnvidia-ml.so.1', 'libcublasLt.so.13'] });
    symlinkSync(join(both, 'libcublasLt.so.13'), join(both, 'libcublasLt.so.12'));
    const environment = { NAMEPLATE_SIMULATE: card, LD_LIBRARY_PATH: both };
    const { stdout } = await simulate(environment, cli, 'devices', '--json');
    expect(stdout).toContain(join(both, name));
    expect(stdout.match(/libcublasLt\.so/g)).toHaveLength(1);
  });

  it.each([
    [
      'among the packages of a Python on PATH, activated or not',
      'lib/python3.12/site-packages/nvidia/cu13/lib',
      'libcublasLt.so.13',
    ],
    ['beside that Python, as Conda puts it', 'lib', 'libcublasLt.so.13'],
    [
      'among the packages of a Python, in a folder of its own',
      'lib/python3.12/site-packages/nvidia/cusparselt/lib',
      'libcusparseLt.so.0',
    ],
  ])('a library is found %s', async (_, place, name) => {
    const root = scratch();
    const packages = join(root, place);
    mkdirSync(packages, { recursive: true });
    mkdirSync(join(root, 'bin'));
    writeFileSync(join(root, 'bin/python3'), '', { mode: 0o755 });
    const library = join(packages, name);
    symlinkSync(join(folder({ whole: [name] }), name), library);
    const { stdout } = await simulate(
      {
        LD_LIBRARY_PATH: folder({ whole: ['libcuda.so.1', 'libnvidia-ml.so.1'] }),
        PATH: `${root}/bin:${process.env.PATH ?? ''}`,
      },
      cli,
      'devices',
      '--json',
    );
    expect(stdout).toContain(library);
  });
});

describe.concurrent('a call that fails', () => {
  it.each([
    { fault: 'cuMemAlloc:1', code: 'CUDA_ERROR_OUT_OF_MEMORY' },
    { fault: 'cuMemAlloc:3', code: 'CUDA_ERROR_OUT_OF_MEMORY' },
    { fault: 'cuMemHostAlloc:1', code: 'CUDA_ERROR_OUT_OF_MEMORY', only: 'link.h2d.pinned,memory.copy' },
    { fault: 'cuGraphLaunch:4', code: 'CUDA_ERROR_UNKNOWN' },
    { fault: 'cuLaunchKernel:5', code: 'CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES' },
    { fault: 'cublasLtMatmul:1:sticky', code: 'CUBLAS_STATUS_EXECUTION_FAILED' },
    // Beyond the launches of the six candidates, which may fail: each is launched, recorded once, and 256 times.
    { fault: 'cublasLtMatmul:1550', code: 'CUBLAS_STATUS_EXECUTION_FAILED' },
  ])('$fault costs one row of a process', async ({ fault, code, only = 'gemm.bf16,memory.copy' }) => {
    const ended = await measure({ NAMEPLATE_FAULT: fault }, '--only', only);
    expect(ended.code).toBe(3);
    expect(ended.report.state).toBe('complete');
    const lost = ended.report.rows.filter(failed);
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.length).toBeLessThan(ended.report.rows.length);
    for (const { verdict } of lost)
      expect(verdict).toMatchObject({ code, why: expect.stringContaining(fault.split(':')[0] ?? '') });
  });

  it('arrays that do not fit fail with the sizes', async () => {
    const environment = { NAMEPLATE_SIMULATE_MEMORY: '1600000' };
    const { code, report } = await measure(environment, '--only', 'memory.copy', '--provider', 'builtin');
    expect(code).toBe(3);
    expect(report.rows[0]?.verdict).toMatchObject({
      status: 'failed',
      code: 'CUDA_ERROR_OUT_OF_MEMORY',
      why: expect.stringMatching(/1048576 bytes asked for, 551424 of 150109880320 free/),
    });
  });

  it.each(['flip', 'nan'])('%s: a result spoilt while it was timed is found', async (fault) => {
    const { code, report } = await measure({ NAMEPLATE_FAULT: fault }, ...rows);
    expect(code).toBe(4);
    expect(report.rows.map(statusOf)).toEqual([
      'gemm.bf16 builtin corrupted',
      'gemm.bf16 cublaslt pass',
      'memory.copy builtin pass',
      'memory.copy driver pass',
    ]);
    expect(report.rows[0]?.verification?.differences).toBe(1);
  });
});

describe.concurrent('memory that loses its contents while no window is open', () => {
  // Of a peer row's copies to the device, the third poisons before the sustained phase; the second back compares after it.
  it.each([
    ['the first verification', 'cuMemcpyDtoHAsync:1'],
    ['the pause between burst and sustained', 'cuMemcpyHtoDAsync:3'],
    ['the last comparison', 'cuMemcpyDtoHAsync:2'],
  ])('corrupts the row: in %s', async (_, call) => {
    const environment = { NAMEPLATE_FAULT: `lose:${call}`, NAMEPLATE_SIMULATE: 'two-h200' };
    const { code, report } = await measure(environment, '--only', 'peer.copy');
    expect(code).toBe(4);
    expect(report.rows).toMatchObject([
      { conditions: { uncorrectedErrors: 0 }, burst: { conditions: { uncorrectedErrors: 0 } } },
    ]);
    expect(report.rows[0]?.verdict).toEqual({
      status: 'corrupted',
      why: expect.stringMatching(/^1 uncorrected ECC error while the row was prepared and verified/),
    });
  });

  it('corrupts no other row than that in whose window it happened', async () => {
    // A window's first look at the clock comes after its first look at the counter.
    const environment = { NAMEPLATE_FAULT: 'lose:nvmlDeviceGetClockInfo:1' };
    const { report } = await measure(environment, '--only', 'gemm.bf16');
    expect(report.rows.map(statusOf)).toEqual(['gemm.bf16 builtin corrupted', 'gemm.bf16 cublaslt pass']);
  });
});

describe.concurrent('launches that do nothing once they are timed', () => {
  // No graph replays copies of both ways at once, from pageable memory or to a peer, nor a launch by itself.
  const replayed = 'gemm.bf16,memory.*,cache.*,dpx.viaddmax,latency.*,launch.graph,link.*2*.pinned';
  it('leave no row its rate', async () => {
    const environment = { NAMEPLATE_FAULT: 'idle', NAMEPLATE_SIMULATE: 'two-h200' };
    const { code, report } = await measure(environment, '--only', replayed, '--device', 'cuda:0');
    expect(code).toBe(4);
    expect(report.rows.length).toBeGreaterThan(20);
    expect(report.rows.map(statusOf).filter((row) => !row.endsWith(' corrupted'))).toEqual([]);
  });
});

describe.concurrent('what outlasts a call', () => {
  // Of these two rows only a GEMM's verification copies within the device.
  const first = 'cuMemcpyDtoDAsync:1';
  it.each([
    {
      how: 'sticky',
      exit: 3,
      verdict: {
        status: 'failed',
        code: 'CUDA_ERROR_ILLEGAL_ADDRESS',
        why: expect.stringMatching(/everything this process held there is lost/),
      },
    },
    {
      how: 'ecc',
      exit: 4,
      verdict: {
        status: 'corrupted',
        why: expect.stringMatching(/^CUDA_ERROR_ECC_UNCORRECTABLE: .*device memory failed beyond correction/),
      },
    },
  ])('$how costs the rows of its process and no more', async ({ how, exit, verdict }) => {
    const ended = await measure({ NAMEPLATE_FAULT: `${first}:${how}` }, '--only', 'gemm.bf16,memory.read');
    expect(ended.code).toBe(exit);
    expect(ended.report.state).toBe('complete');
    const [builtin, vendor, read] = ended.report.rows;
    for (const row of [builtin, vendor]) expect(row?.verdict).toEqual(verdict);
    expect(read).toMatchObject({ id: 'memory.read', rate: expect.any(Number) });
  });

  it.each([
    'hang:cuLaunchKernel:2',
    'hang:cuMemAlloc:3',
    'hang:cublasLtMatmul:2',
    'hang:nvmlDeviceGetClockInfo:2',
  ])('%s is ended by the watchdog', async (fault) => {
    const { code, report } = await measure({ NAMEPLATE_FAULT: fault }, '--timeout', '2', ...gemm);
    expect(code).toBe(3);
    for (const { verdict } of report.rows)
      expect(verdict).toMatchObject({ status: 'failed', code: 'ETIMEDOUT' });
  });

  it('a library that takes its process down costs its own row and not the other', async () => {
    const { code, report } = await measure(
      { NAMEPLATE_FAULT: 'crash:cublasLtMatmul:2' },
      '--only',
      'gemm.bf16',
    );
    expect(code).toBe(3);
    const [builtin, vendor] = report.rows;
    const priorFailure = { code: 'SIGABRT', why: expect.any(String) };
    expect(builtin).toMatchObject({ verdict: { status: 'pass' }, priorFailure, ratioToVendor: null });
    expect(vendor).toMatchObject({ verdict: { status: 'failed', code: 'SIGABRT' }, priorFailure });
  });

  it.each(['cuGraphLaunch:3:gone', 'nvmlDeviceGetClockInfo:2:gone'])(
    '%s: a device falls off the bus, and every row from then on fails',
    async (fault) => {
      const environment = { NAMEPLATE_FAULT: fault, NAMEPLATE_SIMULATE_BUS: join(scratch(), 'bus') };
      const { code, report } = await measure(environment, ...rows);
      expect(code).toBe(3);
      expect(report.state).toBe('complete');
      expect(report.rows).toHaveLength(4);
      for (const { verdict } of report.rows)
        expect(verdict).toMatchObject({ status: 'failed', code: 'ENODEV', why: expect.any(String) });
      // Those in whose turns it fell say how; the next ones find it gone.
      const fell = { code: 'CUDA_ERROR_UNKNOWN', why: expect.any(String) };
      expect(report.rows.map(({ priorFailure }) => priorFailure)).toEqual([fell, fell, null, null]);
      // A later run finds no device, and says so.
      const later = await simulate(environment, cli, 'run', '--device', 'cuda:0', '--no-save');
      expect(later).toMatchObject({ code: 3, stderr: expect.stringContaining('CUDA_ERROR_NO_DEVICE') });
    },
  );

  it('one of two devices does not answer: the other is measured all the same', async () => {
    const environment = { NAMEPLATE_SIMULATE: 'two-h200', NAMEPLATE_FAULT: 'cuDeviceGetUuid' };
    const args = ['run', '--device', 'cuda:1', '--quick', '--only', 'memory.copy', '--bytes', '1MiB'];
    const { code, stdout } = await simulate(environment, cli, ...args, '--json', '-');
    const { rows: measured, absences } = parseReport(stdout);
    expect(code).toBe(0);
    expect(absences).toContainEqual(expect.objectContaining({ what: 'cuda:0' }));
    expect(measured.map(statusOf)).toEqual(['memory.copy builtin pass', 'memory.copy driver pass']);
    const every = await simulate(environment, cli, ...args.toSpliced(1, 2), '--no-save');
    expect(every).toMatchObject({ code: 3, stdout: expect.stringContaining('no cuda:0: cuDeviceGetUuid') });
  });

  it('one of two devices falls off the bus: its rows fail, and those of the other are its own', async () => {
    const environment = {
      NAMEPLATE_SIMULATE: 'two-h200',
      NAMEPLATE_FAULT: 'cuGraphLaunch:3:gone',
      NAMEPLATE_SIMULATE_BUS: join(scratch(), 'bus'),
    };
    const { code, report } = await measure(environment, '--device', 'cuda:1', ...rows);
    expect(code).toBe(3);
    // CUDA counts anew in a process that begins later: what was cuda:1 is cuda:0 there.
    expect(report.rows.map(({ device, verdict: { status } }) => `${device} ${status}`)).toEqual([
      ...Array(4).fill('cuda:0 failed'),
      ...Array(4).fill('cuda:1 pass'),
    ]);
  });

  it('one of three devices falls off the bus: a copy to it fails, and goes to no other that has its number now', async () => {
    const environment = {
      NAMEPLATE_SIMULATE: 'three-h200',
      NAMEPLATE_FAULT: 'cuGraphLaunch:3:gone',
      NAMEPLATE_SIMULATE_BUS: join(scratch(), 'bus'),
    };
    const args = ['run', '--device', 'cuda:1', '--device', 'cuda:0', '--quick', '--bytes', '1MiB'];
    const copies = ['--only', 'memory.read,peer.copy', '--json', '-'];
    const report = parseReport((await simulate(environment, cli, ...args, ...copies)).stdout);
    const peerOf = ({ shape }: Row) => ('peer' in shape ? `to ${shape.peer} ` : '');
    const found = report.rows.map((row) => `${row.device} ${peerOf(row)}${failed(row) ? 'failed' : 'right'}`);
    expect(found.slice(-3)).toEqual(['cuda:0 right', 'cuda:0 to cuda:1 failed', 'cuda:0 to cuda:2 right']);
    const gone = report.devices[0]?.uuid;
    expect(report.rows.at(-2)?.verdict).toMatchObject({
      code: 'ENODEV',
      why: expect.stringMatching(`^there is no device "${gone}"; here are: cuda:0 .*; cuda:1 `),
    });
  });
});

it.concurrent.each([
  ['a run', run('--only', 'gemm.fp32')],
  ['a soak', ['soak', '--device', 'cuda:0']],
  ['a self-test', ['selftest', '--device', 'cuda:0']],
])('%s that is interrupted while a driver hangs over its devices ends at once, with 130', async (_, args) => {
  const ledger = join(scratch(), 'ledger');
  const environment = { NAMEPLATE_FAULT: 'hang:cuInit', NAMEPLATE_SIMULATE_LEDGER: ledger };
  const { process, ended } = startSimulated(environment, cli, ...args);
  await until('the hang', () => existsSync(ledger) || undefined);
  process.kill('SIGINT');
  const { code, stderr } = await ended;
  expect({ code, stderr }).toEqual({ code: 130, stderr: 'nameplate: interrupted\n' });
});

it.concurrent('a second run of other devices into the same file is refused, until the first is dead', async () => {
  const file = join(scratch(), 'report.json');
  const args = run('--only', 'memory.read', '--json', file);
  const first = startSimulated({ NAMEPLATE_FAULT: 'hang:cuMemAlloc:1' }, cli, ...args);
  await until('the first report', () => existsSync(file) || undefined);
  const soak = ['soak', '--device', 'cuda:0', '--shape', '64', '--minutes', '0.01', '--json', file];
  for (const again of [args, soak]) {
    const { code, stderr } = await simulate({}, cli, ...again);
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: expect.stringContaining('being written by another'),
    });
  }
  expect((await simulate({}, cli, ...soak.slice(0, -1), '-')).code).toBe(0);
  first.process.kill('SIGKILL');
  await first.ended;
  expect((await simulate({}, cli, ...args)).code).toBe(0);
});

describe.concurrent('a wrong result that was found stays the exit code', () => {
  const rowsIn = (file: string) =>
    existsSync(file) ? parseReport(readFileSync(file, 'utf8')).rows.length : 0;
  /** A run of several rows whose first is wrong, in the middle of its second. */
  async function found() {
    const place = scratch();
    const file = join(place, 'report.json');
    const args = run('--only', 'gemm.bf16,memory.*', '--provider', 'builtin', '--json', file);
    const running = startSimulated({ NAMEPLATE_FAULT: 'flip' }, cli, ...args);
    await until('the first row', () => rowsIn(file) > 0 || undefined);
    return { ...running, place, file };
  }

  it('of an interrupted run', async () => {
    const { process, ended, file } = await found();
    process.kill('SIGINT');
    const { code, stderr } = await ended;
    const { state, rows: kept } = parseReport(readFileSync(file, 'utf8'));
    expect({ code, stderr, state }).toEqual({ code: 4, stderr: '', state: 'interrupted' });
    expect(kept.map(statusOf)[0]).toBe('gemm.bf16 builtin corrupted');
  });

  it.each([
    ['flip', 4, 1],
    ['cuInit:1000', 130, 0],
  ])('of an interrupted self-test, %s, exits with %d', async (fault, exit, missed) => {
    const ledger = join(scratch(), 'ledger');
    // The third module is that of memory.copy, whose checks come after those of gemm.fp32.
    const environment = {
      NAMEPLATE_FAULT: `${fault},hang:cuModuleLoadDataEx:3`,
      NAMEPLATE_SIMULATE_LEDGER: ledger,
    };
    const args = ['selftest', '--device', 'cuda:0', '--json'];
    const { process, ended } = startSimulated(environment, cli, ...args);
    await until('the hang', () => existsSync(ledger) || undefined);
    process.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    const { checks, total } = SelftestReport.parse(JSON.parse(stdout));
    expect({ code, stderr }).toEqual({ code: exit, stderr: '' });
    expect(checks.filter(({ outcome }) => outcome === 'missed')).toHaveLength(missed);
    expect(checks.every(({ where }) => where === 'gemm.fp32')).toBe(true);
    expect(checks).toHaveLength(7);
    expect(total).toBeGreaterThan(6);
  });

  it('of a run whose report can no longer be saved', async () => {
    const { ended, place } = await found();
    rmSync(place, { recursive: true });
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(4);
    expect(stdout).toContain('corrupted');
    expect(stderr).toMatch(/^nameplate: cannot write the report to .*: its folder does not exist\n$/);
  });

  it('of a soak whose report can no longer be saved', async () => {
    const place = scratch();
    const file = join(place, 'soak.json');
    const small = ['soak', '--device', 'cuda:0', '--shape', '64', '--provider', 'builtin'];
    const args = [...small, '--minutes', '0.1', '--json', file];
    const { ended } = startSimulated({ NAMEPLATE_FAULT: 'flip' }, cli, ...args);
    const launches = () => SoakReport.parse(JSON.parse(readFileSync(file, 'utf8'))).launches;
    await until('a step', () => (existsSync(file) && launches() > 0) || undefined);
    rmSync(place, { recursive: true });
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(4);
    expect(stdout).toContain('corrupted');
    expect(stderr).toMatch(/^nameplate: cannot write the report to .*: its folder does not exist\n$/);
  });
});
