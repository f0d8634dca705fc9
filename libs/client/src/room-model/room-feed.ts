import {
  applyChange,
  roomStateOf,
  type RoomSnapshot,
  type RoomState,
  type VersionedChange,
} from '@skein/protocol';
import { Emitter } from '@skein/runtime/emitter';

export interface RoomFeedEvents {
  /** The room moved on. Both states are immutable. */
  changed: { readonly before: RoomState; readonly after: RoomState };
  /** Changes are missing after `version`: ask the gateway to `sync` from it until it answers. Not repeated before. */
  syncNeeded: { readonly version: number };
}

type FeedState =
  | { readonly kind: 'following'; readonly room: RoomState }
  | { readonly kind: 'catching-up'; readonly room: RoomState; readonly buffered: VersionedChange[] };

/**
 * Changes that may wait for missing ones before them. Policy beyond it: the oldest goes; the gap that this leaves
 * shows after the `sync` and is healed by another.
 */
const BUFFER_LIMIT = 1024;

/**
 * The room's state as a client follows it: changes apply in order, old ones are dropped, and a gap is reported
 * once. Inputs are `handle*`; holds no connection.
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

  /** The whole state: replaces what is held, whatever its version. Waiting changes that are newer follow it. */
  handleSnapshot(snapshot: RoomSnapshot): void {
    const waiting = this.#waiting();
    this.#follow(roomStateOf(snapshot));
    this.#replay(waiting);
  }

  /** What is held is outdated, and the whole state is on its way: it comes as the answer to a `sync` does. */
  handleOutdated(): void {
    if (this.#feed.kind === 'following')
      this.#feed = { kind: 'catching-up', room: this.#feed.room, buffered: [] };
  }

  /** The answer to a `sync`. */
  handleSynced(
    answer: { readonly changes: readonly VersionedChange[] } | { readonly snapshot: RoomSnapshot },
  ): void {
    // A snapshot came first: what this answer holds is older.
    if (this.#feed.kind !== 'catching-up') return;
    if ('snapshot' in answer) return this.handleSnapshot(answer.snapshot);
    const waiting = this.#waiting();
    this.#feed = { kind: 'following', room: this.room };
    this.#replay([...answer.changes, ...waiting]);
  }

  /** What came while there was no connection. */
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
