// The pipeline on a native side made of plain objects: every outcome becomes a row, and the report is whole at each step.

import { mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lock } from '../src/lock.js';
import type { RunOptions } from '../src/options.js';
import { defaultOptions } from '../src/plan.js';
import type { Executor } from '../src/process/isolate.js';
import { notices } from '../src/report/notices.js';
import { Report, type Row } from '../src/row.js';
import { run } from '../src/run.js';
import { saveReport } from '../src/save.js';
import type { DeviceFacts, ProviderResult } from '../src/schema.js';
import { UsageError } from '../src/usage.js';
import {
  type Answer,
  a100,
  cpu,
  everything,
  fakeContext,
  measured,
  operations,
  peerCopy,
  verification,
} from './fake-native.js';

// The lock is real, so each test has devices of its own.
let devices = 0;
const gpu = () => ({ ...a100(), uuid: `test-${process.pid}-${devices++}` });

async function reports(options: Partial<RunOptions>, context: Parameters<typeof run>[1]): Promise<Report[]> {
  const all: Report[] = [];
  for await (const report of run({ ...defaultOptions(), ...options }, context)) all.push(report);
  return all;
}

const died = (code = 'SIGKILL') => Object.assign(new Error('gone'), { code });

async function rowsOf(answer: Answer, only = ['gemm.bf16'], device = gpu()) {
  const all = await reports({ only }, fakeContext([device], answer));
  return all.at(-1)?.rows ?? [];
}

describe('a row', () => {
  it('carries the measurement, the documented figure and the verdict', async () => {
    const [own] = await rowsOf(everything);
    // 1e12 FLOP in 5 ms, of the 312 TFLOPS that the A100's data sheet gives for BF16.
    expect(own).toMatchObject({
      id: 'gemm.bf16',
      provider: 'builtin',
      device: 'cuda:0',
      rate: 2e14,
      unit: 'FLOP/s',
    });
    expect(own?.burst?.statistics.median).toBe(4e14);
    expect(own?.documented).toMatchObject({ value: 312e12, expected: 312e12, resource: 'tensor.bf16' });
    expect(own?.attribution?.ofSpec).toBeCloseTo(200 / 312);
    expect(own?.documented?.sources.length).toBeGreaterThan(0);
  });

  it('of an own kernel is set beside the vendor row of the same request', async () => {
    const [own, vendor] = await rowsOf(({ providers }) =>
      providers.map((provider) => measured(provider, provider === 'builtin' ? 0.01 : 0.005)),
    );
    expect(own?.ratioToVendor).toBe(0.5);
    expect(vendor?.ratioToVendor).toBeNull();
  });

  it('has no ratio where the vendor gave no number', async () => {
    const [own, vendor] = await rowsOf(() => [
      measured('builtin'),
      { outcome: 'unsupported', provider: 'cublaslt', reason: 'libcublasLt.so was not found' },
    ]);
    expect(own?.ratioToVendor).toBeNull();
    expect(vendor?.verdict).toEqual({ status: 'unsupported', why: 'libcublasLt.so was not found' });
    expect(vendor?.rate).toBeNull();
  });

  it('that gave a wrong result is corrupted and has no rate', async () => {
    const { outcome, burst, sustained, ...wrong } = measured('builtin');
    const bad = {
      ...verification,
      differences: 3,
      first: { at: 'row 0, column 7', expected: '1', actual: '2' },
    };
    const [own] = await rowsOf(() => [
      { ...wrong, outcome: 'wrong', verification: bad },
      measured('cublaslt'),
    ]);
    expect(own?.verdict.status).toBe('corrupted');
    expect(own?.rate).toBeNull();
    expect(own?.verification?.first?.at).toBe('row 0, column 7');
  });

  it('is corrupted by an uncorrected ECC error of either phase', async () => {
    for (const phase of ['burst', 'sustained'] as const) {
      const result = measured('builtin');
      const conditions = { ...result[phase].conditions, uncorrectedErrors: 1 };
      const [own] = await rowsOf(() => [{ ...result, [phase]: { ...result[phase], conditions } }]);
      expect(own?.verdict).toMatchObject({ status: 'corrupted', why: expect.stringMatching(/ECC/) });
    }
  });

  it('that did no work is failed, not infinitely fast', async () => {
    const idle = measured('builtin');
    const [own] = await rowsOf(() => [{ ...idle, work: { ...idle.work, flop: 0 } }, measured('cublaslt')]);
    expect(own?.verdict).toMatchObject({ status: 'failed', code: 'ENOWORK' });
  });

  it('is failed for every provider when the device dies, and the next row is measured', async () => {
    const rows = await rowsOf(
      (request) => {
        if (request.operation === 'gemm.fp64') throw died();
        return everything(request);
      },
      ['gemm.fp64', 'gemm.bf16'],
    );
    expect(rows.map(({ provider, verdict }) => [provider, verdict.status])).toEqual([
      ['builtin', 'failed'],
      ['cublaslt', 'failed'],
      ['builtin', expect.not.stringMatching('failed')],
      ['cublaslt', expect.not.stringMatching('failed')],
    ]);
    expect(rows[0]?.verdict).toMatchObject({ code: 'SIGKILL', why: 'gone' });
  });

  it('is failed for a provider that the native side did not answer for', async () => {
    const [own, vendor] = await rowsOf(() => [measured('cublaslt')]);
    expect(own?.verdict.status).toBe('failed');
    expect(vendor?.rate).toBe(2e14);
  });

  it('of a device that no document knows says how to make it known', async () => {
    const [own] = await rowsOf(everything, ['gemm.bf16'], { ...gpu(), name: 'NVIDIA Future 9000' });
    expect(own?.documented).toBeNull();
    expect(own?.verdict).toMatchObject({ status: 'unjudged', why: expect.stringContaining('src/specs') });
  });

  it('of a processor has a derived and a measured ceiling, and no verdict', async () => {
    const how = 'a loop';
    const clock = { median: 3.5e9, min: 3.5e9, max: 3.5e9 };
    const [own] = await rowsOf(
      () => {
        const result = measured('builtin', 10, 'vector.fp32');
        const conditions = { ...result.sustained.conditions, source: 'timed loop', clockHz: clock };
        const ceiling = { how, rates: Float64Array.of(125e9, 125e9, 90e9) };
        return [{ ...result, sustained: { ...result.sustained, conditions }, ceiling }];
      },
      ['gemm.fp32'],
      { ...cpu, uuid: `test-ceiling-${process.pid}` },
    );
    // 1e12 FLOP in 10 s, of 2 cores x 32 FLOP per clock x 3.5 GHz.
    expect(own?.attribution?.ofSpec).toBeCloseTo(100 / 224);
    expect(own?.documented?.sources.length).toBeGreaterThan(0);
    expect(own?.ceiling).toEqual({ value: 125e9, samples: 3, how, fraction: 0.8 });
    expect(own?.verdict.status).toBe('unjudged');
  });

  it('of a processor is unjudged', async () => {
    const [own] = await rowsOf(everything, ['memory.read'], { ...cpu, uuid: `test-cpu-${process.pid}` });
    expect(own?.verdict.status).toBe('unjudged');
    expect(own?.rate).toBe(2e14);
  });
});

