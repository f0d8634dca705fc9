/** Chance as an input: uniform in [0, 1), like `Math.random`. */
export type Random = () => number;

/** A seeded source (mulberry32): the same seed gives the same sequence on every machine. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `baseMs` spread by ±`ratio` (default 0.2), so that many timers don't fire together. */
export function jitter(baseMs: number, random: Random, ratio = 0.2): number {
  return baseMs * (1 - ratio + 2 * ratio * random());
}
