import type { TrackGap } from '../../person-report.ts';
/** When pictures were decoded and packets came, for each track of others. */
export declare class Arrivals {
    #private;
    constructor();
    /** The SDK shows the track by this `MediaStreamTrack` from now on. */
    show(track: {
        readonly id: string;
        readonly identity: string;
        readonly kind: 'audio' | 'video';
    }, media: MediaStreamTrack): void;
    /** Milliseconds since anything came of this track. */
    quietMs(trackId: string, nowMs: number): number;
    gaps(fromMs: number, toMs: number): TrackGap[];
}
//# sourceMappingURL=arrivals.d.ts.map