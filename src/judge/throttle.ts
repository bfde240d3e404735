// Why the clock was not where the nameplate assumes it, as the driver puts it.
//
// The trap is to ask for one exact bitmask at one moment. Several reasons stand at once, they come and go within the
// timed window, and the one asked for at its end is often "idle". So each has a share of the window.

import type { Conditions } from '../schema.js';

/**
 * Why a driver holds a clock down. `power`: the cap, which the nameplate's own wattage sets. `slowdown`: protection,
 * which a healthy, cooled card does not need. `setting`: someone chose the clock. `other`: a limit of which no document
 * says what it takes and when, or one that is not known here. `idle` explains nothing.
 */
export type ReasonKind = 'power' | 'slowdown' | 'setting' | 'other' | 'idle';

/** NVML's reasons, however spelled. First match wins: a thermal hardware slowdown is thermal. */
const reasons: readonly { pattern: RegExp; kind: ReasonKind; words: string }[] = [
  { pattern: /thermal/, kind: 'slowdown', words: 'thermal slowdown' },
  { pattern: /brake/, kind: 'slowdown', words: 'external power brake' },
  { pattern: /\b(hw|hardware)\b.*slowdown/, kind: 'slowdown', words: 'hardware slowdown' },
  { pattern: /power cap/, kind: 'power', words: 'power cap' },
  {
    pattern: /applications? clock|display clock|clocks? setting|locked/,
    kind: 'setting',
    words: 'clock setting',
  },
  { pattern: /sync boost/, kind: 'setting', words: 'sync boost with another GPU' },
  { pattern: /board limit/, kind: 'other', words: 'board limit' },
  { pattern: /reliability/, kind: 'other', words: 'reliability limit' },
  { pattern: /idle/, kind: 'idle', words: 'idle' },
];

/** A reason that stood in fewer of the samples than this cannot have moved their median far. */
const shareThatCounts = 0.25;

export type StandingReason = { kind: ReasonKind; words: string; share: number };

/**
 * The reasons that stood in a large part of the window, the most frequent first, but `other` behind what says more. Shares
 * of one name add up, since its bits may take turns. "hw slowdown" stands beside its more precise causes, and is left out
 * where one of them stood for about as long.
 */
export function standingReasons(conditions: Conditions): StandingReason[] {
  const standing = new Map<string, StandingReason>();
  for (const { reason, share } of conditions.throttle) {
    const plain = reason
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .replace(/[_-]+/g, ' ')
      .toLowerCase();
    const known = reasons.find(({ pattern }) => pattern.test(plain)) ?? { kind: 'other', words: reason };
    const before = standing.get(known.words)?.share ?? 0;
    standing.set(known.words, { kind: known.kind, words: known.words, share: Math.min(1, before + share) });
  }
  const shareOf = (words: string) => standing.get(words)?.share ?? 0;
  const precise = Math.max(shareOf('thermal slowdown'), shareOf('external power brake'));
  if (precise >= 0.9 * shareOf('hardware slowdown')) standing.delete('hardware slowdown');
  const counts = ({ kind, share }: StandingReason) => kind !== 'idle' && share >= shareThatCounts;
  const vague = ({ kind }: StandingReason) => Number(kind === 'other');
  return [...standing.values()].filter(counts).sort((a, b) => vague(a) - vague(b) || b.share - a.share);
}