describe('a request in which several providers failed', () => {
  /** The answers to gemm.bf16, of which the first is to all providers, and what was asked of whom, for how long. */
  async function asked(answer: Answer, only = ['gemm.bf16'], stop?: AbortController) {
    const context = fakeContext([gpu()], answer);
    const requests: [providers: string, seconds: number][] = [];
    const open = (device: DeviceFacts): Executor => {
      const executor = context.open(device);
      const run: Executor['run'] = (request, seconds) => {
        requests.push([request.providers.join(), seconds]);
        return executor.run(request, seconds);
      };
      return { ...executor, run };
    };
    const signal = stop ? { signal: stop.signal } : {};
    const all = await reports({ only, timeoutSeconds: 60 }, { ...context, open, ...signal });
    return { report: all.at(-1), rows: all.at(-1)?.rows ?? [], requests, log: context.log };
  }
  const failing = (provider: string, code: string, message = 'no more'): ProviderResult => ({
    outcome: 'failed',
    provider,
    code,
    message,
    uncorrectedErrors: null,
  });
  const saysOf = (rows: Row[]) => rows.map((row) => notices(row)[0]);

  it.each(['SIGKILL', 'ETIMEDOUT'])(
    '%s: asks each alone, in a process of its own, and who does not fail then keeps its row',
    async (code) => {
      const { rows, requests, log } = await asked((request) => {
        if (request.providers.includes('cublaslt')) throw died(code);
        return everything(request);
      });
      expect(rows.map(({ provider, rate }) => [provider, rate])).toEqual([
        ['builtin', 2e14],
        ['cublaslt', null],
      ]);
      expect(rows[1]?.verdict).toEqual({ status: 'failed', code, why: 'gone' });
      expect(saysOf(rows)).toEqual([
        `measured alone: while the providers took turns, ${code}: gone`,
        'asked again, alone: while the providers took turns, the same',
      ]);
      expect(requests.map(([providers]) => providers)).toEqual(['builtin,cublaslt', 'builtin', 'cublaslt']);
      expect(log.filter((line) => line.startsWith('open'))).toHaveLength(3);
    },
  );

  it('keeps every row where none fails alone, tells of the failure in each, and sets none beside another', async () => {
    const { rows } = await asked((request) => {
      if (request.providers.length > 1) throw died();
      return everything(request);
    });
    expect(rows.map(({ rate, ratioToVendor }) => [rate, ratioToVendor])).toEqual([
      [2e14, null],
      [2e14, null],
    ]);
    expect(rows.map(({ priorFailure }) => priorFailure)).toEqual(
      Array(2).fill({ code: 'SIGKILL', why: 'gone' }),
    );
    expect(saysOf(rows)).toEqual(
      Array(2).fill('measured alone: while the providers took turns, SIGKILL: gone'),
    );
  });

  it('does the same where the process lives on and its context is lost', async () => {
    const { rows } = await asked((request) =>
      request.providers.includes('cublaslt')
        ? request.providers.map((provider) => failing(provider, 'CUDA_ERROR_ILLEGAL_ADDRESS'))
        : everything(request),
    );
    expect(rows.map(({ rate }) => rate)).toEqual([2e14, null]);
  });

  it.each<[string, ProviderResult[]]>([
    ['one alone is its own', [measured('builtin'), failing('cublaslt', 'CUBLAS_STATUS_ALLOC_FAILED')]],
    [
      'memory beyond correction stays corrupted',
      ['builtin', 'cublaslt'].map((provider) => failing(provider, 'CUDA_ERROR_ECC_UNCORRECTABLE')),
    ],
    [
      'a device that is gone is so for all',
      ['builtin', 'cublaslt'].map((provider) => failing(provider, 'ENODEV')),
    ],
  ])('asks nobody again where there is no doubt: %s', async (_, results) => {
    const { rows, requests } = await asked(() => results);
    expect(requests).toHaveLength(1);
    expect(rows.map(({ priorFailure }) => priorFailure)).toEqual([null, null]);
  });

  it('takes no longer for all that it asks alone than it took before, and a dead device that long once', async () => {
    const { rows, requests } = await asked(() => {
      throw died('ETIMEDOUT');
    }, ['gemm.*']);
    expect(rows).toHaveLength(6);
    expect(requests.map(([providers]) => providers)).toEqual([
      'builtin,cublaslt',
      'builtin',
      'cublaslt',
      'builtin,cublaslt',
      'builtin,cublaslt',
    ]);
    // The first has half of the time, and here used none of it.
    expect(requests[1]?.[1]).toBe(30);
    expect(requests[2]?.[1]).toBeGreaterThan(50);
    expect(requests[2]?.[1]).toBeLessThanOrEqual(60);
  });

  it('asks nobody again once it is interrupted', async () => {
    const [together, alone] = [new AbortController(), new AbortController()];
    const first = await asked(
      () => {
        together.abort();
        throw died();
      },
      ['gemm.bf16'],
      together,
    );
    const second = await asked(
      ({ providers }) => {
        if (providers.length === 1) alone.abort();
        throw died();
      },
      ['gemm.bf16'],
      alone,
    );
    expect(first.requests.map(([providers]) => providers)).toEqual(['builtin,cublaslt']);
    expect(second.requests.map(([providers]) => providers)).toEqual(['builtin,cublaslt', 'builtin']);
    expect(second.log).toContain('cancel');
    for (const { report } of [first, second])
      expect(report).toMatchObject({ state: 'interrupted', rows: [] });
  });
});

