import type { Layers, Participant, RoomState, Track } from '@skein/protocol';
import type { Emitter } from '@skein/runtime/emitter';
import { RemoteTrack, type RemoteTrackControls } from '../subscriptions/remote-track.ts';
import { RemoteParticipant } from './participants.ts';
import type { RoomEvents } from './room-events.ts';
import { diffRooms, type RoomDifference } from '../room-model/room-diff.ts';

interface Place {
  readonly participant: RemoteParticipant;
  readonly track: RemoteTrack;
}

/** What the roster tells beside the room's own events. */
export interface RosterPorts {
  trackAppeared(trackId: string): unknown;
  trackVanished(trackId: string): unknown;
  /** Published from another session since; the same track for everyone. */
  trackMoved(trackId: string): unknown;
}

/** The others in the room, as lasting objects. Fed with states of the room; tells what came of them. */
export class Roster {
  readonly participants = new Map<string, RemoteParticipant>();
  readonly #identity: string;
  readonly #events: Emitter<RoomEvents>;
  readonly #controls: RemoteTrackControls;
  readonly #ports: RosterPorts;
  readonly #places = new Map<string, Place>();

  constructor(
    identity: string,
    events: Emitter<RoomEvents>,
    controls: RemoteTrackControls,
    ports: RosterPorts,
  ) {
    this.#identity = identity;
    this.#events = events;
    this.#controls = controls;
    this.#ports = ports;
  }

  track(trackId: string): RemoteTrack | undefined {
    return this.#places.get(trackId)?.track;
  }

  tracks(): RemoteTrack[] {
    return [...this.#places.values()].map(({ track }) => track);
  }

  handleRoom(before: RoomState, after: RoomState): void {
    for (const difference of diffRooms(before, after)) this.#apply(difference);
  }

  /** Media of a track began, was replaced, or (undefined) ended. */
  handleMedia(trackId: string, mediaStreamTrack: MediaStreamTrack | undefined): void {
    const place = this.#places.get(trackId);
    if (!place) return;
    place.track.handleMedia(mediaStreamTrack);
    if (mediaStreamTrack) this.#events.emit('trackSubscribed', { ...place, mediaStreamTrack });
    else this.#events.emit('trackUnsubscribed', place);
  }

  handleLayers(trackId: string, layers: Layers | undefined): void {
    const place = this.#places.get(trackId);
    if (!place) return;
    place.track.handleLayers(layers);
    this.#events.emit('subscriptionLayersChanged', { ...place, layers });
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

  #join(facts: Participant): void {
    if (facts.identity === this.#identity) return;
    const participant = new RemoteParticipant(facts);
    this.participants.set(facts.identity, participant);
    this.#events.emit('participantJoined', { participant });
  }

  #update(facts: Participant): void {
    const participant = this.participants.get(facts.identity);
    participant?.handleFacts(facts);
    if (participant) this.#events.emit('participantUpdated', { participant });
  }

  #leave({ identity }: Participant): void {
    const participant = this.participants.get(identity);
    this.participants.delete(identity);
    if (participant) this.#events.emit('participantLeft', { participant });
  }

  #publish(facts: Track): void {
    // A track whose participant is not there is void: nobody to show it under.
    const participant = this.participants.get(facts.identity);
    if (!participant) return;
    const place = { participant, track: new RemoteTrack(facts, this.#controls) };
    this.#places.set(facts.trackId, place);
    participant.handleTrack(place.track);
    this.#events.emit('trackPublished', place);
    this.#ports.trackAppeared(facts.trackId);
  }

  #updateTrack(before: Track, facts: Track): void {
    const place = this.#places.get(facts.trackId);
    if (!place) return;
    const wasMuted = place.track.muted;
    place.track.handleFacts(facts);
    if (before.epoch !== facts.epoch) this.#ports.trackMoved(facts.trackId);
    if (wasMuted !== facts.muted) this.#events.emit(facts.muted ? 'trackMuted' : 'trackUnmuted', place);
  }

  #unpublish({ trackId }: Track): void {
    const place = this.#places.get(trackId);
    if (!place) return;
    this.#ports.trackVanished(trackId);
    this.#places.delete(trackId);
    place.participant.handleTrackGone(trackId);
    this.#events.emit('trackUnpublished', place);
  }
}
