import type { Bus, BusSubscription } from '@skein/bus';
import { SkeinError, subjects, type RoomState, type VersionedChange, type Viewership } from '@skein/protocol';
import { Emitter, jitter, type Clock, type Listener, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { FeedInput } from './feed-step.ts';
import {
  newStableFeed,
  reached,
  stepStableFeed,
  type StableFeedCommand,
  type StableFeed,
  type StableFeedInput,
} from './stable-feed.ts';
import { readRoomEvents } from './room-events.ts';
import type { RoomHead, RoomStore, RoomWrite, StoredSnapshot } from '../store/room-store.ts';

export interface RoomFeedOptions {
  readonly room: string;
  readonly bus: Bus;
  readonly rooms: RoomStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /**
   * How long a room that the store has lost may take to recover before the loss is shown, in milliseconds. Longer while
   * the store does not answer. Default 3000.
   */
  readonly recoverMs?: number;
}

export interface RoomFeedEvents {
  /** One change, in order: its version is the last one plus 1. `state`: the room after it. */
  change: { readonly change: VersionedChange; readonly state: RoomState };
  /** Changes were missed, so everything may differ. `undefined`: there is no such room any more. */
  replaced: { readonly state: RoomState | undefined };
  /**
   * The store has lost the room or a part of it. `state`: before the loss; it stays shown while the room recovers. Nodes
   * announce their part now. Emitted again with each further loss.
   */
  lost: { readonly state: RoomState };
  /** The store's history has changed: it may lack data that no state shows, such as viewers. */
  fellBack: object;
  /** The viewers or their nodes have changed. Not ordered with the changes. */
  viewershipChanged: { readonly viewership: Viewership };
}

/** The position of a feed at the time of a read. */
export type FeedPosition = Pick<RoomFeed, 'storedVersion' | 'viewership'>;

/** One room's state, kept up to date from the bus, and from the store where changes are missing. */
export interface RoomFeed {
  readonly room: string;
  /** `undefined` before the first answer of the store, and without such a room. */
  readonly state: RoomState | undefined;
  /** The known version of the store; differs from that of `state` during a recovery. */
  readonly storedVersion: number | undefined;
  readonly viewership: Viewership;
  /** There is a state, no change is known to be missing, and no read is open. */
  readonly inSync: boolean;
  /**
   * Starts listening. With a snapshot, such as that of a placement, `state` is there at once, and later changes are read. A
   * second call with a snapshot fills a state that is not there yet, else it works as `expect`.
   */
  start(snapshot?: StoredSnapshot): void;
  /**
   * Resolves with the room at `version` or later; during a recovery, with the store's part joined with what is awaited.
   * Fails `DEADLINE_EXCEEDED`, or `UNAVAILABLE` when closed first.
   */
  waitFor(version: number, deadlineMs: number): Promise<RoomState>;
  /** Resolves when the feed is in sync, after `deadlineMs`, or when closed. Reads nothing. */
  settled(deadlineMs: number): Promise<void>;
  /** Applies a write of this process without waiting for the bus. */
  offer(write: RoomWrite): void;
  /**
   * Compares with the store: `undefined` for no such room, read when the feed was at `asOf`. `RoomFeeds` does so regularly,
   * which finds a lost last event.
   */
  compare(head: RoomHead | undefined, asOf: FeedPosition): void;
  /**
   * The store's history has changed. Whatever its version of the room, it may lack what is shown; the next comparison
   * finds out.
   */
  historyChanged(): void;
  /** The room is known to be at `version`: missing changes are read unless they arrive soon. */
  expect(version: number): void;
  on<Name extends keyof RoomFeedEvents>(event: Name, listener: Listener<RoomFeedEvents[Name]>): Disposable;
  close(): void;
}

export function openRoomFeed(options: RoomFeedOptions): RoomFeed {
  return new StoredRoomFeed(options);
}

const FLUSH_DEADLINE_MS = 1000;
const DEFAULT_RECOVER_MS = 3000;
const NOBODY_VIEWS: Viewership = { viewers: 0, nodeIds: [], revision: 0 };

interface Waiter {
  readonly version: number;
  readonly resolve: (state: RoomState) => void;
  readonly reject: (error: SkeinError) => void;
}

interface SettledWaiter {
  readonly resolve: () => void;
}

/** Runs the commands of `stepStableFeed`. */
class StoredRoomFeed implements RoomFeed {
  readonly room: string;
  readonly #options: RoomFeedOptions;
  readonly #events: Emitter<RoomFeedEvents>;
  readonly #waiters = new Set<Waiter>();
  readonly #settledWaiters = new Set<SettledWaiter>();
  readonly #inputs: StableFeedInput[] = [];
  #stable: StableFeed = newStableFeed;
  #viewership: Viewership = NOBODY_VIEWS;
  #stepping = false;
  #closed = false;
  #subscription: BusSubscription | undefined;
  #listening: Promise<void> = Promise.resolve();
  #wakeUp: Disposable | undefined;
  #recovery: Disposable | undefined;

  constructor(options: RoomFeedOptions) {
    this.room = options.room;
    this.#options = options;
    const { log, room } = options;
    this.#events = new Emitter((error, event) =>
      log.error({ err: error, room, event }, 'a listener of a room failed'),
    );
  }

  get state(): RoomState | undefined {
    return this.#stable.shown;
  }

  get storedVersion(): number | undefined {
    return this.#stable.feed.state?.version;
  }

  get viewership(): Viewership {
    return this.#viewership;
  }

  get inSync(): boolean {
    const { state, phase, unverified } = this.#stable.feed;
    return state !== undefined && phase.kind === 'inSync' && !unverified;
  }

  start(snapshot?: StoredSnapshot): void {
    if (this.#closed) return;
    if (!this.#subscription) {
      const { bus } = this.#options;
      this.#subscription = bus.subscribe(subjects.room(this.room), (data) => this.#onEvents(data));
      // The first read waits until events are sure to arrive. While the bus is down, the poll covers it.
      this.#listening = bus.flush({ deadlineMs: FLUSH_DEADLINE_MS }).catch(() => {});
    }
    this.#takeViewership(snapshot?.viewership);
    this.#dispatch({ type: 'begun', snapshot });
  }

  async waitFor(version: number, deadlineMs: number): Promise<RoomState> {
    this.expect(version);
    const state = reached(this.#stable, version);
    if (state) return state;
    if (this.#closed) throw SkeinError.unavailable('the room');
    const { clock } = this.#options;
    return await new Promise((resolve, reject) => {
      const end = (): void => {
        this.#waiters.delete(waiter);
        timer[Symbol.dispose]();
      };
      const waiter: Waiter = {
        version,
        resolve: (reached) => {
          end();
          resolve(reached);
        },
        reject: (error) => {
          end();
          reject(error);
        },
      };
      const timer = clock.after(deadlineMs, () => waiter.reject(SkeinError.deadline('the room', deadlineMs)));
      this.#waiters.add(waiter);
    });
  }

  async settled(deadlineMs: number): Promise<void> {
    if (this.inSync || this.#closed) return;
    const { clock } = this.#options;
    await new Promise<void>((resolve) => {
      const waiter: SettledWaiter = {
        resolve: () => {
          this.#settledWaiters.delete(waiter);
          timer[Symbol.dispose]();
          resolve();
        },
      };
      const timer = clock.after(deadlineMs, waiter.resolve);
      this.#settledWaiters.add(waiter);
    });
  }

  offer({ changes, viewership }: RoomWrite): void {
    this.#takeViewership(viewership);
    this.#dispatch({ type: 'changes', changes });
  }

  expect(version: number): void {
    this.#dispatch({ type: 'expected', version });
  }

  compare(head: RoomHead | undefined, asOf: FeedPosition): void {
    this.#dispatch({ type: 'compared', version: head?.version, asOf: asOf.storedVersion });
    // The store decides, also after a fallback. A room that it has lost is about to recover.
    if (head && this.#viewership.revision === asOf.viewership.revision) {
      this.#setViewership(head.viewership ?? NOBODY_VIEWS);
    }
  }

  historyChanged(): void {
    this.#dispatch({ type: 'fellBack' });
    if (!this.#closed) this.#events.emit('fellBack', {});
  }

  on<Name extends keyof RoomFeedEvents>(event: Name, listener: Listener<RoomFeedEvents[Name]>): Disposable {
    return this.#events.on(event, listener);
  }

  close(): void {
    this.#closed = true;
    this.#subscription?.close();
    this.#wakeUp?.[Symbol.dispose]();
    this.#recovery?.[Symbol.dispose]();
    this.#events.clear();
    for (const waiter of [...this.#waiters]) waiter.reject(SkeinError.unavailable('the room'));
    for (const waiter of [...this.#settledWaiters]) waiter.resolve();
  }

  #onEvents(data: unknown): void {
    const events = readRoomEvents(data);
    if (events) this.offer(events);
    else this.#options.log.warn({ room: this.room }, 'an unreadable room event was dropped');
  }

  /** The later of two holds, in whatever order they arrive. */
  #takeViewership(viewership: Viewership | undefined): void {
    if (viewership && viewership.revision > this.#viewership.revision) this.#setViewership(viewership);
  }

  #setViewership(viewership: Viewership): void {
    if (this.#closed || viewership.revision === this.#viewership.revision) return;
    this.#viewership = viewership;
    this.#events.emit('viewershipChanged', { viewership });
  }

  /** One input at a time: the input of a listener follows after the present one. */
  #dispatch(input: StableFeedInput): void {
    this.#inputs.push(input);
    if (this.#stepping) return;
    this.#stepping = true;
    for (let next = this.#inputs.shift(); next; next = this.#inputs.shift()) {
      if (this.#closed) continue;
      const { stable, commands } = stepStableFeed(this.#stable, next);
      const [from, to] = [this.#stable.feed.phase.kind, stable.feed.phase.kind];
      this.#stable = stable;
      if (from !== to)
        this.#options.log.debug({ room: this.room, from, to, reason: next.type }, 'feed state changed');
      for (const command of commands) this.#execute(command);
      this.#wakeWaiters();
    }
    this.#stepping = false;
  }

  #execute(command: StableFeedCommand): void {
    const { rooms, clock, random, log, recoverMs = DEFAULT_RECOVER_MS } = this.#options;
    switch (command.type) {
      case 'emitChange':
        this.#events.emit('change', command);
        break;
      case 'emitReplaced':
        this.#events.emit('replaced', { state: command.state });
        break;
      case 'emitLost':
        log.warn(
          { room: this.room, version: command.state.version },
          'the store has lost a room; it recovers from announcements',
        );
        this.#events.emit('lost', command);
        break;
      case 'startRecovery':
        this.#recovery?.[Symbol.dispose]();
        this.#recovery = clock.after(recoverMs, () => this.#dispatch({ type: 'recoveryTimedOut' }));
        break;
      case 'endRecovery':
        this.#recovery?.[Symbol.dispose]();
        log.info(
          { event: 'room.recovered', room: this.room, version: this.storedVersion },
          'a lost room has recovered, or its time is over',
        );
        break;
      case 'readChanges':
        this.#read(async () => ({
          type: 'gotChanges',
          changes: await rooms.changesSince(this.room, command.since),
        }));
        break;
      case 'readSnapshot':
        this.#read(async () => {
          const snapshot = await rooms.snapshot(this.room);
          this.#takeViewership(snapshot?.viewership);
          return { type: 'gotSnapshot', snapshot };
        });
        break;
      case 'wake': {
        const afterMs = command.why === 'retry' ? jitter(command.afterMs, random) : command.afterMs;
        this.#wakeUp?.[Symbol.dispose]();
        this.#wakeUp = clock.after(afterMs, () => this.#dispatch({ type: 'woke' }));
        break;
      }
    }
  }

  #read(request: () => Promise<FeedInput>): void {
    this.#listening.then(request).then(
      (answer) => this.#dispatch(answer),
      (error: unknown) => {
        this.#options.log.debug({ err: error, room: this.room }, 'a room could not be read; retrying');
        this.#dispatch({ type: 'readFailed' });
      },
    );
  }

  #wakeWaiters(): void {
    for (const waiter of [...this.#waiters]) {
      const state = reached(this.#stable, waiter.version);
      if (state) waiter.resolve(state);
    }
    if (this.inSync) for (const waiter of [...this.#settledWaiters]) waiter.resolve();
  }
}
