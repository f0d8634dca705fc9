import type { Placed, RoomFeed, RoomFeeds, RoomStore } from '@skein/cluster';
import {
  type ClientResponse,
  type Participant,
  type RoomChange,
  type RoomSnapshot,
  type RoomState,
  type SessionRef,
  snapshotOf,
  type VersionedChange,
} from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { RoomCatchUp } from './catch-up.ts';
import type { SessionWatcher } from './membership.ts';
import { PageShelf } from './page-shelf.ts';
import type { RoomPage } from './pages.ts';
import { type RoomEvent, RoomEvents, type RoomFollower } from './room-channel.ts';
import { ViewerCount } from './viewer-count.ts';

export interface RoomFanoutDeps {
  readonly feeds: RoomFeeds;
  readonly store: RoomStore;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Watched {
  readonly watcher: SessionWatcher;
  readonly epoch: number;
}

const JOINS_AND_LEAVES: ReadonlySet<RoomChange['type']> = new Set(['participantJoined', 'participantLeft']);
/** Followers above which join and leave events are batched. */
const BATCHING_FOLLOWERS = 100;
/** Longest wait of a batch: unnoticeable, and a rush of joins costs each connection ten sends a second. */
const BATCH_MS = 100;
/** A batch of this size is sent at once. */
const BATCH_MAX = 256;

/** This gateway's clients in one room. Each change is published once to the room's channel, which edges encode once. */
export class RoomFanout {
  readonly #deps: RoomFanoutDeps;
  readonly #channel: RoomEvents;
  /** Clients in the room, whether or not they follow it yet. */
  readonly #members = new Set<RoomFollower>();
  /** Members that get its events. */
  readonly #followers = new Set<RoomFollower>();
  readonly #watched = new Map<string, Watched>();
  /** There has been a state. */
  #hasBegun = false;
  /** A client was answered without any state, as there was none yet: it gets the first one as an event. */
  #owesState = false;
  #listening: readonly Disposable[] = [];
  /** Events that wait for the end of the batch, in order. At most `BATCH_MAX`. */
  #batch: RoomEvent[] = [];
  #batchTimer: Disposable | undefined;
  #feed: RoomFeed | undefined;
  readonly #viewerCount: ViewerCount;
  readonly #catchUp: RoomCatchUp;
  /** Pages of the state that was last published. */
  readonly #replacedPages: PageShelf;

