import type { PageTimeline } from '@skein/testkit';
export interface Percentiles {
    readonly p50: number;
    readonly max: number;
}
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
    readonly firstFrameMs: Percentiles;
    /** From an open socket to the join's answer. */
    readonly joinMs: Percentiles;
    /** What the cluster still held some seconds after everyone had left: transports, routers, pipes, Redis keys. */
    readonly leakedAfterLeave: number;
    /** What was not as it should be; absent when all was. */
    readonly failed?: readonly string[];
}
/** Nearest-rank median and greatest, rounded to whole numbers; zeros for nothing. */
export declare function percentiles(values: readonly number[]): Percentiles;
/** How long each of the others took to be seen, in one page. */
export declare function firstFrameDelays({ connectMs, presentAtJoin, publishedMs, firstFrameMs, }: PageTimeline): number[];
/** How long the join took in one page. */
export declare function joinDelay({ openMs, joinedMs }: PageTimeline): number[];
/** What is wrong with these figures; nothing for a healthy cluster. */
export declare function faultsOf(summary: Omit<SmokeSummary, 'ok' | 'failed'>): string[];
//# sourceMappingURL=summary.d.ts.map