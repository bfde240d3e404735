// A verdict's reason as one sentence.

import type { Verdict } from '../row.js';
import type { SoakVerdict } from '../soak/schema.js';

/** "ETIMEDOUT: no answer within 180 s" of what failed, and the reason alone of anything else. */
export const whyOf = (verdict: Verdict | SoakVerdict): string =>
  verdict.status === 'failed' ? `${verdict.code}: ${verdict.why}` : verdict.why;
