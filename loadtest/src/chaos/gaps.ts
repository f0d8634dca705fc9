export interface Gap {
  readonly longestGapMs: number;
  /** When the next one came; absent when none had come by the end of the window. */
  readonly endedAtMs?: number;
}

/**
 * The longest time without an arrival between `fromMs` and `toMs`. `times`: when something arrived, in order. What lies
 * before the window counts as its beginning, so that a window never starts in the middle of a gap unseen.
 */
export function longestGap(times: readonly number[], fromMs: number, toMs: number): Gap {
  let before = times.findLast((time) => time <= fromMs) ?? fromMs;
  let longest: Gap = { longestGapMs: 0 };
  for (const time of times) {
    if (time <= fromMs) continue;
    if (time > toMs) break;
    if (time - before > longest.longestGapMs) longest = { longestGapMs: time - before, endedAtMs: time };
    before = time;
  }
  return toMs - before > longest.longestGapMs ? { longestGapMs: toMs - before } : longest;
}
