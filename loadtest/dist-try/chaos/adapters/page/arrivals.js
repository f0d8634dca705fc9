import { longestGap } from '../../gaps.js';
import { watchPictures } from './media-streams.js';
import { watchAudioPackets } from './packets.js';
// Two minutes of packets of one track; older arrivals are forgotten.
const KEPT = 6_000;
const FORGOTTEN_AT_ONCE = 1_000;
/** When pictures were decoded and packets came, for each track of others. */
export class Arrivals {
    #received = new Map();
    #byMediaTrack = new Map();
    constructor() {
        watchAudioPackets((mediaTrackId, atMs) => {
            const received = this.#byMediaTrack.get(mediaTrackId);
            if (received && received.shown === mediaTrackId)
                note(received, atMs);
        });
    }
    /** The SDK shows the track by this `MediaStreamTrack` from now on. */
    show(track, media) {
        const received = this.#received.get(track.id) ?? {
            ...{ trackId: track.id, identity: track.identity, kind: track.kind },
            ...{ times: [], shown: undefined, stop: () => { } },
        };
        this.#received.set(track.id, received);
        if (received.shown === media.id)
            return;
        received.stop();
        received.shown = media.id;
        this.#byMediaTrack.set(media.id, received);
        received.stop =
            track.kind === 'video' ? watchPictures(media, () => note(received, Date.now())) : () => { };
    }
    /** Milliseconds since anything came of this track. */
    quietMs(trackId, nowMs) {
        const last = this.#received.get(trackId)?.times.at(-1);
        return last === undefined ? Number.MAX_SAFE_INTEGER : nowMs - last;
    }
    gaps(fromMs, toMs) {
        return [...this.#received.values()].map(({ trackId, identity, kind, times }) => ({
            ...{ trackId, identity, kind },
            ...longestGap(times, fromMs, toMs),
        }));
    }
}
function note({ times }, atMs) {
    times.push(atMs);
    if (times.length > KEPT)
        times.splice(0, FORGOTTEN_AT_ONCE);
}
//# sourceMappingURL=arrivals.js.map