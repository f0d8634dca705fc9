import type { Placed, RoomFeed } from '@skein/cluster';
import { snapshotOf } from '@skein/protocol';
import type {
  ClientResponse,
  Participant,
  RoomChange,
  RoomSnapshot,
  RoomState,
  SessionRef,
  VersionedChange,
} from '@skein/protocol';
import { encodeEvent } from '../edges/websocket/messages.ts';
import type { Socket } from '../edges/websocket/socket.ts';
import { RoomCatchUp } from './catch-up.ts';
import type { RoomsDeps, SessionWatcher } from './rooms.ts';
import { PageShelf } from './page-shelf.ts';
import type { RoomPage } from './pages.ts';
import { ViewerCount } from './viewer-count.ts';

interface Watched {
  readonly watcher: SessionWatcher;
  readonly epoch: number;
}

const COMINGS_AND_GOINGS: ReadonlySet<RoomChange['type']> = new Set(['participantJoined', 'participantLeft']);
/** From so many clients on, who comes and goes is told to all of them together with what happens right after. */
const BIG_AUDIENCE = 100;
/** So long comings and goings wait in a big audience: nobody sees it, and a rush costs each socket ten sends a second. */
const GATHER_MS = 100;
/** More changes than that don't wait. */
const GATHERED_MAX = 256;

/** This gateway's clients in one room. Each change is encoded once, whatever their number. */
export class Audience {
  readonly room: string;
  readonly #deps: RoomsDeps;
  readonly #topic: string;
  /** Clients that hold the room here, whether or not they get its events yet. */
  readonly #members = new Set<Socket>();
  /** Those that get its events. */
  readonly #sockets = new Set<Socket>();
  readonly #watched = new Map<string, Watched>();
  /** There has been a state. */
  #begun = false;
  /** A client was answered without any state, as there was none yet: it gets the first one as an event. */
  #owesState = false;
  #listening: readonly Disposable[] = [];
  /** Encoded changes of a big audience, in order. The transport sends what is published in one turn as one. */
  #gathered: string[] = [];
  #sending: Disposable | undefined;
  #feed: RoomFeed | undefined;
  readonly #viewerCount: ViewerCount;
  readonly #catchUp: RoomCatchUp;
  /** The state that all were told of last. */
  readonly #replaced: PageShelf;

