// What is here: devices, libraries, operations, and what is missing.

import * as z from 'zod';
import { DType, Family, Unit, Variant } from './words.js';

const finite = z.number();
const count = z.int().nonnegative();

/** Cores of one kind. The numbers name a microarchitecture; on Arm they are implementer, architecture and part. */
export const CoreGroup = z.strictObject({
  vendor: z.string(),
  family: count,
  model: count,
  kind: z.string().nullable().describe('performance or efficiency; null where all cores are alike'),
  count,
  maxClockHz: finite.nullable().describe('mean of their highest clocks; null where the system does not say'),
});
export type CoreGroup = z.infer<typeof CoreGroup>;

export const Cache = z.strictObject({
  level: z.int().positive(),
  bytes: finite.describe('of one of them'),
  sharedBy: count.describe('threads of a run, or multiprocessors, that share one'),
});
export type Cache = z.infer<typeof Cache>;

/** PCI Express: what one end of a link can do. */
export const LinkEnd = z.strictObject({ generation: finite, width: finite });
export type LinkEnd = z.infer<typeof LinkEnd>;

/** Memory that failed and was put out of use for good. Of a GPU cut into slices the driver does not tell. */
export const MemoryRepair = z.strictObject({
  means: z.enum(['remapped rows', 'retired pages']).describe('rows since Ampere, pages before'),
  corrected: count.describe('for errors that ECC corrected'),
  uncorrected: count.describe('for errors that it could not'),
  pending: z.boolean().describe('more await a reset of the GPU'),
  failed: z.boolean().nullable().describe('a row could not be remapped, now or ever; null of pages'),
});
export type MemoryRepair = z.infer<typeof MemoryRepair>;

export const DeviceFacts = z.strictObject({
  id: z.string().describe('cpu, cuda:0, …'),
  backend: z.enum(['cpu', 'cuda']),
  name: z.string().describe('as the driver or the processor prints it'),
  uuid: z.string().nullable(),
  computeCapability: z.string().nullable(),
  driver: z.string().nullable().describe('version of the NVIDIA driver'),
  driverApi: z.string().nullable().describe('CUDA version that the driver speaks'),
  multiprocessors: count.describe('SMs present; on a CPU the cores that the process may use'),
  threads: count.describe('CPU only: threads a run uses'),
  mostThreads: count.describe('CPU only: CPUs that the process may run on'),
  placement: z.string().nullable().describe('CPU only: in words, which cores are used and why'),
  cores: z.array(CoreGroup).describe('CPU only: those that a run uses'),
  memoryBytes: finite,
  l2Bytes: finite.describe('L2 of a GPU, last-level cache of a CPU; 0 where unknown'),
  caches: z.array(Cache).describe('of data, the nearest first; empty where the system does not say'),
  maxClockHz: finite.nullable(),
  maxMemoryClockHz: finite.nullable(),
  memoryBusBits: finite.nullable(),
  powerLimitWatts: finite.nullable(),
  powerLimitDefaultWatts: finite.nullable(),
  ecc: z.boolean().nullable(),
  memoryRepair: MemoryRepair.nullable(),
  recoveryAction: z
    .string()
    .nullable()
    .describe("what the driver wants done about a fault, in NVML's words; none where there was none"),
  mig: z.boolean(),
  integrated: z.boolean(),
  simulated: z.boolean().describe('a stand-in for tests answered; no figure of it is a measurement'),
  pciBusId: z.string().nullable(),
  pciDeviceId: z.string().nullable(),
  linkGeneration: finite.nullable(),
  linkWidth: finite.nullable(),
  linkMaxGeneration: finite.nullable(),
  linkMaxWidth: finite.nullable(),
  linkCard: LinkEnd.nullable().describe('the most that the card can do by itself, as the system reads it'),
  linkSlot: LinkEnd.nullable().describe('the most that the port can do that it is plugged into'),
  numaNode: finite.nullable().describe('of the host, that the device is attached to'),
  features: z.array(z.string()),
});
export type DeviceFacts = z.infer<typeof DeviceFacts>;

export const Absence = z.strictObject({
  what: z.string(),
  reason: z.string(),
  remedy: z.string(),
  code: z.string().nullable().describe('of the error that says so, where one does: CUDA_ERROR_NO_DEVICE'),
});
export type Absence = z.infer<typeof Absence>;

/** Whether a GPU is not found for want of it; what else an inventory misses is libraries and device code. */
export const hidesGpus = ({ what }: Pick<Absence, 'what'>): boolean =>
  /^(NVIDIA driver|CUDA devices|cuda:\d+)$/.test(what);

export const Library = z.strictObject({ name: z.string(), path: z.string(), version: z.string() });
export type Library = z.infer<typeof Library>;

export const Build = z.strictObject({
  version: z.string(),
  compiler: z.string(),
  images: z.array(z.string()).describe('device code held: family and architecture'),
});
export type Build = z.infer<typeof Build>;

export const Inventory = z.strictObject({
  build: Build,
  devices: z.array(DeviceFacts),
  libraries: z.array(Library),
  absences: z.array(Absence),
});
export type Inventory = z.infer<typeof Inventory>;

/** One row of the native table of operations: `gemm.fp16.acc16`, `memory.copy`, `link.h2d.pinned`. */
export const OperationRow = z.strictObject({
  id: z.string(),
  family: Family,
  operation: z.string().describe('the id without format and variant'),
  dtype: DType.nullable(),
  variant: Variant.nullable(),
  unit: Unit,
  providers: z
    .strictObject({ cpu: z.array(z.string()), cuda: z.array(z.string()) })
    .describe('builtin first; empty: not on this backend'),
});
export type OperationRow = z.infer<typeof OperationRow>;
