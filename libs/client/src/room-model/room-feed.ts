import {
  applyChange,
  roomStateOf,
  type RoomSnapshot,
  type RoomState,
  type VersionedChange,
} from '@skein/protocol';
import { Emitter } from '@skein/runtime/emitter';

export interface RoomFeedEvents {
  /** The state changed. Both states are immutable. */
  changed: { readonly before: RoomState; readonly after: RoomState };
  /** Changes after `version` are missing: request a `sync` until the gateway answers. Not emitted again before. */
  syncNeeded: { readonly version: number };
}

type FeedState =
  | { readonly kind: 'following'; readonly room: RoomState }
  | { readonly kind: 'catching-up'; readonly room: RoomState; readonly buffered: VersionedChange[] };

/**
 * Changes that may wait for missing ones. On overflow the oldest is dropped; the resulting gap shows after the `sync` and causes
 * another one.
 */
const BUFFER_LIMIT = 1024;

/**
 * The state of the room as this client has it. Applies changes in order, drops old ones and reports a gap once. Independent of the
 * connection.
 */
export class RoomFeed {
  readonly events = new Emitter<RoomFeedEvents>();
  #feed: FeedState;

  constructor(snapshot: RoomSnapshot) {
    this.#feed = { kind: 'following', room: roomStateOf(snapshot) };
  }

  get room(): RoomState {
    return this.#feed.room;
  }

  handleChange(change: VersionedChange): void {
    if (this.#feed.kind === 'catching-up') return this.#buffer(this.#feed.buffered, change);
    const { room } = this.#feed;
    const applied = applyChange(room, change);
    switch (applied.outcome) {
      case 'duplicate':
        return;
      case 'gap':
        this.#feed = { kind: 'catching-up', room, buffered: [change] };
        return this.events.emit('syncNeeded', { version: room.version });
      case 'applied':
        return this.#follow(applied.state);
    }
  }

  /** Replaces the state, at any version. Newer waiting changes are applied afterwards. */
  handleSnapshot(snapshot: RoomSnapshot): void {
    const waiting = this.#waiting();
    this.#follow(roomStateOf(snapshot));
    this.#replay(waiting);
  }

  /** The state is outdated, and a complete one follows through `handleSynced`. */
  handleOutdated(): void {
    if (this.#feed.kind === 'following')
      this.#feed = { kind: 'catching-up', room: this.#feed.room, buffered: [] };
  }

  /** The answer to a `sync`. */
  handleSynced(
    answer: { readonly changes: readonly VersionedChange[] } | { readonly snapshot: RoomSnapshot },
  ): void {
    // A snapshot has overtaken this answer.
    if (this.#feed.kind !== 'catching-up') return;
    if ('snapshot' in answer) return this.handleSnapshot(answer.snapshot);
    const waiting = this.#waiting();
    this.#feed = { kind: 'following', room: this.room };
    this.#replay([...answer.changes, ...waiting]);
  }

  /** The changes while there was no connection. */
  handleResumed(
    answer: { readonly changes: readonly VersionedChange[] } | { readonly snapshot: RoomSnapshot },
  ): void {
    if (this.#feed.kind === 'catching-up') return this.handleSynced(answer);
    if ('snapshot' in answer) return this.handleSnapshot(answer.snapshot);
    for (const change of answer.changes) this.handleChange(change);
  }

  #follow(after: RoomState): void {
    const before = this.room;
    this.#feed = { kind: 'following', room: after };
    this.events.emit('changed', { before, after });
  }

  #waiting(): readonly VersionedChange[] {
    return this.#feed.kind === 'catching-up' ? this.#feed.buffered : [];
  }

  #buffer(buffered: VersionedChange[], change: VersionedChange): void {
    buffered.push(change);
    if (buffered.length > BUFFER_LIMIT) buffered.shift();
  }

  #replay(changes: readonly VersionedChange[]): void {
    for (const change of changes.toSorted((one, other) => one.version - other.version))
      this.handleChange(change);
  }
}
