import { describe, expect, it } from 'vitest';
import { levels } from '../src/options.js';
import { defaultOptions, glob, NoDeviceError, plan } from '../src/plan.js';
import type { DeviceFacts, Shape } from '../src/schema.js';
import { parseBytesShape, parseGemmShape, parseInteger, parseList, UsageError } from '../src/usage.js';
import { a100, cpu, inventory, operations, peerCopy } from './fake-native.js';

function jobs(devices: DeviceFacts[], options: Partial<ReturnType<typeof defaultOptions>> = {}) {
  return plan({ ...defaultOptions(options.level), ...options }, inventory(devices), operations);
}
const ids = (planned: ReturnType<typeof jobs>) => planned.map(({ request }) => request.operation);

describe('devices', () => {
  const here = [a100(0), a100(1), cpu];
  const devicesOf = (devices: string[], present = here) =>
    [...new Set(jobs(present, { devices }).map(({ device }) => device.id))].join(' ');

  it('are every GPU by default, and the processor where there is none', () => {
    expect(devicesOf([])).toBe('cuda:0 cuda:1');
    expect(devicesOf([], [cpu])).toBe('cpu');
  });

  it('are named by id, uuid or all, each once', () => {
    expect(devicesOf(['cuda:1'])).toBe('cuda:1');
    expect(devicesOf(['gpu-00000001-TEST', 'cuda:1'])).toBe('cuda:1');
    expect(devicesOf(['all'])).toBe('cuda:0 cuda:1 cpu');
    expect(devicesOf(['cpu'])).toBe('cpu');
  });

  it('are asked for by what does not change when another one is gone', () => {
    const asked = (present: DeviceFacts[]) => [
      ...new Set(jobs(present).map(({ request }) => request.device)),
    ];
    expect(asked([a100(0), a100(1)])).toEqual(['GPU-00000000-test', 'GPU-00000001-test']);
    expect(asked([{ ...a100(0), uuid: null }])).toEqual(['cuda:0']);
  });

  it('that are copied to are asked for by the same, and shown by their ids', () => {
    const copies = (present: DeviceFacts[]) =>
      plan({ ...defaultOptions(), devices: ['cuda:0'], only: ['peer.*'] }, inventory(present), [
        peerCopy,
      ]).map(({ shape, request }) => [shape, request.shape].map((its) => ('peer' in its ? its.peer : its)));
    const others = [a100(1), { ...a100(2), uuid: null }];
    expect(copies([a100(0), ...others])).toEqual([
      ['cuda:1', 'GPU-00000001-test'],
      ['cuda:2', 'cuda:2'],
    ]);
    expect(copies([a100(0)])).toEqual([[null, null]]);
  });

  it('that are not here are refused with what is', () => {
    expect(() => devicesOf(['cuda:7'])).toThrow(
      /no device "cuda:7"; here: cuda:0 \(GPU-00000000-test\).*cpu/,
    );
    expect(() => devicesOf(['cud'])).toThrow(UsageError);
  });

  it('that are not here are refused with why no GPU is, and what to do', () => {
    const absences = [
      { what: 'oneDNN', reason: 'it is not installed', remedy: 'install it', code: null },
      { what: 'CUDA devices', reason: 'cuDeviceGetCount failed', remedy: 'run nvidia-smi', code: null },
      { what: 'cuda:1', reason: 'it is lost', remedy: 'run nvidia-smi', code: null },
    ];
    const asked = { ...defaultOptions(), devices: ['cuda:1'] };
    expect(() => plan(asked, { ...inventory([cpu]), absences }, operations)).toThrow(
      new NoDeviceError(
        'no device "cuda:1"; here: cpu; CUDA devices: cuDeviceGetCount failed; run nvidia-smi; ' +
          'cuda:1: it is lost; run nvidia-smi',
      ),
    );
  });
});

