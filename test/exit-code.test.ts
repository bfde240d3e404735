import { describe, expect, test } from 'vitest';
import { exitCode } from '../src/judge/exitCode.js';
import type { Status } from '../src/row.js';
import type { MemoryRepair } from '../src/schema.js';

const repaired = (failed: boolean | null = false): MemoryRepair => ({
  means: failed === null ? 'retired pages' : 'remapped rows',
  corrected: 1,
  uncorrected: 2,
  pending: true,
  failed,
});

describe('exit code', () => {
  const code = (
    statuses: Status[],
    {
      strict = false,
      interrupted = false,
      memoryRepair = repaired(),
      recoveryAction = 'none' as string | null,
    } = {},
  ) =>
    exitCode(
      {
        rows: statuses.map((status) => ({ verdict: { status } })),
        devices: [{ memoryRepair, recoveryAction }],
      },
      { strict, interrupted },
    );

  test.each<[Status[], number]>([
    [['pass'], 0],
    [['pass', 'unsupported'], 0],
    [['pass', 'throttled', 'inconclusive', 'unjudged'], 0],
    [['unjudged'], 0],
    [['pass', 'low'], 1],
    [['pass', 'failed'], 3],
    [['low', 'failed'], 3],
    [['unsupported'], 3],
    [[], 3],
    [['pass', 'corrupted', 'failed', 'low'], 4],
    [['implausible'], 4],
  ])('%j gives %d', (statuses, expected) => {
    expect(code(statuses)).toBe(expected);
  });

  test.each<Status>(['throttled', 'inconclusive', 'unjudged'])('--strict fails %s', (status) => {
    expect(code(['pass', status], { strict: true })).toBe(1);
  });

  test('--strict keeps the order, and leaves a clean report alone', () => {
    expect(code(['throttled', 'failed'], { strict: true })).toBe(3);
    expect(code(['pass', 'unsupported'], { strict: true })).toBe(0);
  });

  test.each<Status>(['corrupted', 'implausible'])('an interrupted run hides nothing %s', (status) => {
    expect(code(['pass', status, 'failed'], { interrupted: true })).toBe(4);
  });

  test('a fault not recovered from fails a card whose rows pass, and hides nothing worse', () => {
    const recoveryAction = 'GPU reset';
    expect(code(['pass'], { recoveryAction })).toBe(1);
    expect(code(['pass', 'failed'], { recoveryAction })).toBe(3);
    expect(code(['corrupted'], { recoveryAction })).toBe(4);
    expect(code(['pass'], { recoveryAction: null })).toBe(0);
  });

  test('memory past repair fails a card whose rows pass, and hides nothing worse', () => {
    const memoryRepair = repaired(true);
    expect(code(['pass', 'unjudged'], { memoryRepair })).toBe(1);
    expect(code(['pass', 'failed'], { memoryRepair })).toBe(3);
    expect(code(['pass', 'corrupted'], { memoryRepair })).toBe(4);
    expect(code(['pass'], { memoryRepair, interrupted: true })).toBe(130);
    expect(code(['pass'], { memoryRepair: repaired(null) })).toBe(0);
  });

  test.each([
    ['cuda:1', 'CUDA_ERROR_UNKNOWN', 3],
    ['cuda:1', 'CUDA_ERROR_NO_DEVICE', 3], // it was counted, and is gone
    ['CUDA devices', 'CUDA_ERROR_UNKNOWN', 3],
    ['NVIDIA driver', 'CUDA_ERROR_SYSTEM_NOT_READY', 3],
    ['NVIDIA driver', 'ENOSYS', 3],
    ['NVIDIA driver', 'CUDA_ERROR_NO_DEVICE', 0],
    ['NVIDIA driver', 'CUDA_ERROR_STUB_LIBRARY', 0],
    ['NVIDIA driver', 'ENODEV', 0],
    ['NVIDIA driver', null, 0], // of an earlier version
    ['NVML', null, 0],
  ])('%s: %s gives %d where all GPUs were asked for', (what, code, expected) => {
    const of = (devices: string[], rows: Status[] = ['pass']) =>
      exitCode(
        {
          rows: rows.map((status) => ({ verdict: { status } })),
          devices: [],
          absences: [{ what, code }],
          options: { devices },
        },
        { strict: false, interrupted: false },
      );
    expect(of([])).toBe(expected);
    expect(of(['all'])).toBe(expected);
    expect(of(['cuda:0'])).toBe(0);
    expect(of([], ['corrupted'])).toBe(4);
  });

  test('an interrupted run says so, whatever else it had found', () => {
    for (const statuses of [[], ['pass'], ['low'], ['failed'], ['low', 'failed']] satisfies Status[][])
      expect(code(statuses, { interrupted: true })).toBe(130);
    expect(code(['throttled'], { interrupted: true, strict: true })).toBe(130);
  });
});
