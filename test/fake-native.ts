// A native side made of plain objects, for what stands above the door. Its figures are invented.

import type { Executor } from '../src/process/isolate.js';
import type {
  Conditions,
  DeviceFacts,
  Inventory,
  OperationRow,
  Phase,
  ProviderResult,
  RunRequest,
} from '../src/schema.js';

const GiB = 2 ** 30;

export const cpu: DeviceFacts = {
  id: 'cpu',
  backend: 'cpu',
  name: 'Test processor',
  uuid: null,
  computeCapability: null,
  driver: null,
  driverApi: null,
  multiprocessors: 2,
  threads: 2,
  mostThreads: 2,
  placement: '2 threads on 2 of 2 cores; affinity 0-1; no cgroup limit',
  cores: [{ vendor: 'AuthenticAMD', family: 25, model: 17, kind: null, count: 2, maxClockHz: null }],
  memoryBytes: 16 * GiB,
  l2Bytes: GiB / 32,
  caches: [],
  maxClockHz: null,
  maxMemoryClockHz: null,
  memoryBusBits: null,
  powerLimitWatts: null,
  powerLimitDefaultWatts: null,
  ecc: null,
  memoryRepair: null,
  recoveryAction: null,
  mig: false,
  integrated: false,
  simulated: true,
  pciBusId: null,
  pciDeviceId: null,
  linkGeneration: null,
  linkWidth: null,
  linkMaxGeneration: null,
  linkMaxWidth: null,
  linkCard: null,
  linkSlot: null,
  numaNode: null,
  features: ['avx2', 'fma'],
};

/** An A100 PCIe 40GB by name, SMs and memory; `index` gives it an id and a uuid of its own. */
export function a100(index = 0): DeviceFacts {
  return {
    ...cpu,
    id: `cuda:${index}`,
    backend: 'cuda',
    name: 'NVIDIA A100-PCIE-40GB',
    uuid: `GPU-0000000${index}-test`,
    computeCapability: '8.0',
    driver: '580.0',
    driverApi: '13.0',
    multiprocessors: 108,
    threads: 0,
    mostThreads: 0,
    placement: null,
    cores: [],
    memoryBytes: 40_442 * 2 ** 20,
    l2Bytes: 40 * 2 ** 20,
    maxClockHz: 1.41e9,
    features: [],
  };
}

const row = (
  id: string,
  family: OperationRow['family'],
  dtype: OperationRow['dtype'],
  providers: OperationRow['providers'],
): OperationRow => ({
  id,
  family,
  operation: family === 'gemm' ? 'gemm' : id,
  dtype,
  variant: null,
  unit: family === 'gemm' ? 'FLOP/s' : 'B/s',
  providers,
});

export const operations: OperationRow[] = [
  row('gemm.fp64', 'gemm', 'fp64', { cpu: ['builtin', 'openblas'], cuda: ['builtin', 'cublaslt'] }),
  row('gemm.fp32', 'gemm', 'fp32', { cpu: ['builtin', 'openblas'], cuda: ['builtin', 'cublaslt'] }),
  row('gemm.bf16', 'gemm', 'bf16', { cpu: ['builtin'], cuda: ['builtin', 'cublaslt'] }),
  row('memory.read', 'memory', null, { cpu: ['builtin'], cuda: ['builtin'] }),
  row('memory.copy', 'memory', null, { cpu: ['builtin'], cuda: ['builtin', 'driver'] }),
  row('link.h2d.pinned', 'link', null, { cpu: [], cuda: ['driver'] }),
];

export const int8Gemm: OperationRow = row('gemm.int8', 'gemm', 'int8', {
  cpu: ['builtin'],
  cuda: ['builtin'],
});
export const peerCopy: OperationRow = row('peer.copy', 'peer', null, { cpu: [], cuda: ['driver'] });

export function inventory(devices: DeviceFacts[]): Inventory {
  return {
    build: { version: '0.0.0', compiler: 'none', images: [] },
    devices,
    libraries: [],
    absences: [],
  };
}

const conditions: Conditions = {
  source: 'none',
  missing: 'a fake has no sensors',
  samples: 0,
  seconds: 0,
  clockHz: null,
  memoryClockHz: null,
  powerWatts: null,
  temperatureCelsius: null,
  memoryTemperatureCelsius: null,
  energyJoules: null,
  correctedErrors: null,
  uncorrectedErrors: null,
  link: null,
  nvlinks: null,
  otherProcesses: null,
  throttle: [],
  trace: null,
};

const phase = (seconds: number): Phase => ({
  secondsPerLaunch: new Float64Array(20).fill(seconds),
  launchesPerSample: 1,
  stopped: 'precise',
  conditions,
});

export const verification = {
  method: 'compared with itself',
  compared: 100,
  worst: 0.1,
  bound: 'none',
  differences: 0,
  first: null,
  timedLaunchesCompared: true,
  sumBits: null,
};

const work = {
  flop: 1e12,
  flopCounted: '',
  bytes: 1e12,
  bytesCounted: 'all',
  workingSetBytes: 1e12,
  rotations: 1,
  steps: 0,
  leadingDimensions: null,
  accumulator: null,
  output: null,
};

/** A result of 1e12 FLOP or bytes in `seconds`, on the resource of an A100's bf16 figure unless told. */
export function measured(provider: string, seconds = 0.005, resource = 'tensor.bf16') {
  return {
    outcome: 'measured' as const,
    provider,
    kernel: { name: 'fake', resource, tuned: true, emulated: false, note: '' },
    work,
    verification,
    burst: phase(seconds / 2),
    sustained: phase(seconds),
    ceiling: null,
    untimedErrors: null,
  };
}

/** What runs a request instead of a child process. */
export type Answer = (request: RunRequest) => ProviderResult[] | Promise<ProviderResult[]>;

export function fakeContext(devices: DeviceFacts[], answer: Answer) {
  const log: string[] = [];
  const open = (device: DeviceFacts): Executor => {
    log.push(`open ${device.id}`);
    return {
      async run(request) {
        log.push(`run ${request.operation} on ${request.device}`);
        return { results: await answer(request) };
      },
      inventory: () => Promise.reject(new Error('a fake is asked for its native side')),
      soak: () => Promise.reject(new Error('a fake does not soak')),
      cancel: () => log.push('cancel'),
      close: async () => void log.push(`close ${device.id}`),
    };
  };
  return { log, open, native: { inventory: async () => inventory(devices), operations: () => operations } };
}

export const everything: Answer = ({ providers }) => providers.map((provider) => measured(provider));