describe('rows', () => {
  it('that only GPUs have are refused with why no GPU is here', () => {
    const reason = 'cuInit failed with CUDA_ERROR_SYSTEM_NOT_READY';
    const absences = [{ what: 'NVIDIA driver', reason, remedy: 'start the service', code: null }];
    const asked = (devices: string[], row: string) => () =>
      plan({ ...defaultOptions(), devices, only: [row] }, { ...inventory([cpu]), absences }, [
        ...operations,
        peerCopy,
      ]);
    const why = /no row matches "peer\.\*" on cpu; .*; NVIDIA driver: cuInit failed .*; start the service$/;
    expect(asked([], 'peer.*')).toThrow(why);
    expect(asked(['all'], 'peer.*')).toThrow(why);
    expect(asked(['cpu'], 'peer.*')).not.toThrow(/driver/);
    expect(asked([], 'gemm.fp3')).not.toThrow(/driver/);
  });

  it('follow the table of operations, without those that the backend lacks', () => {
    expect(ids(jobs([cpu]))).toEqual(operations.slice(0, 5).map(({ id }) => id));
    expect(ids(jobs([a100()]))).toEqual(operations.map(({ id }) => id));
  });

  it('are chosen by patterns whose dots are dots', () => {
    expect(ids(jobs([a100()], { only: ['gemm.*', 'memory.copy'] }))).toEqual([
      'gemm.fp64',
      'gemm.fp32',
      'gemm.bf16',
      'memory.copy',
    ]);
    expect(ids(jobs([a100()], { only: ['*.copy', 'memory.*'] }))).toEqual(['memory.read', 'memory.copy']);
    expect(() => jobs([a100()], { only: ['memory?copy'] })).toThrow(UsageError);
  });

  it('that no pattern matches are an error that lists what exists', () => {
    expect(() => jobs([cpu], { only: ['gemm.*', 'gemm.fp4'] })).toThrow(
      /"gemm.fp4" on cpu.*gemm.fp64.*memory.copy/,
    );
    expect(() => jobs([cpu], { only: ['link.*'] })).toThrow(/no row matches "link\.\*" on cpu/);
  });

  it('take the providers asked for, and leave out rows that have none', () => {
    const providers = (provider: 'builtin' | 'vendor' | 'both') =>
      jobs([a100()], { provider }).map(
        ({ request }) => `${request.operation} ${request.providers.join('+')}`,
      );
    expect(providers('both')).toContain('gemm.fp64 builtin+cublaslt');
    expect(providers('vendor')).toEqual([
      'gemm.fp64 cublaslt',
      'gemm.fp32 cublaslt',
      'gemm.bf16 cublaslt',
      'memory.copy driver',
      'link.h2d.pinned driver',
    ]);
    expect(providers('builtin')).not.toContain('link.h2d.pinned driver');
    expect(() => jobs([cpu], { provider: 'vendor', only: ['memory.read'] })).toThrow(/nothing to run/);
  });
});

describe('threads', () => {
  const here = { ...cpu, mostThreads: 4 };
  it('reach the request, and are one per core unless asked for', () => {
    expect(jobs([here])[0]?.request.threads).toBeNull();
    expect(jobs([here], { threads: 4 })[0]?.request.threads).toBe(4);
  });

  it.each([0, -1, 1.5, Number.NaN, 1e9])('are refused as %d', (threads) => {
    expect(() => jobs([here], { threads })).toThrow(/--threads .* is not a whole number from 1 to/);
  });

  it('are refused beyond the CPUs of the process, where a CPU is measured', () => {
    const sentence = '--threads 5 is more than the CPUs that this process may run on; allowed is 1 to 4';
    expect(() => jobs([here], { threads: 5 })).toThrow(new UsageError(sentence));
    expect(() => jobs([a100(), here], { devices: ['all'], threads: 5 })).toThrow(UsageError);
    expect(jobs([a100(), here], { threads: 5 })).not.toEqual([]);
  });
});

it('a level that does not exist is refused with those that do', () => {
  const options = { ...defaultOptions(), level: 'standard' as 'default' };
  const sentence = 'level "standard" cannot be: expected one of quick, default, thorough';
  expect(() => plan(options, inventory([cpu]), operations)).toThrow(new UsageError(sentence));
});

