// Why the clock was not where the nameplate assumes it, as the driver puts it.
//
// The trap is to ask for one exact bitmask at one moment. Several reasons stand at once, they come and go within the
// timed window, and the one asked for at its end is often "idle". So each has a share of the window.

import type { Conditions } from '../schema.js';

/**
 * Why a driver holds a clock down. `power`: the cap, which the nameplate's own wattage sets. `slowdown`: protection,
 * which a healthy, cooled card does not need. `setting`: someone chose the clock. `other`: a limit of which no document
 * says what it takes and when, or one that is not known here.
 */
export type ReasonKind = 'power' | 'slowdown' | 'setting' | 'other';

/** By the names that native/conditions.cc gives to NVML's bits. */
const reasons: ReadonlyMap<string, { kind: ReasonKind; words: string }> = new Map([
  ['sw thermal slowdown', { kind: 'slowdown', words: 'thermal slowdown' }],
  ['hw thermal slowdown', { kind: 'slowdown', words: 'thermal slowdown' }],
  ['hw power brake slowdown', { kind: 'slowdown', words: 'external power brake' }],
  ['hw slowdown', { kind: 'slowdown', words: 'hardware slowdown' }],
  ['sw power cap', { kind: 'power', words: 'power cap' }],
  ['applications clocks setting', { kind: 'setting', words: 'clock setting' }],
  ['display clock setting', { kind: 'setting', words: 'clock setting' }],
  ['sync boost', { kind: 'setting', words: 'sync boost with another GPU' }],
  ['board limit', { kind: 'other', words: 'board limit' }],
  ['reliability limit', { kind: 'other', words: 'reliability limit' }],
]);

/** A reason that stood in fewer of the samples than this cannot have moved their median far. */
const shareThatCounts = 0.25;

/** Whether the driver told reasons at all. Without a trace, as in a report of an earlier version, it is taken to have. */
export const reasonsTold = ({ trace }: Conditions): boolean =>
  trace === null || trace.throttle.some((bits) => bits !== null);

export type StandingReason = { kind: ReasonKind; words: string; share: number };

/**
 * The reasons that stood in a large part of the window, the most frequent first, but `other` behind what says more. Shares
 * of one name add up, since its bits may take turns. "hw slowdown" stands beside its more precise causes, and is left out
 * where one of them stood for about as long.
 */
export function standingReasons(conditions: Conditions): StandingReason[] {
  const standing = new Map<string, StandingReason>();
  for (const { reason, share } of conditions.throttle) {
    const known = reasons.get(reason) ?? { kind: 'other', words: reason };
    const before = standing.get(known.words)?.share ?? 0;
    standing.set(known.words, { kind: known.kind, words: known.words, share: Math.min(1, before + share) });
  }
  const shareOf = (words: string) => standing.get(words)?.share ?? 0;
  const precise = Math.max(shareOf('thermal slowdown'), shareOf('external power brake'));
  if (precise >= 0.9 * shareOf('hardware slowdown')) standing.delete('hardware slowdown');
  const counts = ({ share }: StandingReason) => share >= shareThatCounts;
  const vague = ({ kind }: StandingReason) => Number(kind === 'other');
  return [...standing.values()].filter(counts).sort((a, b) => vague(a) - vague(b) || b.share - a.share);
}
