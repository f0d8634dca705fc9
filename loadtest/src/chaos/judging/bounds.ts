/**
 * `media`: from the fault until a receiver that lost a track has it again. `healing`: the same, from when the fault was
 * taken back. `signaling`: from the fault until a client that lost its gateway is connected again. `service`: from the
 * return of what was away, or while it is slow, until a newcomer has joined and everybody sees them.
 */
export type Recovery = 'media' | 'healing' | 'signaling' | 'service';

/**
 * `certain`: the fault takes something from somebody, so that a round without a recovery broke nothing, or measured nothing,
 * and does not hold. `possible`: at best nobody loses anything, and a round without a recovery is a good one.
 */
export type Impact = 'certain' | 'possible';

/** Milliseconds. Every scenario bounds every figure, and a figure that has a bound must have been measured. */
export interface Bounds {
  /** `p95`: over all receivers, tracks and rounds. `max`: for each person in each round. */
  readonly recoverMs: { readonly p95: number; readonly max: number };
  /** `during`: from the fault until it is taken back. `after`: from then on, when what was away is back. */
  readonly longestGapMs: { readonly during: GapBound; readonly after: GapBound };
}

/** One for sound and picture alike, or one for each. */
export type GapBound = number | { readonly audio: number; readonly video: number };

/** No gap that a person could notice; twice what a quiet call shows on a busy machine of two cores. */
export const UNNOTICED_MS = 200;
/** The last picture before a fault is up to this old, so that a gap is longer than the recovery by it. */
const PICTURE_MS = 67;

/** Where media is lost until it has recovered elsewhere, and nobody may notice when what was away comes back. */
export function mediaLost(recoverMs: Bounds['recoverMs']): Bounds {
  return { recoverMs, longestGapMs: { during: recoverMs.max + PICTURE_MS, after: UNNOTICED_MS } };
}

/** The design's budget for media after a killed node. */
export const KILLED = mediaLost({ p95: 1_600, max: 2_000 });
/** What hangs or is cut off resets no connection: evidence of it takes up to 1.4 s longer than of what was killed. */
export const SILENT = mediaLost({ p95: 3_000, max: 3_400 });
/** The design's budget for the longest freeze while something is replaced; nobody has to rebuild anything. */
export const REPLACED: Bounds = {
  recoverMs: { p95: 1_600, max: 2_000 },
  longestGapMs: { during: 300, after: UNNOTICED_MS },
};
