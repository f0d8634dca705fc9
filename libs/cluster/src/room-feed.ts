import type { Bus, BusSubscription } from '@skein/bus';
import {
  SkeinError,
  subjects,
  type RoomSnapshot,
  type RoomState,
  type VersionedChange,
} from '@skein/protocol';
import { Emitter, jitter, type Clock, type Listener, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { newFeed, stepFeed, type Feed, type FeedCommand, type FeedInput } from './feed-step.ts';
import { readRoomEvents } from './room-events.ts';
import type { RoomStore } from './room-store.ts';

export interface RoomFeedOptions {
  readonly room: string;
  readonly bus: Bus;
  readonly rooms: RoomStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface RoomFeedEvents {
  /** One change, in turn: its version is the one before plus 1. `state` is the room with it. */
  change: { readonly change: VersionedChange; readonly state: RoomState };
  /** Changes were missed: everything may be different. `undefined`: there is no such room (any more). */
  replaced: { readonly state: RoomState | undefined };
}

/** One room's state, kept up to date: bus events as they come, the store where some are missing. */
export interface RoomFeed {
  readonly room: string;
  /** `undefined` before the first answer of the store, and when there is no such room. */
  readonly state: RoomState | undefined;
  /**
   * Begins to listen. With a snapshot, such as the one that placing a participant gave, `state` is there at once;
   * what changed since is fetched. A second call with one fills a state that is not there yet, else it is `expect`.
   */
  start(snapshot?: RoomSnapshot): void;
  /** Resolves when `state` is at `version` or later. Fails `DEADLINE_EXCEEDED`, or `UNAVAILABLE` when closed first. */
  waitFor(version: number, deadlineMs: number): Promise<RoomState>;
  /** Takes changes that this process made itself, without waiting for the bus to bring them. */
  offer(changes: readonly VersionedChange[]): void;
  /**
   * Takes what the store has: `version`, `undefined` for no such room, asked for when `state` was at `asOf`. `RoomFeeds`
   * does so regularly; that is how the loss of the last event is found.
   */
  compare(version: number | undefined, asOf: number | undefined): void;
  /** Says that the room is known to be at `version`: missing changes are fetched if they don't come by themselves. */
  expect(version: number): void;
  on<Name extends keyof RoomFeedEvents>(event: Name, listener: Listener<RoomFeedEvents[Name]>): Disposable;
  close(): void;
}

export function openRoomFeed(options: RoomFeedOptions): RoomFeed {
  return new StoredRoomFeed(options);
}

const FLUSH_DEADLINE_MS = 1000;

interface Waiter {
  readonly version: number;
  readonly resolve: (state: RoomState) => void;
  readonly reject: (error: SkeinError) => void;
}

/** Carries out what `stepFeed` decides. */
class StoredRoomFeed implements RoomFeed {
  readonly room: string;
  readonly #options: RoomFeedOptions;
  readonly #events: Emitter<RoomFeedEvents>;
  readonly #waiters = new Set<Waiter>();
  readonly #inputs: FeedInput[] = [];
  #feed: Feed = newFeed;
  #stepping = false;
  #closed = false;
  #subscription: BusSubscription | undefined;
  #listening: Promise<void> = Promise.resolve();
  #wakeUp: Disposable | undefined;

  constructor(options: RoomFeedOptions) {
    this.room = options.room;
    this.#options = options;
    const { log, room } = options;
    this.#events = new Emitter((error, event) =>
      log.error({ err: error, room, event }, 'a listener of a room failed'),
    );
  }

  get state(): RoomState | undefined {
    return this.#feed.state;
  }

  start(snapshot?: RoomSnapshot): void {
    if (this.#closed) return;
    if (!this.#subscription) {
      const { bus } = this.#options;
      this.#subscription = bus.subscribe(subjects.room(this.room), (data) => this.#onEvents(data));
      // The store is asked only once events are sure to come; with a bus that is down that is later, and the poll's.
      this.#listening = bus.flush({ deadlineMs: FLUSH_DEADLINE_MS }).catch(() => {});
    }
    this.#take({ type: 'begun', snapshot });
  }

  async waitFor(version: number, deadlineMs: number): Promise<RoomState> {
    this.expect(version);
    const { state } = this;
    if (state && state.version >= version) return state;
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

  offer(changes: readonly VersionedChange[]): void {
    this.#take({ type: 'changes', changes });
  }

  expect(version: number): void {
    this.#take({ type: 'expected', version });
  }

  compare(version: number | undefined, asOf: number | undefined): void {
    this.#take({ type: 'compared', version, asOf });
  }

  on<Name extends keyof RoomFeedEvents>(event: Name, listener: Listener<RoomFeedEvents[Name]>): Disposable {
    return this.#events.on(event, listener);
  }

  close(): void {
    this.#closed = true;
    this.#subscription?.close();
    this.#wakeUp?.[Symbol.dispose]();
    this.#events.clear();
    for (const waiter of [...this.#waiters]) waiter.reject(SkeinError.unavailable('the room'));
  }

  #onEvents(data: unknown): void {
    const changes = readRoomEvents(data);
    if (changes) this.#take({ type: 'changes', changes });
    else this.#options.log.warn({ room: this.room }, 'an event that could not be read was dropped');
  }

  /** One input at a time: a listener that causes another one gets it done after this one. */
  #take(input: FeedInput): void {
    this.#inputs.push(input);
    if (this.#stepping) return;
    this.#stepping = true;
    for (let next = this.#inputs.shift(); next; next = this.#inputs.shift()) {
      if (this.#closed) continue;
      const { feed, commands } = stepFeed(this.#feed, next);
      const before = this.#feed.phase.name;
      this.#feed = feed;
      if (before !== feed.phase.name) {
        this.#options.log.debug(
          { room: this.room, from: before, to: feed.phase.name, reason: next.type },
          'feed',
        );
      }
      for (const command of commands) this.#carryOut(command);
    }
    this.#stepping = false;
  }

  #carryOut(command: FeedCommand): void {
    const { rooms, clock, random } = this.#options;
    switch (command.do) {
      case 'tellChange':
        this.#events.emit('change', command);
        this.#wakeWaiters(command.state);
        break;
      case 'tellReplaced':
        this.#events.emit('replaced', command);
        if (command.state) this.#wakeWaiters(command.state);
        break;
      case 'askChanges':
        this.#ask(async () => ({
          type: 'gotChanges',
          changes: await rooms.changesSince(this.room, command.since),
        }));
        break;
      case 'askSnapshot':
        this.#ask(async () => ({ type: 'gotSnapshot', snapshot: await rooms.snapshot(this.room) }));
        break;
      case 'wake': {
        const afterMs = command.why === 'retry' ? jitter(command.afterMs, random) : command.afterMs;
        this.#wakeUp?.[Symbol.dispose]();
        this.#wakeUp = clock.after(afterMs, () => this.#take({ type: 'woke' }));
        break;
      }
    }
  }

  #ask(question: () => Promise<FeedInput>): void {
    this.#listening.then(question).then(
      (answer) => this.#take(answer),
      (error: unknown) => {
        this.#options.log.debug(
          { err: error, room: this.room },
          'the store did not say what a room is like; later',
        );
        this.#take({ type: 'askFailed' });
      },
    );
  }

  #wakeWaiters(state: RoomState): void {
    for (const waiter of [...this.#waiters]) if (state.version >= waiter.version) waiter.resolve(state);
  }
}
