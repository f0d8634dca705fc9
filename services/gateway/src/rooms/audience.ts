import type { Placed, RoomFeed, RoomFeeds } from '@skein/cluster';
import { sessionEndReasons, snapshotOf } from '@skein/protocol';
import type { RoomChange, RoomSnapshot, RoomState, SessionEndReason, VersionedChange } from '@skein/protocol';
import type { Logger } from '@skein/telemetry';
import { encodeEvent } from '../connections/messages.ts';
import type { Broadcaster } from '../connections/socket.ts';
import type { SessionAddress } from '../sessions/session.ts';
import type { RoomMember } from './rooms.ts';

interface Watched {
  readonly member: RoomMember;
  readonly epoch: number;
}

/** This gateway's clients in one room. Each change is encoded once, whatever their number. */
export class Audience {
  readonly room: string;
  readonly #feeds: RoomFeeds;
  readonly #topic: string;
  readonly #broadcaster: Broadcaster;
  readonly #log: Logger;
  readonly #members = new Set<RoomMember>();
  readonly #watched = new Map<string, Watched>();
  #listening: readonly Disposable[] = [];
  #feed: RoomFeed | undefined;

  constructor(room: string, feeds: RoomFeeds, broadcaster: Broadcaster, log: Logger) {
    this.room = room;
    this.#feeds = feeds;
    this.#topic = `room/${room}`;
    this.#broadcaster = broadcaster;
    this.#log = log;
  }

  get state(): RoomState | undefined {
    return this.#feed?.state;
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  add(member: RoomMember): void {
    this.#members.add(member);
    member.socket.subscribe(this.#topic);
  }

  remove(member: RoomMember, identity: string | undefined): void {
    this.#members.delete(member);
    member.socket.unsubscribe(this.#topic);
    if (identity !== undefined && this.#watched.get(identity)?.member === member)
      this.#watched.delete(identity);
  }

  close(): void {
    for (const one of this.#listening) one[Symbol.dispose]();
  }

  offer({ changes, snapshot }: Placed): RoomSnapshot {
    const feed = this.#feed ?? this.#follow(snapshot);
    feed.offer(changes);
    const { state } = feed;
    return state && state.version > snapshot.version ? snapshotOf(state) : snapshot;
  }

  /** The first placement starts the feed: before it there may be no room, after it there is a state to start with. */
  #follow(snapshot: RoomSnapshot): RoomFeed {
    const ref = this.#feeds.acquire(this.room, snapshot);
    const { feed } = ref;
    const onChange = feed.on('change', ({ change }) => this.#handleChange(change));
    const onReplaced = feed.on('replaced', ({ state }) => this.#handleReplaced(state));
    this.#listening = [onChange, onReplaced, ref];
    this.#feed = feed;
    return feed;
  }

  /** Whether the session is still the participant's current one, as far as known. */
  watch({ identity, epoch }: SessionAddress, member: RoomMember): boolean {
    const shown = this.state?.participants.get(identity);
    if (shown && shown.epoch > epoch) return false;
    const earlier = this.#watched.get(identity);
    this.#watched.set(identity, { member, epoch });
    if (earlier && earlier.epoch < epoch) earlier.member.handleSessionEnd('superseded');
    return true;
  }

  #handleChange({ version, change }: VersionedChange): void {
    this.#broadcaster.publish(this.#topic, encodeEvent('roomChanged', change, version));
    this.#checkSession(change);
  }

  /** The bus tells sessions that they are over, at most once; the room's state says it again, for sure. */
  #checkSession(change: RoomChange): void {
    if (change.type === 'participantJoined') {
      const { identity, epoch } = change.participant;
      this.#endBelow(identity, epoch, 'superseded');
    } else if (change.type === 'participantLeft') {
      this.#endBelow(change.identity, change.epoch + 1, endReasonOf(change.reason));
    }
  }

  #endBelow(identity: string, epoch: number, reason: SessionEndReason): void {
    const watched = this.#watched.get(identity);
    if (!watched || watched.epoch >= epoch) return;
    this.#watched.delete(identity);
    watched.member.handleSessionEnd(reason);
  }

  #handleReplaced(state: RoomState | undefined): void {
    // Clients whose join is not answered yet get the state with their answer. A room that is gone from the store
    // while clients are in it was lost with the store: it grows back as the nodes announce what they hold.
    if (!state || this.#watched.size === 0) return;
    this.#log.info({ version: state.version }, 'the room state was replaced');
    this.#broadcaster.publish(this.#topic, encodeEvent('roomReplaced', snapshotOf(state), state.version));
    for (const { identity, epoch } of state.participants.values())
      this.#endBelow(identity, epoch, 'superseded');
  }
}

function endReasonOf(reason: string): SessionEndReason {
  return sessionEndReasons.find((known) => known === reason) ?? 'removed';
}
