// The form of a documented card: what the JSON files beside this one may say.
//
// A figure is kept as its document prints it (value and unit) and names its sources, so that a reviewer can put a
// finger on the line. There is no null, no 0 and no -1 for "not known": the key is left out, and `absent` says why.

import { z } from 'zod';
import { printedUnits } from './units.js';

/** What a card can be asked for. The same words name what an operation uses. */
const peaks = [
  'vector.fp64',
  'vector.fp32',
  'vector.fp16',
  'vector.bf16',
  'tensor.fp64',
  'tensor.tf32',
  'tensor.fp16',
  'tensor.fp16.acc16',
  'tensor.bf16',
  'tensor.fp8',
  'tensor.fp8.acc16',
  'tensor.fp6',
  'tensor.fp4',
  'tensor.int8',
  'tensor.int4',
] as const;

/** The tensor peaks with 2:4 structured sparsity, each counted as if the zeros were multiplied too. */
const sparsePeaks = [
  'tensor.tf32.sparse',
  'tensor.fp16.sparse',
  'tensor.fp16.acc16.sparse',
  'tensor.bf16.sparse',
  'tensor.fp8.sparse',
  'tensor.fp8.acc16.sparse',
  'tensor.fp6.sparse',
  'tensor.fp4.sparse',
  'tensor.int8.sparse',
  'tensor.int4.sparse',
] as const;

/**
 * Every resource, in the order a card is read. `memory` is the device memory's bandwidth, `link` the host link in one
 * direction, `peer` NVLink in one direction.
 */
export const resources = [...peaks, ...sparsePeaks, 'memory', 'link', 'peer'] as const;

export const Peak = z.enum(peaks);
export type Peak = z.infer<typeof Peak>;
/** Parses a resource word that came from elsewhere, such as an operation's. */
export const Resource = z.enum(resources);
export type Resource = z.infer<typeof Resource>;

/** What a document prints. `link` and `peer` are not among them: they follow from the PCIe and NVLink rows. */
const PrintedResource = z.enum([...peaks, ...sparsePeaks, 'memory']);

/** Where a value was read, or the arithmetic that gave it and the documents whose figures entered. */
const Sources = z.array(z.string()).min(1);
const Read = z.strictObject({ sources: Sources });
const Derived = z.strictObject({ derived: z.string(), from: Sources });
export type Evidence = z.infer<typeof Read> | z.infer<typeof Derived>;

function fact<V extends z.ZodType, U extends z.ZodType>(value: V, unit: U) {
  return z.union([Read.extend({ value, unit }), Derived.extend({ value, unit })]);
}

function plain<V extends z.ZodType>(value: V) {
  return z.union([Read.extend({ value }), Derived.extend({ value })]);
}

const count = z.int().positive();
const positive = z.number().positive();

const Figure = fact(positive, z.enum(printedUnits));
export type Figure = z.infer<typeof Figure>;

const Clock = fact(positive, z.literal('MHz'));

const Disagreement = z.strictObject({
  /** The figures or facts it concerns, by the card's own keys. */
  of: z.array(z.string()).min(1),
  unit: z.string(),
  values: z.array(z.strictObject({ value: z.union([z.number(), z.string()]), source: z.string() })).min(2),
  note: z.string(),
});
export type Disagreement = z.infer<typeof Disagreement>;