describe('a peer row', () => {
  const pair = () => [gpu(), { ...gpu(), id: 'cuda:1' }] as const;
  const withPeers = (...given: Parameters<typeof fakeContext>) => {
    const { native, ...context } = fakeContext(...given);
    return { ...context, native: { ...native, operations: () => [...native.operations(), peerCopy] } };
  };

  it('holds the device that it copies to, as long as it runs', async () => {
    const [own, peer] = pair();
    const held: string[] = [];
    const context = withPeers([own, peer], async ({ operation, providers }) => {
      await lock(peer).then(
        (release) => release(),
        () => held.push(operation),
      );
      return providers.map((provider) => measured(provider));
    });
    await reports({ devices: ['cuda:0'], only: ['link.*', 'peer.*'] }, context);
    expect(held).toEqual(['peer.copy']);
    (await lock(peer))();
  });

  it('is unsupported with the reason where another run holds that, which is not waited for', async () => {
    const [own, peer] = pair();
    const release = await lock(peer);
    const context = { ...withPeers([own, peer], everything), wait: true };
    const all = await reports({ devices: ['cuda:0'], only: ['peer.*', 'link.*'] }, context);
    release();
    expect(all.at(-1)?.rows.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['link.h2d.pinned', expect.not.objectContaining({ status: 'unsupported' })],
      [
        'peer.copy',
        {
          status: 'unsupported',
          why: expect.stringMatching(/^cuda:1 .*, the peer, is being measured/),
        },
      ],
    ]);
  });

  it('of a run that holds both is measured', async () => {
    const all = await reports({ only: ['peer.*'] }, withPeers([...pair()], everything));
    expect(all.at(-1)?.rows.map(({ device, rate }) => [device, rate])).toEqual([
      ['cuda:0', 2e14],
      ['cuda:1', 2e14],
    ]);
  });
});