describe('sizes', () => {
  const shapesOf = (planned: ReturnType<typeof jobs>, id: string) =>
    planned.filter(({ request }) => request.operation === id).map(({ request }) => request.shape);

  it.each(levels)('of %s leave the cache and fit the memory', (level) => {
    for (const device of [cpu, a100(), { ...a100(), l2Bytes: 512 * 2 ** 20 }]) {
      for (const shape of shapesOf(jobs([device], { level }), 'memory.copy')) {
        const bytes = 'bytes' in shape ? shape.bytes : 0;
        expect(bytes).toBeGreaterThanOrEqual(4 * device.l2Bytes);
        expect(bytes).toBeLessThanOrEqual(device.memoryBytes / (device.backend === 'cpu' ? 8 : 12));
        expect(bytes % 2 ** 20).toBe(0);
      }
    }
  });

  it('of memory rows stay small on a small device', () => {
    const small = { ...a100(), memoryBytes: 2 ** 31, l2Bytes: 2 ** 20 };
    expect(shapesOf(jobs([small]), 'memory.read')).toEqual([{ bytes: 2 ** 28 }]);
    // Two providers hold three arrays each.
    const [shape] = shapesOf(jobs([small]), 'memory.copy');
    const bytes = shape && 'bytes' in shape ? shape.bytes : Number.NaN;
    expect(6 * bytes).toBeLessThanOrEqual(small.memoryBytes / 2);
    expect(6 * bytes).toBeGreaterThan(0.45 * small.memoryBytes);
  });

  it('of a GPU by default are 8192 cubed, 4096 for fp64', () => {
    const planned = jobs([a100()]);
    expect(shapesOf(planned, 'gemm.bf16')).toEqual([{ m: 8192, n: 8192, k: 8192 }]);
    expect(shapesOf(planned, 'gemm.fp64')).toEqual([{ m: 4096, n: 4096, k: 4096 }]);
    expect(shapesOf(jobs([a100()], { level: 'thorough' }), 'gemm.bf16')).toHaveLength(5);
  });

  it.each([
    [1, 1024, 512, 256],
    [2, 1024, 512, 256],
    [4, 1024, 512, 256],
    [7, 1024, 512, 256],
    [8, 1280, 640, 320],
    [24, 1792, 896, 448],
    [32, 2048, 1024, 512],
    [64, 2560, 1280, 640],
    [256, 4096, 2048, 1024],
    [1024, 4096, 2048, 1024],
  ])(
    'of a CPU with %d threads are %d cubed, and %d or %d where less will do',
    (threads, side, half, quarter) => {
      const device = { ...cpu, threads, mostThreads: 1024 };
      const of = (planned: ReturnType<typeof jobs>, id: string) =>
        shapesOf(planned, id).map((shape) => ('m' in shape ? shape.m : 0));
      expect(of(jobs([device]), 'gemm.fp32')).toEqual([side]);
      expect(of(jobs([device]), 'gemm.bf16')).toEqual([half]);
      expect(of(jobs([device], { level: 'quick' }), 'gemm.fp64')).toEqual([half]);
      expect(of(jobs([device], { level: 'quick' }), 'gemm.bf16')).toEqual([quarter]);
      // Sides that are to be compared with each other stay.
      expect(of(jobs([device], { level: 'thorough' }), 'gemm.fp32')).toEqual([256, 512, 1024, 2048]);
      // And it is the threads asked for that count.
      expect(of(jobs([{ ...device, threads: 3 }], { threads }), 'gemm.fp32')).toEqual([side]);
    },
  );

  it('that are asked for replace those of their kind alone', () => {
    const shapes: Shape[] = [{ m: 100, n: 200, k: 300 }, { bytes: 2 ** 29 }];
    const planned = jobs([a100()], { shapes });
    expect(shapesOf(planned, 'gemm.bf16')).toEqual([shapes[0]]);
    expect(shapesOf(planned, 'link.h2d.pinned')).toEqual([shapes[1]]);
    expect(shapesOf(jobs([a100()], { shapes: shapes.slice(0, 1) }), 'memory.read')).toEqual([
      { bytes: 2 ** 30 },
    ]);
  });

  it('that are asked for twice are measured once', () => {
    const eight = { m: 8, n: 8, k: 8 };
    const turned = { k: 8, n: 8, m: 8 };
    const shapes: Shape[] = [eight, { m: 8, n: 8, k: 9 }, turned, { bytes: 2 ** 20 }, { bytes: 2 ** 20 }];
    const planned = jobs([a100()], { shapes });
    expect(shapesOf(planned, 'gemm.bf16')).toEqual([eight, { m: 8, n: 8, k: 9 }]);
    expect(shapesOf(planned, 'memory.copy')).toEqual([{ bytes: 2 ** 20 }]);
  });

  it('that no row takes are refused, with those that would', () => {
    const gemm = () => jobs([a100()], { shapes: [{ bytes: 2 ** 20 }], only: ['gemm.fp*'] });
    expect(gemm).toThrow(
      new UsageError(
        '--bytes sizes rows of memory, cache, latency, link, peer, and none of those is asked for: gemm.fp64, gemm.fp32',
      ),
    );
    const shapes: Shape[] = [{ bytes: 2 ** 20 }, { m: 8, n: 8, k: 8 }];
    expect(() => jobs([a100()], { shapes, only: ['memory.copy'] })).toThrow(
      '--shape sizes rows of gemm, and none of those is asked for: memory.copy',
    );
    expect(() => jobs([cpu], { shapes, only: ['*.fp32'] })).toThrow(UsageError);
    expect(jobs([cpu], { shapes, only: ['*.fp32', 'memory.*'] })).toHaveLength(3);
    expect(() => jobs([cpu], { shapes: [{ steps: 64 }] })).toThrow(/^steps sizes rows of dpx, /);
  });

  it.each([
    { m: 0, n: 1, k: 1 },
    { m: 1, n: -1, k: 1 },
    { m: 1.5, n: 1, k: 1 },
    { m: 1, n: 1, k: 65537 },
    { m: Number.NaN, n: 1, k: 1 },
    { bytes: 0 },
    { bytes: 4097 },
    { bytes: 2 ** 60 },
  ])('that make no sense are refused: %o', (shape) => {
    expect(() => jobs([a100()], { shapes: [shape] })).toThrow(UsageError);
  });
});

