import type { ConnectionState } from '../session/connection-state.ts';
import type { SubscriptionStatus } from '../subscriptions/subscription.ts';
import type { LocalParticipant, RemoteParticipant } from './participants.ts';
import {
  localParticipantSnapshot,
  participantSnapshot,
  remoteTrackSnapshot,
  roomSnapshot,
  type ParticipantSnapshot,
  type RoomSnapshot,
} from './snapshot.ts';

/** The live state that snapshots are taken of. */
export interface SnapshotStoreDeps {
  readonly name: string;
  readonly localParticipant: LocalParticipant;
  readonly participants: ReadonlyMap<string, RemoteParticipant>;
  connection(): ConnectionState;
  viewers(): number;
  subscriptionStatus(trackId: string): SubscriptionStatus;
  /** Receives what a listener threw. */
  reportError(error: unknown): void;
}

interface Listener {
  readonly notify: () => void;
  /** The snapshot at the last notification. */
  seen: RoomSnapshot;
}

/**
 * Takes snapshots of a room and notifies subscribers. A change marks the part that it concerns; the next snapshot reads the
 * marked parts and shares the rest, so that a change in a room of 1000 participants reads one of them. A room whose snapshot
 * is never requested does no work here.
 */
export class SnapshotStore {
  readonly #deps: SnapshotStoreDeps;
  readonly #listeners = new Set<Listener>();
  readonly #participants = new Map<string, ParticipantSnapshot>();
  /** Marked participants with their marked tracks. Holds participants of the room only. */
  readonly #marked = new Map<string, Set<string>>();
  #participantsChanged = true;
  #localChanged = true;
  #changed = true;
  #last: RoomSnapshot | undefined;
  #scheduled = false;

  constructor(deps: SnapshotStoreDeps) {
    this.#deps = deps;
  }

  get(): RoomSnapshot {
    const last = this.#last;
    if (last && !this.#changed) return last;
    const { name, localParticipant } = this.#deps;
    const isLocalKnown = last && !this.#localChanged;
    const snapshot = roomSnapshot(last, {
      name,
      connection: this.#deps.connection(),
      localParticipant: isLocalKnown
        ? last.localParticipant
        : localParticipantSnapshot(last?.localParticipant, localParticipant),
      participants: last && !this.#participantsChanged ? last.participants : this.#readParticipants(),
      viewers: this.#deps.viewers(),
    });
    this.#last = snapshot;
    this.#changed = false;
    this.#localChanged = false;
    this.#participantsChanged = false;
    return snapshot;
  }

  /** Calls `listener` in a microtask after changes, once for all changes of one task. Returns the function that unsubscribes. */
  subscribe(listener: () => void): () => void {
    const entry: Listener = { notify: listener, seen: this.get() };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  /** The connection or the number of viewers has changed. */
  roomChanged(): void {
    if (!this.#last) return;
    this.#changed = true;
    if (this.#scheduled || this.#listeners.size === 0) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#notify());
  }

  localChanged(): void {
    this.#localChanged = true;
    this.roomChanged();
  }

  /** A participant has joined or changed; `trackId`: one of its tracks has. */
  participantChanged(identity: string, trackId?: string): void {
    if (!this.#last) return;
    const trackIds = this.#marked.get(identity) ?? new Set();
    if (trackId !== undefined) trackIds.add(trackId);
    this.#marked.set(identity, trackIds);
    this.#participantsChanged = true;
    this.roomChanged();
  }

  participantLeft(identity: string): void {
    this.#marked.delete(identity);
    this.#participants.delete(identity);
    this.#participantsChanged = true;
    this.roomChanged();
  }

  #readParticipants(): ParticipantSnapshot[] {
    const { participants } = this.#deps;
    const unread = this.#last ? this.#marked.keys() : participants.keys();
    for (const identity of unread) {
      const participant = participants.get(identity);
      if (participant) this.#readParticipant(participant, this.#marked.get(identity));
    }
    this.#marked.clear();
    return [...participants.keys()].flatMap((identity) => this.#participants.get(identity) ?? []);
  }

  #readParticipant(participant: RemoteParticipant, marked: ReadonlySet<string> | undefined): void {
    const previous = this.#participants.get(participant.identity);
    const known = new Map(previous?.tracks.map((track) => [track.id, track]));
    const tracks = [...participant.tracks].map(([id, track]) => {
      const before = known.get(id);
      if (before && !marked?.has(id)) return before;
      return remoteTrackSnapshot(before, track, this.#deps.subscriptionStatus(id));
    });
    this.#participants.set(participant.identity, participantSnapshot(previous, participant, tracks));
  }

  #notify(): void {
    this.#scheduled = false;
    const snapshot = this.get();
    for (const listener of this.#listeners) {
      // The listener has subscribed after the change, or the change was reverted.
      if (listener.seen === snapshot) continue;
      listener.seen = snapshot;
      try {
        listener.notify();
      } catch (error) {
        this.#deps.reportError(error);
      }
    }
  }
}