export const Card = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  name: z.string(),
  /** The exact strings the driver reports. */
  driverNames: z.strictObject({ values: z.array(z.string()).min(1), sources: Sources }).optional(),
  /** PCI device ids; the vendor is 0x10de. */
  pciDeviceIds: z
    .array(z.strictObject({ id: z.string().regex(/^0x[0-9A-F]{4}$/), sources: Sources }))
    .optional(),
  /** Key into the rate sets. */
  rates: z.string().optional(),
  /** high: main peaks read or quoted, and the arithmetic agrees. medium: part recalled. low: no NVIDIA document. */
  confidence: z.enum(['high', 'medium', 'low']),
  chip: plain(z.string()),
  computeCapability: plain(z.string().regex(/^\d+\.\d$/)),
  multiprocessors: plain(count).optional(),
  coresPerMultiprocessor: plain(count),
  cudaCores: plain(count).optional(),
  tensorCores: plain(count).optional(),
  tensorCoreGeneration: plain(count).optional(),
  boostClock: Clock.optional(),
  /** The separate clock of the tensor peaks, where NVIDIA quotes them at another one than the rest (Hopper). */
  tensorBoostClock: Clock.optional(),
  /** The highest clock a device log showed; not a documented boost clock. */
  highestClockSeen: Clock.optional(),
  memoryType: plain(z.string()).optional(),
  /** As marketed: "80 GB" is close to 80 GiB. */
  memorySize: fact(positive, z.literal('GB')).optional(),
  memoryBusWidth: fact(count, z.literal('bit')).optional(),
  /** Before double data rate. */
  memoryClock: Clock.optional(),
  /** Per pin. */
  memoryDataRate: fact(positive, z.literal('Gbit/s')).optional(),
  l2Cache: fact(positive, z.literal('MiB')).optional(),
  /** Board power; for a superchip that of the module. */
  power: fact(positive, z.literal('W')).optional(),
  pcie: Read.extend({ generation: count, lanes: count }).optional(),
  nvlink: z
    .strictObject({ generation: plain(count), bothDirections: fact(positive, z.literal('GB/s')) })
    .optional(),
  migInstances: plain(count).optional(),
  price: Read.extend({ value: positive, unit: z.literal('USD'), date: z.iso.date() }).optional(),
  /** What the documents say of the accumulator of the floating-point tensor figures not marked acc16. */
  accumulator: z.enum(['fp32', 'unstated']).optional(),
  figures: z.partialRecord(PrintedResource, Figure),
  absent: z.record(z.string(), z.string()),
  disagreements: z.array(Disagreement).optional(),
  notes: z.array(z.string()).optional(),
});
export type Card = z.infer<typeof Card>;

export const Document = z.strictObject({
  title: z.string(),
  publisher: z.string(),
  number: z.string().optional(),
  edition: z.string().optional(),
  url: z.string().optional(),
  access: z.enum(['stored-copy', 'quoted', 'observed', 'recalled', 'third-party']),
  readThrough: z.string().optional(),
  note: z.string().optional(),
});
export type Document = z.infer<typeof Document>;

const FmaPerClock = z.union([
  Read.extend({ value: count }),
  // `cards`: whose one figure it was computed from, which therefore proves nothing of it. Two figures bear each other out.
  Derived.extend({ value: count, cards: z.array(z.string()).min(1).optional() }),
]);

const Architecture = z.strictObject({
  name: z.string(),
  computeCapability: z.string(),
  /** Multiply-adds per clock and SM, dense, at the full, professional rate. */
  fmaPerClock: z.partialRecord(Peak, FmaPerClock),
  notes: z.array(z.string()).optional(),
});
export type Architecture = z.infer<typeof Architecture>;

const RateSet = z.strictObject({
  architecture: z.string(),
  appliesTo: z.string(),
  /** The peaks that this market segment gets half of. */
  halved: z.array(Peak).optional(),
  /** Of these, what such cards were measured at twice of all the same: a document's half, and no bound of the silicon. */
  reachedInFull: z.array(Peak).optional(),
  /** Those of the architecture that no document of this segment tells. */
  unknown: z.array(Peak).optional(),
  /** Blackwell Ultra raised dense FP4 alone, so twice the dense rate would be wrong there. */
  notDoubledWhenSparse: z.array(Peak).optional(),
});

export const Rates = z.strictObject({
  architectures: z.record(z.string(), Architecture),
  sets: z.record(z.string(), RateSet),
});
export type Rates = z.infer<typeof Rates>;

const MigProfile = z.strictObject({
  profile: z.string(),
  id: z.int().nonnegative().optional(),
  maxInstances: count.optional(),
  copyEngines: count.optional(),
  l2Fraction: z.string().optional(),
  compute: z.strictObject({ fraction: z.string(), multiprocessors: count.optional() }).optional(),
  memory: z.strictObject({
    fraction: z.string().optional(),
    slices: count.optional(),
    nominalGB: positive,
    reportedGiB: positive.optional(),
  }),
  sources: Sources,
  note: z.string().optional(),
});
export type MigProfile = z.infer<typeof MigProfile>;

export const MigTable = z.strictObject({
  gpu: z.string(),
  cards: z.array(z.string()).min(1),
  computeSlices: count,
  memorySlices: count,
  /** SMs of the whole GPU; with MIG on, fewer may be usable (A100: 98 of 108). */
  multiprocessors: count,
  multiprocessorsInFullProfile: count.optional(),
  note: z.string().optional(),
  profiles: z.array(MigProfile).min(1),
});
export type MigTable = z.infer<typeof MigTable>;
