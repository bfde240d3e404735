// From which share of a documented figure on a device is healthy, and what that rests on.
//
// A threshold without evidence is a habit: it drains healthy machines or passes slow ones. Each row says what published
// measurement it lies below. How the rows are applied is rule.ts.

import type { DataPattern } from '../schema.js';
import type { ResourceClass } from './resource.js';

export type Threshold = {
  /** Least share of the documented figure. */
  value: number;
  /** Greatest credible share where no clock bounds it: above it, we miscount. */
  limit: number;
  /** Greatest documented figure of which there is evidence, in B/s; of a greater one nothing is judged. */
  covers?: number;
  /** Which clock bounds the resource. A power cap takes the SM clock alone, and neither bounds a link. */
  clock: 'sm' | 'memory' | 'none';
  reason: string;
  evidence: string;
};

/** No card was seen to run so far above the clock that its figures assume: an RTX 4080 at 3105 of 2505 MHz, 1.24. */
export const widestLimit = 1.5;

/** Published figures are of healthy cards, with random data unless noted; the threshold lies below the lowest of them. */
export const THRESHOLDS: Readonly<Partial<Record<ResourceClass, Threshold>>> = {
  tensor: {
    value: 0.7,
    limit: widestLimit,
    clock: 'sm',
    reason: 'a tuned GEMM reaches 0.78 to 0.93 at its clock; what misses 0.70 there is not the power cap',
    evidence:
      'H200 BF16 sustained 703 of 989 TFLOPS (71 % at 1450 MHz, 90 % of that clock), burst 828; H100 SXM 758-798 (77-81 %); ' +
      'A100 SXM 259-271 of 312 (83-87 %); A100 INT8 499 of 624 (80 %); GH200 FP8 1535 of 1979 (78 %). ' +
      'Only under a power cap lower: H100 PCIe 458-496 of 756 (61-66 %)',
  },
  vector: {
    value: 0.6,
    limit: widestLimit,
    clock: 'sm',
    reason:
      'FP32 GEMM on CUDA cores is bound by issue slots and register banks before it is by the FMA units',
    evidence:
      'cuBLAS FP32: H100 and H200 51-52 of 66.9 TFLOPS (77 %), A100 19.2 of 19.5 (98 %), RTX 4090 51.6-56 of 82.6 (62-68 %), ' +
      'RTX 5090 64-70 of 104.8 (61-67 %). Only under a power cap lower: L40 36-40 of 90.5 (40-44 %; 63 % at 1740 MHz)',
  },
  memory: {
    value: 0.8,
    limit: 1.05,
    clock: 'memory',
    reason: 'a copy pays for turning the bus around between reads and writes, a read alone does not',
    evidence:
      'copy by a kernel: H100 PCIe 1704 of 2039 GB/s (84 %), A100 88 %, V100 89 %, H200 4.3 of 4.8 TB/s (90 %), RTX 5090 88 %, B200 93-94 %; ' +
      'read: H100 SXM 3241 of 3350 (97 %). Only by the copy of a driver lower, which is not held against a card: H200 3292 (69 %; ' +
      'NVIDIA/cccl#1672), H100 SXM 2475-2579 (74-77 %; NVIDIA/nccl#1264), A100 1500 (74 %; NVIDIA/cuda-samples#311), ' +
      'H20-3e 2.2 of 4.8 TB/s (46 %; NVIDIA/nvbandwidth#48). The limit: the memory clock of an H200 gives 4.92 where 4.8 is documented (102 %)',
  },
  link: {
    value: 0.72,
    limit: 1.02,
    // B300s on PCIe 6.0 x16, of which 57.7 GB/s are published (48 %): a fault, a host of 5.0 or as it should be, none tells.
    covers: 63.1e9, // 5.0 x16
    clock: 'none',
    reason:
      'the documented rate is the line rate after its code; packet headers and flow control come off it',
    evidence:
      'nvbandwidth, pinned, of the 63 GB/s of PCIe 5.0 x16: 53 (84 %) and 57 GB/s (90 %) one way, with 35 and 14 GB/s the other way reported as faults; ' +
      'of the 31.5 of PCIe 4.0 x16: RTX 4090 23.9 (76 %; NVIDIA/nvbandwidth#15), and 23 (73 %) is what Azure asks of an A100 (Azure/azurehpc-health-checks)',
  },
};

/** H800 FP8 under stress 1.3 of 1.98 GHz (66 %), L40 FP32 1740 of 2490 MHz (70 %): healthy cards of 300 W and more. */
const usualCappedClock = 0.6;

/** Base clock over boost clock of small cards, whose watts do not feed all of their SMs. */
const smallCards: Readonly<Record<string, number>> = {
  // 70 W. FP16 24 of 65 TFLOPS (37 %) "due to power capping", "expected behavior", with both clocks
  // (forums.developer.nvidia.com/t/about-gpu-peak-performance/264462); about 900 MHz (github.com/mlcommons/inference_results_v0.5/issues/20).
  t4: 585 / 1590,
  // 72 W. FP16 52-54 of 121 TFLOPS (43-45 %) and FP32 11-13 of 30 (35-41 %) from 4096 on
  // (github.com/zzc0721/torch-performance-test-data/issues/120); the clocks are in NVIDIA's PB-11316-001.
  l4: 795 / 2040,
  // 150 W for the chip that has 300 W on an A40. No clock under a GEMM was found; the base clock is that of
  // github.com/karpathy/llm.c/pull/621, where training had 43 % of FP16.
  a10: 885 / 1695,
};

/** Least share of the assumed clock that its own power cap leaves a healthy card of this id. */
export const lowestCappedClock = (card: string): number => smallCards[card] ?? usualCappedClock;

/** Share of what the clock held allows; the clock is sampled beside the work, not with it. */
export const clockLimit = 1.03;

/**
 * Seconds of a launch at the documented rate. Of a shorter one its beginning and end, some microseconds each, are too large
 * a part, and few of its tiles fill the SMs: no figure above is of such a launch. The shortest, H100 BF16 at 4096 cubed
 * with 716 of 989 TFLOPS (72 %), would take 139 us.
 */
export const briefestSeconds = 100e-6;

/** A bootstrap of fewer samples than this says nothing of their spread. */
export const fewestSamples = 5;

/** Data whose bits toggle less draw less power: zeros flatter a tensor rate by 7 to 15 %, integers by about 12 %. */
export const flattering: readonly DataPattern[] = ['zeros', 'integers'];