  constructor(room: string, deps: RoomsDeps) {
    this.room = room;
    this.#deps = deps;
    this.#topic = `room/${room}`;
    this.#catchUp = new RoomCatchUp({ ...deps, room });
    this.#replaced = new PageShelf(deps.clock);
    this.#viewerCount = new ViewerCount({
      clock: deps.clock,
      // Of a room that grows back some viewers are not counted yet.
      now: () => (this.isRegrowing ? undefined : this.viewers),
      tell: (viewers) => this.#tell(encodeEvent('viewersChanged', { viewers }), true),
    });
  }

  get state(): RoomState | undefined {
    return this.#feed?.state;
  }

  /** The store has lost the room, and it grows back: until then `state` is what clients are to see. */
  get isRegrowing(): boolean {
    return this.#feed !== undefined && this.#feed.storedVersion !== this.#feed.state?.version;
  }

  /** What the store is known to have, if it was heard of. */
  get known(): RoomState | undefined {
    return this.isRegrowing ? undefined : this.state;
  }

  /** As far as it was heard of. */
  get viewers(): number | undefined {
    return this.state && this.#feed?.viewership.viewers;
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  /** The socket gets no events before `listen`. */
  add(socket: Socket): void {
    this.#members.add(socket);
  }

  /** To be called in the turn that makes the client's answer: no change then falls between the two. */
  listen(socket: Socket): void {
    if (!this.#members.has(socket)) return;
    this.#sockets.add(socket);
    socket.subscribe(this.#topic);
  }

  remove(socket: Socket): void {
    this.#members.delete(socket);
    if (this.#sockets.delete(socket)) socket.unsubscribe(this.#topic);
  }

  close(): void {
    this.#sending?.[Symbol.dispose]();
    this.#viewerCount.close();
    this.#replaced.close();
    for (const one of this.#listening) one[Symbol.dispose]();
  }

  offer(placed: Placed): RoomSnapshot {
    const { snapshot } = placed;
    const feed = this.#feed ?? this.#follow(snapshot);
    feed.offer(placed);
    const { state } = feed;
    return this.answerWith(state && state.version > snapshot.version ? snapshotOf(state) : snapshot);
  }

  /** The snapshot that one client is answered with. */
  answerWith(snapshot: RoomSnapshot): RoomSnapshot {
    this.#viewerCount.answered(this.viewers);
    return clientSnapshot(snapshot, this.viewers);
  }

  page(version: number, page: number): RoomPage | undefined {
    return this.#replaced.page(version, page);
  }

  /** Brings a client at `version` up to date, and has its socket get what comes after that. */
  async catchUp(version: number, socket: Socket): Promise<ClientResponse<'sync'>> {
    const feed = this.#feed ?? this.#follow();
    await this.#catchUp.prepare(feed, version);
    this.listen(socket);
    const { state } = feed;
    if (!state) {
      this.#owesState = true;
      return { changes: [] };
    }
    const changes = this.isRegrowing ? undefined : this.#catchUp.since(version, state.version);
    if (!changes) return { snapshot: this.answerWith(snapshotOf(state)) };
    this.#viewerCount.answered(this.viewers);
    return { changes: [...changes] };
  }

  /** `undefined` when the session is not the participant's current one any more, as far as known. */
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

  /** A placement starts the feed with what it says; a client that resumes knows less, and the store is asked. */
  #follow(snapshot?: RoomSnapshot): RoomFeed {
    const ref = this.#deps.feeds.acquire(this.room, snapshot);
    const { feed } = ref;
    const onChange = feed.on('change', ({ change }) => this.#handleChange(change));
    const onReplaced = feed.on('replaced', ({ state }) => this.#handleReplaced(state));
    const onViewers = feed.on('viewershipChanged', () => this.#viewerCount.changed());
    this.#listening = [onChange, onReplaced, onViewers, ref];
    this.#feed = feed;
    this.#begun = feed.state !== undefined;
    return feed;
  }

  #handleChange(versioned: VersionedChange): void {
    const { version, change } = versioned;
    this.#catchUp.changed(versioned);
    this.#tell(encodeEvent('roomChanged', asTold(change), version), COMINGS_AND_GOINGS.has(change.type));
    // The bus tells sessions that they are over, at most once; the room's state says it again, for sure.
    if (change.type === 'participantJoined' || change.type === 'participantMoved') {
      this.#checkPlaced(change.participant);
    } else if (change.type === 'participantLeft') {
      const watched = this.#watched.get(change.identity);
      if (watched && watched.epoch <= change.epoch) watched.watcher.handleLeft(change.epoch, change.reason);
    }
  }

  /** `mayWait`: a big audience hears it a little later; whatever else happens goes out at once, with what has waited. */
  #tell(event: string, mayWait: boolean): void {
    this.#gathered.push(event);
    const waits = mayWait && this.#sockets.size >= BIG_AUDIENCE && this.#gathered.length < GATHERED_MAX;
    if (waits) this.#sending ??= this.#deps.clock.after(GATHER_MS, () => this.#send());
    else this.#send();
  }

  #send(): void {
    this.#sending?.[Symbol.dispose]();
    this.#sending = undefined;
    const gathered = this.#gathered;
    this.#gathered = [];
    for (const event of gathered) this.#deps.broadcaster.publish(this.#topic, event);
  }

  #checkPlaced(participant: Participant): void {
    const watched = this.#watched.get(participant.identity);
    if (!watched || watched.epoch >= participant.epoch || watched.watcher.owns(participant)) return;
    watched.watcher.handleSuperseded();
  }

  #handleReplaced(state: RoomState | undefined): void {
    this.#catchUp.replaced();
    // A room that is gone from the store while clients are in it was lost with the store, and nobody has it any more.
    if (!state) return;
    const asked = this.#begun || this.#owesState;
    this.#begun = true;
    this.#owesState = false;
    // Clients whose join is not answered yet get the state with their answer.
    if (asked && this.#watched.size > 0) {
      this.#deps.log.info({ version: state.version }, 'the room state was replaced');
      const snapshot = this.#replaced.firstPageOf(clientSnapshot(snapshotOf(state), this.viewers));
      this.#viewerCount.allTold(snapshot.viewers);
      this.#tell(encodeEvent('roomReplaced', snapshot, state.version), false);
    }
    for (const participant of state.participants.values()) this.#checkPlaced(participant);
  }
}

/** Everybody is told of every move, and has the metadata already: while a node drains it would be most of what is sent. */
function asTold(change: RoomChange): RoomChange {
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
