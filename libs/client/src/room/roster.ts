import type { Layers, Participant, RoomState, Track } from '@skein/protocol';
import type { Emitter } from '@skein/runtime/emitter';
import { diffRooms, type RoomDifference } from '../room-model/room-diff.ts';
import { ReceivedTrack, type ReceivedTrackDeps, type RemoteTrack } from '../subscriptions/remote-track.ts';
import { RosterParticipant, type RemoteParticipant } from './participants.ts';
import type { RoomEvents } from './room-events.ts';

interface PublishedTrack {
  readonly participant: RosterParticipant;
  readonly track: ReceivedTrack;
}

export interface RosterDeps {
  /** Of this client, which is not part of the roster. */
  readonly identity: string;
  readonly events: Emitter<RoomEvents>;
  readonly tracks: ReceivedTrackDeps;
  trackPublished(trackId: string): void;
  trackUnpublished(trackId: string): void;
  /** The track is published from another session now; its id is the same. */
  trackMoved(trackId: string): void;
  participantChanged(identity: string): void;
  participantLeft(identity: string): void;
}

/** The other participants, as objects that last. Takes states of the room; updates the objects, then emits the events. */
export class Roster {
  readonly #deps: RosterDeps;
  readonly #participants = new Map<string, RosterParticipant>();
  readonly #tracks = new Map<string, PublishedTrack>();

  constructor(deps: RosterDeps) {
    this.#deps = deps;
  }

  get participants(): ReadonlyMap<string, RemoteParticipant> {
    return this.#participants;
  }

  track(trackId: string): RemoteTrack | undefined {
    return this.#tracks.get(trackId)?.track;
  }

  tracks(): RemoteTrack[] {
    return [...this.#tracks.values()].map(({ track }) => track);
  }

  handleRoom(before: RoomState, after: RoomState): void {
    for (const difference of diffRooms(before, after)) this.#apply(difference);
  }

  /** Media of a track has arrived, was replaced, or (undefined) has ended. */
  handleMedia(trackId: string, mediaStreamTrack: MediaStreamTrack | undefined): void {
    const published = this.#tracks.get(trackId);
    if (!published) return;
    published.track.handleMedia(mediaStreamTrack);
    if (mediaStreamTrack) this.#deps.events.emit('trackSubscribed', { ...published, mediaStreamTrack });
    else this.#deps.events.emit('trackUnsubscribed', published);
  }

  handleLayers(trackId: string, layers: Layers | undefined): void {
    const published = this.#tracks.get(trackId);
    if (!published) return;
    published.track.handleLayers(layers);
    this.#deps.events.emit('subscriptionLayersChanged', { ...published, layers });
  }

  #apply(difference: RoomDifference): void {
    switch (difference.type) {
      case 'participantNew':
        return this.#join(difference.participant);
      case 'participantChanged':
        return this.#update(difference.participant);
      case 'participantGone':
        return this.#leave(difference.participant);
      case 'trackNew':
        return this.#publish(difference.track);
      case 'trackChanged':
        return this.#updateTrack(difference.before, difference.track);
      case 'trackGone':
        return this.#unpublish(difference.track);
    }
  }

  #join(state: Participant): void {
    const { identity } = state;
    if (identity === this.#deps.identity) return;
    const participant = new RosterParticipant(state);
    this.#participants.set(identity, participant);
    this.#deps.participantChanged(identity);
    this.#deps.events.emit('participantJoined', { participant });
  }

  #update(state: Participant): void {
    const participant = this.#participants.get(state.identity);
    if (!participant) return;
    participant.handleState(state);
    this.#deps.participantChanged(state.identity);
    this.#deps.events.emit('participantUpdated', { participant });
  }

  #leave({ identity }: Participant): void {
    const participant = this.#participants.get(identity);
    if (!participant) return;
    this.#participants.delete(identity);
    this.#deps.participantLeft(identity);
    this.#deps.events.emit('participantLeft', { participant });
  }

  #publish(state: Track): void {
    // A track without its participant has nobody to be listed under.
    const participant = this.#participants.get(state.identity);
    if (!participant) return;
    const published = { participant, track: new ReceivedTrack(state, this.#deps.tracks) };
    this.#tracks.set(state.trackId, published);
    participant.handleTrack(published.track);
    this.#deps.participantChanged(state.identity);
    this.#deps.events.emit('trackPublished', published);
    this.#deps.trackPublished(state.trackId);
  }

  #updateTrack(before: Track, state: Track): void {
    const published = this.#tracks.get(state.trackId);
    if (!published) return;
    const wasMuted = published.track.muted;
    published.track.handleState(state);
    if (before.epoch !== state.epoch) this.#deps.trackMoved(state.trackId);
    if (wasMuted !== state.muted)
      this.#deps.events.emit(state.muted ? 'trackMuted' : 'trackUnmuted', published);
  }

  #unpublish({ trackId }: Track): void {
    const published = this.#tracks.get(trackId);
    if (!published) return;
    const { participant } = published;
    this.#deps.trackUnpublished(trackId);
    this.#tracks.delete(trackId);
    participant.handleTrackGone(trackId);
    this.#deps.participantChanged(participant.identity);
    this.#deps.events.emit('trackUnpublished', published);
  }
}