describe('options that a JavaScript program got wrong', () => {
  /** Nothing is surveyed for them. */
  const unasked = {
    inventory: () => Promise.reject(new Error('the inventory was asked for')),
    operations: () => [],
  };
  const refusal = async (options: unknown): Promise<unknown> => {
    try {
      for await (const _ of run(options as RunOptions, { native: unasked }));
    } catch (error) {
      return error;
    }
  };

  it.each([
    [{ level: 'standard' }, 'level "standard" cannot be: expected one of quick, default, thorough'],
    [{ provider: 'cublaslt' }, 'provider "cublaslt" cannot be: expected one of builtin, vendor, both'],
    [{ data: 1 }, 'data 1 cannot be: expected one of uniform, normal, integers, zeros'],
    [{ devices: 'cuda:0' }, 'devices "cuda:0" cannot be: expected array, received string'],
    [{ only: ['gemm.*', null] }, 'only.1 null cannot be: expected string, received null'],
    [{ telemetry: undefined }, 'telemetry undefined cannot be: expected boolean, received undefined'],
    [{ seed: -1 }, 'seed -1 cannot be: expected number to be >=0'],
    [{ timeoutSeconds: Number.NaN }, 'timeoutSeconds NaN is not a number from 0.1 to 86400'],
    [{ timeoutSeconds: 0.05 }, 'timeoutSeconds 0.05 is not a number from 0.1 to 86400'],
    [{ timeoutSeconds: '9' }, 'timeoutSeconds "9" cannot be: expected number, received string'],
    [{ threads: 'all' }, 'threads "all" cannot be: expected number, received string'],
    [{ threads: 0 }, '--threads "0" is not a whole number from 1 to 65536'],
    [{ shapes: [4096] }, /^shapes.0 4096 cannot be: expected \{ m, n, k \}, \{ bytes \}, /],
    [{ shapes: [{ m: 1, n: 2 }] }, /^shapes.0 \{ m: 1, n: 2 \} cannot be: expected \{ m, n, k \}/],
    [{ shapes: [{ m: 1, n: 2, k: 0 }] }, 'k "0" is not a whole number from 1 to 65536'],
    [{ shapes: [{ bytes: 4096, m: 1 }] }, 'shapes.0 has no field m'],
    [{ colour: 'red' }, /^there is no option colour; there are devices, only, level, /],
  ])('%o are refused in one sentence', async (wrong, sentence) => {
    const error = await refusal({ ...defaultOptions(), ...wrong });
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toHaveProperty(
      'message',
      typeof sentence === 'string' ? sentence : expect.stringMatching(sentence),
    );
  });

  it.each([undefined, null, 'quick'])('%j are none', async (options) => {
    const error = await refusal(options);
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toMatch(/options (undefined|null|"quick") cannot be: expected object/);
  });
});

