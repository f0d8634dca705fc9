import type { Participant, ParticipantConnection, Role } from '@skein/protocol';
import type { LocalTrack } from '../publications/local-track.ts';
import type { RemoteTrack } from '../subscriptions/remote-track.ts';

/** Someone else in the room. The same object for as long as their identity is in it. */
export class RemoteParticipant {
  readonly identity: string;
  #facts: Participant;
  readonly #tracks = new Map<string, RemoteTrack>();

  constructor(facts: Participant) {
    this.identity = facts.identity;
    this.#facts = facts;
  }

  get name(): string {
    return this.#facts.name;
  }

  get metadata(): string | undefined {
    return this.#facts.metadata;
  }

  /** The media node that carries them. */
  get nodeId(): string {
    return this.#facts.nodeId;
  }

  /** `lost`: their network or their device has vanished. They may come back; else they leave the room some 15 s later. */
  get connection(): ParticipantConnection {
    return this.#facts.connection ?? 'connected';
  }

  /** Milliseconds since 1970. */
  get joinedAtMs(): number {
    return this.#facts.joinedAtMs;
  }

  /** What they publish, by track id, whether subscribed or not. */
  get tracks(): ReadonlyMap<string, RemoteTrack> {
    return this.#tracks;
  }

  handleFacts(facts: Participant): void {
    this.#facts = facts;
  }

  handleTrack(track: RemoteTrack): void {
    this.#tracks.set(track.id, track);
  }

  handleTrackGone(trackId: string): void {
    this.#tracks.delete(trackId);
  }
}

/** This client in the room. */
export interface LocalParticipant {
  readonly identity: string;
  readonly name: string;
  readonly metadata: string | undefined;
  /** A viewer is in nobody's `participants`. */
  readonly role: Role;
  readonly sessionId: string;
  /** The media node that carries this client. */
  readonly nodeId: string;
  /** What this client publishes, by track id. */
  readonly tracks: ReadonlyMap<string, LocalTrack>;
}