describe('what a person types', () => {
  it('reads sizes', () => {
    expect(parseGemmShape('--shape', '8192')).toEqual({ m: 8192, n: 8192, k: 8192 });
    expect(parseGemmShape('--shape', '1x2x3')).toEqual({ m: 1, n: 2, k: 3 });
    expect(parseBytesShape('--bytes', '1GiB')).toEqual({ bytes: 2 ** 30 });
    expect(parseList('--only', 'a, b')).toEqual(['a', 'b']);
  });

  it.each([
    '',
    '0',
    '-1',
    '1.5',
    '1e3',
    '0x10',
    ' 8',
    '8192x',
    '1x2',
    '1x2x3x4',
    'x',
    '99999999999999999999',
  ])('refuses the side "%s" and names the option', (text) => {
    expect(() => parseGemmShape('--shape', text)).toThrow(/^--shape /);
    expect(() => parseGemmShape('--shape', text)).toThrow(UsageError);
  });

  it.each(['', '-1GiB', '1 byte', '100', '4097', '9999PiB', '1TB5'])('refuses the size "%s"', (text) => {
    expect(() => parseBytesShape('--bytes', text)).toThrow(UsageError);
  });

  it('refuses a number outside its range with the range', () => {
    expect(() => parseInteger('--timeout', '0', { min: 1, max: 10 })).toThrow(
      '--timeout "0" is not a whole number from 1 to 10',
    );
  });

  it('refuses an empty word in a list', () => {
    expect(() => parseList('--only', 'a,,b')).toThrow(UsageError);
    expect(() => parseList('--device', '')).toThrow(UsageError);
  });
});

describe('a pattern', () => {
  it.each<[string, string[], string[]]>([
    ['gemm.fp16', ['gemm.fp16'], ['gemm.fp16.acc16', 'Xgemm.fp16', 'gemm-fp16', '']],
    ['gemm.*', ['gemm.', 'gemm.fp16'], ['gemm', 'agemm.fp16']],
    ['*.copy', ['memory.copy', '.copy'], ['copy', 'memory.copy.x']],
    ['ab*ba', ['abba', 'abxba'], ['aba', 'ab', 'ba']],
    ['*a*b*', ['ab', 'xaxbx', 'aab'], ['ba', 'a', '']],
    ['*', ['', 'a'], []],
    ['', [''], ['a']],
  ])('"%s"', (pattern, those, others) => {
    const matches = glob(pattern);
    expect(those.filter(matches)).toEqual(those);
    expect(others.filter(matches)).toEqual([]);
  });

  it.each(['*', '*o', '*.', 'm*'])('of ten thousand times "%s" is answered', (part) => {
    expect(glob(`${part.repeat(10_000)}!`)('memory.moooooooooooooooo.copy')).toBe(false);
  });
});
