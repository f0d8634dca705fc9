/** A time in which nothing arrived. Milliseconds since 1970. */
export interface Gap {
  /** The last arrival before it. */
  readonly fromMs: number;
  /** The next arrival; absent while the gap is still open at the end of the window. */
  readonly toMs?: number;
}

/** Shorter gaps are not listed: a picture comes every 67 ms, a change of the tone every 40 ms. */
export const NOTED_MS = 100;

/**
 * The gaps over `NOTED_MS` that reach into the window, and in any case the longest one, in order. `times`: when something
 * arrived, in order. A gap that began before the window is listed whole, from the arrival before it.
 */
export function gapsBetween(times: readonly number[], fromMs: number, toMs: number): Gap[] {
  const gaps: Gap[] = [];
  let longest: Gap | undefined;
  const first = firstAfter(times, fromMs);
  let before = times[first - 1] ?? fromMs;
  const add = (gap: Gap): void => {
    if (lengthOf(gap, toMs) > NOTED_MS) gaps.push(gap);
    if (!longest || lengthOf(gap, toMs) > lengthOf(longest, toMs)) longest = gap;
  };
  for (let at = first; at < times.length; at++) {
    const time = times[at] ?? 0;
    if (time > toMs) break;
    add({ fromMs: before, toMs: time });
    before = time;
  }
  if (toMs > before) add({ fromMs: before });
  return gaps.length === 0 && longest ? [longest] : gaps;
}

/** `endMs`: where a gap that is still open is cut off. */
export function lengthOf({ fromMs, toMs }: Gap, endMs: number): number {
  return (toMs ?? endMs) - fromMs;
}

function firstAfter(times: readonly number[], fromMs: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) <= fromMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
