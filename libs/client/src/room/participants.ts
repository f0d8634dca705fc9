import type { Participant, ParticipantConnection, Role } from '@skein/protocol';
import type { LocalTrack } from '../publications/local-track.ts';
import type { RemoteTrack } from '../subscriptions/remote-track.ts';

/** Another participant in the room. The object stays the same while its identity is in the room. */
export interface RemoteParticipant {
  readonly identity: string;
  readonly name: string;
  readonly metadata: string | undefined;
  /** The media node that hosts the participant. */
  readonly nodeId: string;
  /** `lost`: the participant's network or device is gone. It may return; otherwise it leaves the room after about 15 s. */
  readonly connection: ParticipantConnection;
  /** Milliseconds since 1970. */
  readonly joinedAtMs: number;
  /** The published tracks by track id, subscribed or not. */
  readonly tracks: ReadonlyMap<string, RemoteTrack>;
}

/** This client in the room. */
export interface LocalParticipant {
  readonly identity: string;
  readonly name: string;
  readonly metadata: string | undefined;
  /** Viewers are in nobody's `participants`. */
  readonly role: Role;
  readonly sessionId: string;
  /** The media node that hosts this client. */
  readonly nodeId: string;
  /** The published tracks by track id. */
  readonly tracks: ReadonlyMap<string, LocalTrack>;
}

/** The `RemoteParticipant` that the roster updates. */
export class RosterParticipant implements RemoteParticipant {
  readonly identity: string;
  #state: Participant;
  readonly #tracks = new Map<string, RemoteTrack>();

  constructor(state: Participant) {
    this.identity = state.identity;
    this.#state = state;
  }

  get name(): string {
    return this.#state.name;
  }

  get metadata(): string | undefined {
    return this.#state.metadata;
  }

  get nodeId(): string {
    return this.#state.nodeId;
  }

  get connection(): ParticipantConnection {
    return this.#state.connection ?? 'connected';
  }

  get joinedAtMs(): number {
    return this.#state.joinedAtMs;
  }

  get tracks(): ReadonlyMap<string, RemoteTrack> {
    return this.#tracks;
  }

  handleState(state: Participant): void {
    this.#state = state;
  }

  handleTrack(track: RemoteTrack): void {
    this.#tracks.set(track.id, track);
  }

  handleTrackGone(trackId: string): void {
    this.#tracks.delete(trackId);
  }
}
