// Samples whose distribution is known, the same ones each time.

export type Random = () => number;

/** Steele, Lea and Flood's SplitMix, on 32 bits: no kin of the bootstrap's own generator. */
export function numbers(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** Box and Muller. */
export const normal = (next: Random) => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

export type Draw = (next: Random, size: number) => number[];
export const each =
  (value: (next: Random) => number): Draw =>
  (next, size) =>
    Array.from({ length: size }, () => value(next));

/** Each like the one before, to the share `kept`: a clock or a temperature that wanders. */
export const wandering =
  (kept: number): Draw =>
  (next, size) => {
    let at = normal(next);
    return Array.from({ length: size }, () => {
      at = kept * at + Math.sqrt(1 - kept ** 2) * normal(next);
      return 100 + 2 * at;
    });
  };