  constructor(room: string, deps: RoomFanoutDeps) {
    this.#deps = deps;
    this.#channel = new RoomEvents(room);
    this.#catchUp = new RoomCatchUp({ ...deps, room });
    this.#replacedPages = new PageShelf(deps.clock);
    this.#viewerCount = new ViewerCount({
      clock: deps.clock,
      // While a lost room recovers, not all of its viewers are counted yet.
      current: () => (this.isRecovering ? undefined : this.viewers),
      publish: (viewers) => this.#publish({ type: 'viewersChanged', data: { viewers } }, true),
    });
  }

  get room(): string {
    return this.#channel.room;
  }

  get state(): RoomState | undefined {
    return this.#feed?.state;
  }

  /** The store has lost the room and the nodes' announcements restore it: `state` is what clients see until then. */
  get isRecovering(): boolean {
    return this.#feed !== undefined && this.#feed.storedVersion !== this.#feed.state?.version;
  }

  /** The state that the store is known to have. */
  get known(): RoomState | undefined {
    return this.isRecovering ? undefined : this.state;
  }

  /** As last heard. */
  get viewers(): number | undefined {
    return this.state && this.#feed?.viewership.viewers;
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  /** The client gets no events before `follow`. */
  add(client: RoomFollower): void {
    this.#members.add(client);
  }

  /** Call it in the turn that makes the client's answer: no change then falls between the two. */
  follow(client: RoomFollower): void {
    if (!this.#members.has(client) || this.#followers.has(client)) return;
    this.#followers.add(client);
    client.follow(this.#channel);
  }

  remove(client: RoomFollower): void {
    this.#members.delete(client);
    if (this.#followers.delete(client)) client.unfollow(this.#channel);
  }

  close(): void {
    this.#batchTimer?.[Symbol.dispose]();
    this.#viewerCount.close();
    this.#replacedPages.close();
    for (const one of this.#listening) one[Symbol.dispose]();
  }

  apply(placed: Placed): RoomSnapshot {
    const { snapshot } = placed;
    const feed = this.#feed ?? this.#openFeed(snapshot);
    feed.offer(placed);
    const { state } = feed;
    return this.answerWith(state && state.version > snapshot.version ? snapshotOf(state) : snapshot);
  }

  /** The snapshot for the answer to one client. */
  answerWith(snapshot: RoomSnapshot): RoomSnapshot {
    this.#viewerCount.answered(this.viewers);
    return clientSnapshot(snapshot, this.viewers);
  }

  page(version: number, page: number): RoomPage | undefined {
    return this.#replacedPages.page(version, page);
  }

  /** Brings a client at `version` up to date; it follows the room from there on. */
  async catchUp(version: number, client: RoomFollower): Promise<ClientResponse<'sync'>> {
    const feed = this.#feed ?? this.#openFeed();
    await this.#catchUp.prepare(feed, version);
    this.follow(client);
    const { state } = feed;
    if (!state) {
      this.#owesState = true;
      return { changes: [] };
    }
    const changes = this.isRecovering ? undefined : this.#catchUp.since(version, state.version);
    if (!changes) return { snapshot: this.answerWith(snapshotOf(state)) };
    this.#viewerCount.answered(this.viewers);
    return { changes: [...changes] };
  }

  /** `undefined` when the session is known to be no longer the participant's current one. */
  watch({ identity, epoch }: SessionRef, watcher: SessionWatcher): Disposable | undefined {
    const shown = this.state?.participants.get(identity);
    if (shown && shown.epoch > epoch && !watcher.owns(shown)) return undefined;
    const earlier = this.#watched.get(identity);
    this.#watched.set(identity, { watcher, epoch });
    if (earlier && earlier.watcher !== watcher && earlier.epoch < epoch) earlier.watcher.handleSuperseded();
    return {
      [Symbol.dispose]: () => {
        if (this.#watched.get(identity)?.watcher === watcher) this.#watched.delete(identity);
      },
    };
  }

  /** A placement starts the feed with its snapshot; a client that resumes has none, so the feed reads the store. */
  #openFeed(snapshot?: RoomSnapshot): RoomFeed {
    const ref = this.#deps.feeds.acquire(this.room, snapshot);
    const { feed } = ref;
    const onChange = feed.on('change', ({ change }) => this.#handleChange(change));
    const onReplaced = feed.on('replaced', ({ state }) => this.#handleReplaced(state));
    const onViewers = feed.on('viewershipChanged', () => this.#viewerCount.changed());
    this.#listening = [onChange, onReplaced, onViewers, ref];
    this.#feed = feed;
    this.#hasBegun = feed.state !== undefined;
    return feed;
  }

  #handleChange(versioned: VersionedChange): void {
    const { version, change } = versioned;
    this.#catchUp.changed(versioned);
    const event = { type: 'roomChanged', data: publicChange(change), version } as const;
    this.#publish(event, JOINS_AND_LEAVES.has(change.type));
    // The bus reports the end of a session at most once; the room's state repeats it reliably.
    if (change.type === 'participantJoined' || change.type === 'participantMoved') {
      this.#checkPlaced(change.participant);
    } else if (change.type === 'participantLeft') {
      const watched = this.#watched.get(change.identity);
      if (watched && watched.epoch <= change.epoch) watched.watcher.handleLeft(change.epoch, change.reason);
    }
  }

  /** `mayWait`: a large room gets it with the next batch; any other event is sent at once, after the batch. */
  #publish(event: RoomEvent, mayWait: boolean): void {
    this.#batch.push(event);
    const waits = mayWait && this.#followers.size >= BATCHING_FOLLOWERS && this.#batch.length < BATCH_MAX;
    if (waits) this.#batchTimer ??= this.#deps.clock.after(BATCH_MS, () => this.#sendBatch());
    else this.#sendBatch();
  }

  #sendBatch(): void {
    this.#batchTimer?.[Symbol.dispose]();
    this.#batchTimer = undefined;
    const batch = this.#batch;
    this.#batch = [];
    for (const event of batch) this.#channel.publish(event);
  }

  #checkPlaced(participant: Participant): void {
    const watched = this.#watched.get(participant.identity);
    if (!watched || watched.epoch >= participant.epoch || watched.watcher.owns(participant)) return;
    watched.watcher.handleSuperseded();
  }

  #handleReplaced(state: RoomState | undefined): void {
    this.#catchUp.replaced();
    // A room that disappears while clients are in it was lost with the store; the nodes' announcements restore it.
    if (!state) return;
    const isAwaited = this.#hasBegun || this.#owesState;
    this.#hasBegun = true;
    this.#owesState = false;
    // Clients whose join is not answered yet get the state with their answer.
    if (isAwaited && this.#watched.size > 0) {
      const { version } = state;
      this.#deps.log.info({ event: 'room.replaced', version }, 'room state replaced');
      const snapshot = this.#replacedPages.firstPageOf(clientSnapshot(snapshotOf(state), this.viewers));
      this.#viewerCount.published(snapshot.viewers);
      this.#publish({ type: 'roomReplaced', data: snapshot, version }, false);
    }
    for (const participant of state.participants.values()) this.#checkPlaced(participant);
  }
}

/** Clients have the metadata of a participant that moves already: while a node drains it would be most of the traffic. */
function publicChange(change: RoomChange): RoomChange {
  if (change.type !== 'participantMoved') return change;
  const { metadata: _, ...participant } = change.participant;
  return { ...change, participant };
}

/** A room's state as clients get it. */
function clientSnapshot(
  { room, version, participants, tracks }: RoomSnapshot,
  viewers: number | undefined,
): RoomSnapshot {
  return { room, version, participants, tracks, ...(viewers !== undefined && { viewers }) };
}
