// Which cores a CPU run uses: made-up machines as folders, read by the real code, and real processes that are held down.

import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadNative } from '../src/native.js';
import { Report } from '../src/row.js';
import { cli } from './command.js';

const execute = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'nameplate-place-'));
const program = join(folder, 'place');

beforeAll(async () => {
  const parts = [
    'placement',
    'caches',
    'cgroup',
    'processor',
    'threads',
    'ceiling',
    'ceiling_loops',
    'clock',
  ];
  const sources = ['test/cpu/place.cc', ...parts.map((name) => `native/cpu/${name}.cc`)];
  await execute('g++', ['-std=c++20', '-O3', '-Wall', '-I', 'native', ...sources, '-pthread', '-o', program]);
});

type Files = Record<string, string>;
let machines = 0;

/** A root folder with these files in it. */
function machine(...parts: Files[]): string {
  const root = join(folder, `machine-${machines++}`);
  mkdirSync(root);
  for (const [path, text] of Object.entries(Object.assign({}, ...parts) as Files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  }
  return root;
}

async function fact(name: string, root: string, allowed: string, threads = 0) {
  const { stdout } = await execute(program, [root, allowed, String(threads)]);
  return new RegExp(`^${name} (.*)$`, 'm').exec(stdout)?.[1];
}

async function place(root: string, allowed: string, threads = 0) {
  const { stdout } = await execute(program, [root, allowed, String(threads)]);
  const lines = stdout.trimEnd().split('\n');
  const fact = (name: string) => lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
  return {
    threads: Number(fact('threads')),
    most: Number(fact('most')),
    cpus: fact('cpus'),
    words: fact('words'),
    groups: lines.filter((line) => line.startsWith('group ')).map((line) => line.slice('group '.length)),
  };
}

const system = 'sys/devices/system/cpu';
/** CPUs that share cores, one list of siblings a core: ['0,2', '1,3']. */
const cores = (lists: string[], file = 'core_cpus_list'): Files =>
  Object.fromEntries(
    lists.flatMap((list) =>
      list.split(',').map((cpu) => [`${system}/cpu${cpu}/topology/${file}`, list] as const),
    ),
  );
const online = (list: string): Files => ({ [`${system}/online`]: list });
const eachCpu = (cpus: number[], file: string, text: string): Files =>
  Object.fromEntries(cpus.map((cpu) => [`${system}/cpu${cpu}/${file}`, text]));
const cpuinfo = (...blocks: string[]): Files => ({ 'proc/cpuinfo': blocks.join('\n\n') });
const amd = (cpu: number) =>
  `processor\t: ${cpu}\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 97\nmodel name\t: AMD Ryzen`;
const arm = (cpu: number, part: string) =>
  `processor\t: ${cpu}\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: ${part}`;

describe('hyperthreads', () => {
  const smt = () =>
    machine(
      cores(['0,4', '1,5', '2,6', '3,7']),
      online('0-7'),
      cpuinfo(...[0, 1, 2, 3, 4, 5, 6, 7].map(amd)),
      eachCpu([0, 1, 4, 5], 'cpufreq/cpuinfo_max_freq', '5000000'),
      eachCpu([2, 3, 6, 7], 'cpufreq/cpuinfo_max_freq', '4000000'),
    );

  it('stay idle: one thread a core, on one CPU of each', async () => {
    expect(await place(smt(), '0-7')).toEqual({
      threads: 4,
      most: 8,
      cpus: '0-3',
      words: '4 threads on 4 of 4 cores, hyperthreads idle; affinity 0-7; no cgroup limit',
      groups: ['4 of AuthenticAMD 25/97 alike at 4.5 GHz'],
    });
  });

  it('are used where more threads than cores are asked for', async () => {
    const at = await place(smt(), '0-7', 6);
    expect(at).toMatchObject({
      threads: 6,
      cpus: '0-7',
      groups: ['4 of AuthenticAMD 25/97 alike at 4.5 GHz'],
    });
    expect(at.words).toContain('6 threads on 4 of 4 cores, hyperthreads used');
  });

  it('do not make two cores of one that the process is held on', async () => {
    expect(await place(smt(), '1,5')).toMatchObject({
      threads: 1,
      most: 2,
      cpus: '1',
      words: '1 thread on 1 of 4 cores, hyperthreads idle; affinity 1,5; no cgroup limit',
    });
  });

  it('are known by the file that older kernels have', async () => {
    const root = machine(cores(['0,2', '1,3'], 'thread_siblings_list'), online('0-3'));
    expect(await place(root, '0-3')).toMatchObject({ threads: 2, cpus: '0-1' });
  });
});

describe('a list of processors that is numbered from 0, as in LXC', () => {
  const four = (...blocks: string[]) =>
    machine(cores(['4', '5', '6', '7']), online('0-7'), cpuinfo(...blocks));

  it('names cores that are all alike', async () => {
    const { groups } = await place(four(amd(0), amd(1), amd(2), amd(3)), '4-7');
    expect(groups).toEqual(['4 of AuthenticAMD 25/97 alike at 0 GHz']);
  });

  it('names none that are not', async () => {
    const { groups } = await place(four(arm(0, '0xd05'), arm(1, '0xd0c')), '4-7');
    expect(groups).toEqual(['4 of  0/0 alike at 0 GHz']);
  });
});

describe('unlike cores', () => {
  const intel = () =>
    machine(
      cores(['0,1', '2,3', '4', '5', '6', '7']),
      online('0-7'),
      { 'sys/devices/cpu_core/cpus': '0-3', 'sys/devices/cpu_atom/cpus': '4-7' },
      eachCpu([0, 1, 2, 3], 'cpufreq/cpuinfo_max_freq', '5100000'),
      eachCpu([4, 5, 6, 7], 'cpufreq/cpuinfo_max_freq', '3900000'),
    );

  it('are all used, and counted apart', async () => {
    expect(await place(intel(), '0-7')).toEqual({
      threads: 6,
      most: 8,
      cpus: '0,2,4-7',
      words:
        '6 threads on 6 of 6 cores (2 performance + 4 efficiency), hyperthreads idle; affinity 0-7; no cgroup limit',
      groups: ['2 of  0/0 performance at 5.1 GHz', '4 of  0/0 efficiency at 3.9 GHz'],
    });
  });

  it('are the fast ones where fewer threads are asked for', async () => {
    expect(await place(intel(), '0-7', 2)).toMatchObject({
      cpus: '0,2',
      groups: [expect.stringMatching(/^2 .*performance/)],
    });
    const three = await place(intel(), '0-7', 3);
    expect(three.cpus).toBe('0,2,4-7');
    expect(three.groups.map((group) => group.split(' ')[0])).toEqual(['2', '1']);
  });

  it('make an unlike pool, which deals work in more blocks, and those of one kind an alike one', async () => {
    expect(await fact('pool', intel(), '0-7')).toBe('unlike');
    expect(await fact('pool', intel(), '0-7', 8)).toBe('unlike');
    expect(await fact('pool', intel(), '0-7', 2)).toBe('alike');
    expect(await fact('pool', intel(), '4-7')).toBe('alike');
  });

  it('of Arm are told apart by part and capacity', async () => {
    const root = machine(
      cores(['0', '1', '2', '3']),
      online('0-3'),
      cpuinfo(arm(0, '0xd05'), arm(1, '0xd05'), arm(2, '0xd0c'), arm(3, '0xd0c')),
      eachCpu([0, 1], 'cpu_capacity', '446'),
      eachCpu([2, 3], 'cpu_capacity', '1024'),
    );
    expect(await place(root, '0-3')).toMatchObject({
      threads: 4,
      groups: ['2 of 0x41 8/3340 alike at 0 GHz', '2 of 0x41 8/3333 alike at 0 GHz'],
    });
    expect(await place(root, '0-3', 1)).toMatchObject({
      cpus: '2-3',
      groups: ['1 of 0x41 8/3340 alike at 0 GHz'],
    });
  });
});

describe('last-level caches', () => {
  // Four chiplets of four cores, 32 MiB each.
  const numbers = Array.from({ length: 16 }, (_, cpu) => cpu);
  const chiplets = (files: Files = {}) =>
    machine(
      cores(numbers.map(String)),
      online('0-15'),
      ...numbers.map((cpu) => ({
        [`${system}/cpu${cpu}/cache/index0/level`]: '1',
        [`${system}/cpu${cpu}/cache/index0/type`]: 'Data',
        [`${system}/cpu${cpu}/cache/index0/size`]: '32K',
        [`${system}/cpu${cpu}/cache/index0/shared_cpu_list`]: `${cpu}`,
        [`${system}/cpu${cpu}/cache/index1/level`]: '3',
        [`${system}/cpu${cpu}/cache/index1/type`]: 'Unified',
        [`${system}/cpu${cpu}/cache/index1/size`]: '32768K',
        [`${system}/cpu${cpu}/cache/index1/shared_cpu_list`]: `${cpu - (cpu % 4)}-${cpu - (cpu % 4) + 3}`,
      })),
      files,
    );
  const quota = { 'proc/self/cgroup': '0::/', 'sys/fs/cgroup/cpu.max': '200000 100000' };

  it.each([
    ['of all cores are counted', chiplets(), '0-15', 0, '0-15', '128'],
    ['are one where a quota leaves two threads', chiplets(quota), '0-15', 0, '0-3', '32'],
    ['are as few as hold the threads that were asked for', chiplets(), '0-15', 6, '0-7', '64'],
    ['are those that hold the most of the allowed cores', chiplets(), '2-8', 4, '4-7', '32'],
  ])('%s', async (_, root, allowed, threads, cpus, mebibytes) => {
    expect(await fact('cpus', root, allowed, threads)).toBe(cpus);
    expect(await fact('cache', root, allowed, threads)).toBe(mebibytes);
  });
});

describe('what is missing', () => {
  it('is not counted: a CPU that is offline', async () => {
    const root = machine(cores(['0', '2', '3']), online('0,2-3'));
    expect(await place(root, '0,2-3')).toMatchObject({
      threads: 3,
      words: '3 threads on 3 of 3 cores; affinity 0,2-3; no cgroup limit',
    });
  });

  it('is not needed: a system that says nothing of its CPUs', async () => {
    expect(await place(machine(), '0-1')).toMatchObject({
      threads: 2,
      cpus: '0-1',
      words: '2 threads on 2 of 2 cores; affinity 0-1; no cgroup limit',
    });
  });

  it.each(['', 'x', '3-1', '-1', '0-9999999999', '1,,2'])(
    'does no harm: a list that reads "%s"',
    async (list) => {
      const root = machine({ 'sys/devices/cpu_atom/cpus': list }, online(list));
      expect(await place(root, '0-1')).toMatchObject({ threads: 2, most: 2 });
    },
  );
});

describe('a control group', () => {
  const four = { ...cores(['0', '1', '2', '3']), ...online('0-3') };
  const second = (max: string, path = '') => ({
    'proc/self/cgroup': '0::/box',
    [`sys/fs/cgroup/${path}cpu.max`]: max,
  });
  const first = (quota: string, place: string, controllers = 'cpu,cpuacct') => ({
    'proc/self/cgroup': `12:pids:/box\n4:${controllers}:/box`,
    [`sys/fs/cgroup/${place}/cpu.cfs_quota_us`]: quota,
    [`sys/fs/cgroup/${place}/cpu.cfs_period_us`]: '100000',
  });

  it.each([
    ['half a CPU', second('50000 100000'), 1, 'cgroup limit 0.5 CPUs'],
    ['one and a half', second('150000 100000', 'box/'), 1, 'cgroup limit 1.5 CPUs'],
    ['three', second('300000 100000'), 3, 'cgroup limit 3 CPUs'],
    ['more than there are', second('900000 100000'), 4, 'cgroup limit 9 CPUs'],
    ['no limit', second('max 100000'), 4, 'no cgroup limit'],
    ['half a CPU, version 1', first('50000', 'cpu,cpuacct/box'), 1, 'cgroup limit 0.5 CPUs'],
    ['two, version 1, seen from a container', first('200000', 'cpu,cpuacct'), 2, 'cgroup limit 2 CPUs'],
    ['one, version 1, by a link', first('100000', 'cpu/box', 'cpuacct,cpu'), 1, 'cgroup limit 1 CPU'],
    ['no limit, version 1', first('-1', 'cpu,cpuacct/box'), 4, 'no cgroup limit'],
  ] as const)('of %s', async (_, files, threads, words) => {
    const at = await place(machine(four, files), '0-3');
    expect(at.threads).toBe(threads);
    expect(at.words).toContain(words);
  });

  it('gives way to a number of threads that was asked for', async () => {
    expect(await place(machine(four, second('50000 100000')), '0-3', 2)).toMatchObject({ threads: 2 });
  });
});

const allowedList =
  /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
const allowed = /^\d+/.exec(allowedList)?.[0] ?? '0';

it('threads have a CPU each where there are as many, and leave all of them to the threads of others', async () => {
  const { stdout } = await execute(program, ['apart', allowedList]);
  // Beside other work the caller, which is not bound, may be moved in the middle.
  expect(Number(/^apart in (\d+) of 20 launches$/m.exec(stdout)?.[1])).toBeGreaterThan(10);
  expect(stdout).toContain(`others may run on ${allowedList}\n`);
});

it('threads stay on the CPUs they were given, and every ceiling loop of this processor runs', async () => {
  const { stdout } = await execute(program, ['here', allowed]);
  expect(stdout.match(/^held on .*$/gm)).toEqual([`held on ${allowed}`]);
  expect(stdout).not.toContain('is empty');
  expect(stdout).toMatch(/^loop vector.fp32 .* counts$/m);
  expect(stdout).toMatch(/^loop vector.fp64 .* counts$/m);
  const avx = /^flags\s*:.* avx /m.test(readFileSync('/proc/cpuinfo', 'utf8'));
  expect(stdout.includes('loop vector.fp64 AVX counts')).toBe(avx);
  const best = /^best vector.fp32 fp32 .*, (.*), 1 thread$/m.exec(stdout)?.[1];
  expect(stdout).toContain(`loop vector.fp32 ${best} counts`);
  expect(stdout).toContain('beside other work the ceiling stays');
  expect(stdout).toContain('memory has no ceiling');
});

it('a quick core counts once in a ceiling, and its loop is the widest unless another is quicker', async () => {
  const { stdout } = await execute(program, ['loops']);
  expect(stdout).toBe('as fast as 4 slow cores\nwide, quicker, none\n');
});

const hasTaskset = spawnSync('taskset', ['--version']).status === 0;

describe('the measuring device', () => {
  const native = loadNative();
  const run = async (threads: number | null) => {
    const budget = { warmupSeconds: 0, burstSeconds: 0.01, sustainedSeconds: 0.01, precision: 0.5 };
    const shape = { m: 256, n: 256, k: 256 };
    const what = { device: 'cpu', operation: 'gemm.fp32', shape, providers: ['builtin', 'openblas'] };
    const how = { data: 'uniform', seed: 1, telemetry: true, fault: 'none' } as const;
    const { results } = await native.run({ ...what, ...how, threads, budget });
    return results.flatMap((result) => (result.outcome === 'measured' ? [result] : []));
  };

  it('is opened anew for another number of threads, its libraries too', async () => {
    const [cpu] = (await native.inventory()).devices;
    const most = cpu?.mostThreads ?? 1;
    for (const threads of [1, most, null]) {
      const words = `${threads ?? cpu?.threads} thread`;
      const results = await run(threads);
      expect(results.length).toBeGreaterThan(0);
      for (const { kernel, ceiling } of results) {
        expect(kernel.name).toContain(`, ${words}`);
        expect(ceiling?.how).toContain(`, ${words}`);
        expect(ceiling?.rates.length).toBeGreaterThan(1);
      }
    }
    await expect(run(most + 1)).rejects.toMatchObject({ code: 'ERANGE' });
  });

  it('times its clock, in a range where processors are', async () => {
    const [result] = await run(1);
    if (process.arch === 'x64' || process.arch === 'arm64') {
      const clock = result?.sustained.conditions.clockHz?.median;
      expect(clock).toBeGreaterThan(1e8);
      expect(clock).toBeLessThan(1e10);
    }
  });
});

describe('a real run', () => {
  const small = ['run', '--device', 'cpu', '--only', 'gemm.fp32', '--quick', '--shape', '64', '--wait'];
  const measure = async (command: string, args: string[]) => {
    const { stdout } = await execute(command, [...args, cli, ...small, '--json', '-']);
    return Report.parse(JSON.parse(stdout));
  };

  it.skipIf(!hasTaskset)('held on one CPU uses one thread and says so', async () => {
    const { devices, rows } = await measure('taskset', ['-c', allowed, process.execPath]);
    expect(devices[0]).toMatchObject({ threads: 1, mostThreads: 1 });
    expect(devices[0]?.placement).toMatch(new RegExp(`^1 thread on 1 of .*affinity ${allowed};`));
    for (const row of rows.filter(({ rate }) => rate !== null))
      expect(row.kernel?.name).toMatch(/\b1 thread$/);
  });

  it('has both ceilings, of the threads that were asked for', async () => {
    const { stdout } = await execute(process.execPath, [cli, ...small, '--threads', '1', '--json', '-']);
    const { options, devices, rows } = Report.parse(JSON.parse(stdout));
    expect(options.threads).toBe(1);
    expect(devices[0]).toMatchObject({ threads: 1, cores: [{ count: 1 }] });
    const [own] = rows;
    expect(own?.kernel?.name).toMatch(/\b1 thread$/);
    expect(own?.ceiling?.how).toMatch(/, 1 thread$/);
    expect(own?.ceiling?.fraction).toBeCloseTo((own?.rate ?? 0) / (own?.ceiling?.value ?? 0));
    // A processor that the table lacks has no derived ceiling, and the device says why.
    if (own?.documented === null) expect(devices[0]?.cardReason).toContain('no derived ceiling');
    else expect(own?.attribution?.ofSpec).toBeCloseTo((own?.rate ?? 0) / (own?.documented.value ?? 0));
    expect(own?.verdict.status).toBe('unjudged');
  });
});
