import type { PageTimeline } from '@skein/testkit';
import { spreadMsOf, type SpreadMs } from '../measure/statistics.ts';

/** Rounded to whole milliseconds; zeros for nothing. */
export type MedianAndMaxMs = Pick<SpreadMs, 'p50' | 'max'>;

/** What the smoke test saw. Printed as the last line with `--json`. */
export interface SmokeSummary {
  readonly ok: boolean;
  readonly participants: number;
  /** Different media nodes that carried them. */
  readonly nodes: number;
  /** Pairs of viewer and publisher whose video was seen moving; 6 for three people. */
  readonly videosPlaying: number;
  /** Pairs of listener and publisher that could be heard. */
  readonly audiosPlaying: number;
  /** Pipes between nodes; 3 for three nodes. */
  readonly pipes: number;
  /** Copies of a track on a pipe beyond the first. */
  readonly duplicatePipedTracks: number;
  /**
   * Until the first frame of another's video was shown: since the socket was asked for, for those who were there before;
   * since the page was told of the track, for those who came later.
   */
  readonly firstFrameMs: MedianAndMaxMs;
  /** From an open socket to the join's answer. */
  readonly joinMs: MedianAndMaxMs;
  /** What the cluster still held some seconds after everyone had left: transports, routers, pipes, Redis keys. */
  readonly leakedAfterLeave: number;
  /** What was not as it should be; absent when all was. */
  readonly failed?: readonly string[];
}

export function medianAndMaxMs(values: readonly number[]): MedianAndMaxMs {
  const { p50, max } = spreadMsOf(values);
  return { p50, max };
}

/** How long each of the others took to be seen, in one page. */
export function firstFrameDelays({
  connectMs = 0,
  presentAtJoin,
  publishedMs,
  firstFrameMs,
}: PageTimeline): number[] {
  return Object.entries(firstFrameMs).flatMap(([identity, shownMs]) => {
    const since = presentAtJoin.includes(identity) ? connectMs : publishedMs[identity];
    return since === undefined ? [] : [shownMs - since];
  });
}

/** How long the join took in one page. */
export function joinDelay({ openMs, joinedMs }: PageTimeline): number[] {
  return openMs === undefined || joinedMs === undefined ? [] : [joinedMs - openMs];
}

const FIRST_FRAME_P50_LIMIT_MS = 500;

/** What is wrong with these figures; nothing for a healthy cluster. */
export function faultsOf(summary: Omit<SmokeSummary, 'ok' | 'failed'>): string[] {
  const { participants, nodes, videosPlaying, audiosPlaying, pipes, duplicatePipedTracks, leakedAfterLeave } =
    summary;
  const pairs = participants * (participants - 1);
  const nodePairs = (nodes * (nodes - 1)) / 2;
  const wanted: readonly [string, number, number][] = [
    ['nodes', nodes, participants],
    ['videosPlaying', videosPlaying, pairs],
    ['audiosPlaying', audiosPlaying, pairs],
    ['pipes', pipes, nodePairs],
    ['duplicatePipedTracks', duplicatePipedTracks, 0],
    ['leakedAfterLeave', leakedAfterLeave, 0],
  ];
  const faults = wanted
    .filter(([, seen, want]) => seen !== want)
    .map(([what, seen, want]) => `${what} is ${seen}, not ${want}`);
  if (summary.firstFrameMs.p50 >= FIRST_FRAME_P50_LIMIT_MS) {
    faults.push(`firstFrameMs.p50 is ${summary.firstFrameMs.p50}, not under ${FIRST_FRAME_P50_LIMIT_MS}`);
  }
  return faults;
}
