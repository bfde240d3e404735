// The addon that node-gyp builds where CMake is missing: the same door, no kernels, and it says so.
// Runs only when NAMEPLATE_ADDON names one (continuous integration builds it).

import { describe, expect, it } from 'vitest';
import { loadNative } from '../src/index.js';

describe.skipIf(!process.env.NAMEPLATE_ADDON)('the fallback addon', () => {
  it('holds no kernels, names their absence, and lists the same operations', async () => {
    const native = loadNative();
    const { build, devices, absences } = await native.inventory();
    expect(build.images).toEqual([]);
    expect(devices.map(({ id }) => id)).toContain('cpu');
    expect(absences.map(({ what }) => what)).toContain('CUDA kernels');
    expect(native.operations().map(({ id }) => id)).toContain('gemm.fp8e4m3.fast');
  });

  it('measures', async () => {
    const { results } = await loadNative().run({
      device: 'cpu',
      operation: 'gemm.bf16',
      shape: { m: 65, n: 63, k: 129 },
      providers: ['builtin'],
      data: 'uniform',
      seed: 1,
      telemetry: true,
      fault: 'none',
      threads: null,
      budget: { warmupSeconds: 0, burstSeconds: 0.01, sustainedSeconds: 0.01, precision: 0.5 },
    });
    expect(results[0]).toMatchObject({ outcome: 'measured', verification: { differences: 0 } });
  });
});
