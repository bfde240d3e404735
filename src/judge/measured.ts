// What a verdict is given on: verdict.ts decides whether it can be, and rule.ts how.

import type { Attribution, Documented, Statistics } from '../row.js';
import type { Conditions, DataPattern, DeviceFacts, KernelFacts, Verification } from '../schema.js';

/** A measured row, before its verdict. */
export type Measured = {
  outcome: 'measured';
  device: DeviceFacts;
  /** SMs of the whole card, as documented. */
  cardMultiprocessors: number | null;
  provider: string;
  data: DataPattern;
  kernel: KernelFacts;
  verification: Verification;
  /** Of the sustained phase, as are the conditions and the time of a launch. */
  statistics: Statistics;
  launchSeconds: number;
  conditions: Conditions;
  /** Of the burst phase, in which an error counts as much. */
  burstConditions: Conditions;
  /** Uncorrected ECC errors outside of any window, as during a verification. */
  untimedErrors: number | null;
  /** Null together, and then `undocumented` says why: an unknown card, or a figure that no document gives. */
  documented: Documented | null;
  attribution: Attribution | null;
  undocumented: string;
};
