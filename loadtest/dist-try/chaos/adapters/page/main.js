import { connect } from '@skein/client';
import { VISITOR, } from '../../person-report.js';
import { Arrivals } from './arrivals.js';
import { lastSocketUrl } from './sockets.js';
import { movingPicture, steadyTone } from './media-streams.js';
/** One person in a call: publishes a small picture and a tone, receives everybody, and writes down what happens. */
class Person {
    #arrivals = new Arrivals();
    #connectionLog = [];
    #flickers = [];
    #errors = [];
    #room;
    #sound;
    async join({ urls, room: name, identity, nodeId, fps }) {
        const room = await connect({ url: urls, room: name, name: identity, identity, nodeId });
        this.#room = room;
        this.#note(room.connection);
        this.#follow(room);
        this.#sound = await room.publish(steadyTone(), { source: 'microphone' });
        if (fps > 0)
            await room.publish(movingPicture(fps), { source: 'camera', simulcast: false });
    }
    view() {
        const room = this.#joined();
        const atMs = Date.now();
        const { identity, sessionId, nodeId, tracks } = room.localParticipant;
        const others = [...room.participants.values()].map((other) => ({
            identity: other.identity,
            tracks: [...other.tracks.values()].map(({ id, kind }) => ({
                trackId: id,
                kind,
                quietMs: this.#arrivals.quietMs(id, atMs),
            })),
        }));
        return {
            ...{ identity, atMs, sessionId, nodeId, others },
            connection: this.#connectionLog.at(-1) ?? { state: 'unknown', atMs },
            gateway: lastSocketUrl(),
            published: [...tracks.keys()],
            flickers: this.#flickers,
            connectionLog: this.#connectionLog,
            errors: this.#errors,
        };
    }
    gaps(fromMs, toMs) {
        return this.#arrivals.gaps(fromMs, toMs);
    }
    async setMuted(muted) {
        await (muted ? this.#sound?.mute() : this.#sound?.unmute());
    }
    async leave() {
        await this.#room?.leave();
    }
    #follow(room) {
        for (const { tracks } of room.participants.values()) {
            for (const track of tracks.values())
                if (track.mediaStreamTrack)
                    this.#arrivals.show(track, track.mediaStreamTrack);
        }
        room.on('trackSubscribed', ({ track, mediaStreamTrack }) => this.#arrivals.show(track, mediaStreamTrack));
        room.on('connectionStateChanged', ({ connection }) => this.#note(connection));
        room.on('participantLeft', ({ participant }) => this.#flicker('participantLeft', participant.identity));
        room.on('trackUnpublished', ({ participant, track }) => this.#flicker(`trackUnpublished (${track.kind})`, participant.identity));
        room.on('error', ({ error }) => this.#errors.push(`${error.code}: ${error.message}`));
    }
    #note(connection) {
        const reason = 'reason' in connection ? connection.reason : undefined;
        const error = connection.state === 'closed' ? connection.error?.message : undefined;
        const cause = [reason, error].filter(Boolean).join(': ') || undefined;
        this.#connectionLog.push({ state: connection.state, cause, atMs: Date.now() });
    }
    #flicker(event, identity) {
        // They come and go by plan.
        if (identity.startsWith(VISITOR))
            return;
        this.#flickers.push({ event, identity, atMs: Date.now() });
    }
    #joined() {
        if (!this.#room)
            throw new Error('not joined yet');
        return this.#room;
    }
}
window.chaosPerson = new Person();
//# sourceMappingURL=main.js.map