describe('a report', () => {
  it('is yielded before the first row, after every row and at the end, and is whole each time', async () => {
    const all = await reports({ only: ['gemm.*'] }, fakeContext([gpu()], everything));
    expect(all.map(({ state, rows }) => `${state} ${rows.length}`)).toEqual([
      'running 0',
      'running 2',
      'running 4',
      'running 6',
      'complete 6',
    ]);
    for (const report of all) expect(Report.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    expect(all[0]?.devices).toMatchObject([{ id: 'cuda:0', card: 'a100-pcie-40gb' }]);
    expect(all[0]?.simulated).toBe(true);
  });

  it('sets copies on a far NUMA node beside those on the near one, whichever came first', async () => {
    const context = fakeContext([gpu()], ({ operation, providers }) =>
      providers.map((provider) => measured(provider, operation.endsWith('far') ? 0.01 : 0.005, 'link')),
    );
    const found = operations.find(({ id }) => id === 'link.h2d.pinned');
    if (found === undefined) throw new Error('no such row');
    const pinned = { ...found, operation: 'link.h2d', variant: 'pinned' as const };
    const far = { ...pinned, id: 'link.h2d.far', variant: 'far' as const };
    const native = { ...context.native, operations: () => [far, pinned] };
    const all = await reports({}, { ...context, native });
    expect(all.at(-1)?.rows.map(({ id, ratioToNear }) => [id, ratioToNear])).toEqual([
      ['link.h2d.far', 0.5],
      ['link.h2d.pinned', null],
    ]);
  });

  it('goes through the devices one after another', async () => {
    const [first, second] = [gpu(), { ...gpu(), id: 'cuda:1' }];
    const context = fakeContext([first, second], everything);
    const progress: string[] = [];
    await reports(
      { only: ['gemm.bf16'] },
      {
        ...context,
        onProgress: ({ index, total, device, row }) => progress.push(`${index}/${total} ${device} ${row}`),
      },
    );
    expect(context.log).toEqual([
      'open cuda:0',
      `run gemm.bf16 on ${first.uuid}`,
      'close cuda:0',
      'open cuda:1',
      `run gemm.bf16 on ${second.uuid}`,
      'close cuda:1',
    ]);
    expect(progress).toEqual(['0/2 cuda:0 gemm.bf16', '1/2 cuda:1 gemm.bf16']);
  });

  it('that is interrupted keeps what is measured and drops the row in progress', async () => {
    const stop = new AbortController();
    const context = fakeContext([gpu()], (request) => {
      if (request.operation === 'gemm.fp32') stop.abort();
      return everything(request);
    });
    const all = await reports({ only: ['gemm.*'] }, { ...context, signal: stop.signal });
    expect(all.at(-1)).toMatchObject({
      state: 'interrupted',
      rows: [{ id: 'gemm.fp64' }, { id: 'gemm.fp64' }],
    });
    expect(context.log).toContain('cancel');
    expect(context.log.at(-1)).toBe('close cuda:0');
  });

  it('holds its device until it ends, also when its reader stops early', async () => {
    const device = gpu();
    const options = { ...defaultOptions(), only: ['gemm.*'] };
    for await (const _ of run(options, fakeContext([device], everything))) {
      await expect(reports({}, fakeContext([device], everything))).rejects.toMatchObject({ code: 'EBUSY' });
      break;
    }
    (await lock(device))();
  });
});

describe('a saved report', () => {
  const folder = () => mkdtemp(join(tmpdir(), 'nameplate-test-'));
  const one = async () => {
    const [report] = await reports({ only: ['gemm.bf16'] }, fakeContext([gpu()], everything));
    if (report === undefined) throw new Error('no report');
    return report;
  };

  it('replaces the old one whole and leaves nothing beside it', async () => {
    const [path, report] = [join(await folder(), 'report.json'), await one()];
    await writeFile(path, 'old');
    await saveReport(path, report);
    expect(Report.parse(JSON.parse(await readFile(path, 'utf8')))).toEqual(report);
    expect(await readdir(join(path, '..'))).toEqual(['report.json']);
  });

  it('is written through a link, which stays one', async () => {
    const place = await folder();
    await writeFile(join(place, 'real.json'), 'old');
    await symlink(join(place, 'real.json'), join(place, 'link.json'));
    await saveReport(join(place, 'link.json'), await one());
    expect(JSON.parse(await readFile(join(place, 'real.json'), 'utf8')).state).toBe('running');
  });

  it.each([
    ['/dev/null', /not a regular file/],
    ['/proc/report.json', /cannot write the report/],
    ['/', /it is a folder/],
    ['/nowhere/at/all.json', /its folder does not exist/],
  ])('refuses %s with one sentence', async (path, sentence) => {
    await expect(saveReport(path, await one())).rejects.toThrow(sentence);
  });
});
