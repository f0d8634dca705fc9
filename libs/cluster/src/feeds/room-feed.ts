import type { Bus, BusSubscription } from '@skein/bus';
import { SkeinError, subjects, type RoomState, type VersionedChange, type Viewership } from '@skein/protocol';
import { Emitter, jitter, type Clock, type Listener, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { FeedInput } from './feed-step.ts';
import {
  newSteadyFeed,
  reached,
  stepSteadyFeed,
  type SteadyCommand,
  type SteadyFeed,
  type SteadyInput,
} from './regrowth.ts';
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
   * How long a room that the store has lost may take to grow back before the loss is shown; longer only while the store
   * does not answer. Default 3000.
   */
  readonly regrowMs?: number;
}

export interface RoomFeedEvents {
  /** One change, in turn: its version is the one before plus 1. `state` is the room with it. */
  change: { readonly change: VersionedChange; readonly state: RoomState };
  /** Changes were missed: everything may be different. `undefined`: there is no such room (any more). */
  replaced: { readonly state: RoomState | undefined };
  /**
   * The store has lost the room or some of it: it is gone, made anew, or fell back. `state` is what there was, and goes
   * on to be shown while the room grows back: whoever holds a part of it announces it now. Told again if it is lost again.
   */
  lost: { readonly state: RoomState };
  /** The store's history is another one than before: it may lack what no state shows. */
  fellBack: object;
  /** Other viewers, or on other nodes. Not in turn with the changes. */
  viewershipChanged: { readonly viewership: Viewership };
}

/** Where a feed is. */
export type FeedPosition = Pick<RoomFeed, 'storedVersion' | 'viewership'>;

/** One room's state, kept up to date: bus events as they come, the store where some are missing. */
export interface RoomFeed {
  readonly room: string;
  /** `undefined` before the first answer of the store, and when there is no such room. */
  readonly state: RoomState | undefined;
  /** The version that the store is known to have; another one than that of `state` while a lost room grows back. */
  readonly storedVersion: number | undefined;
  readonly viewership: Viewership;
  /** There is a state, nothing is known to be missing from it, and the store is not being asked. */
  readonly inStep: boolean;
  /**
   * Begins to listen. With a snapshot, such as the one that placing a participant gave, `state` is there at once;
   * what changed since is fetched. A second call with one fills a state that is not there yet, else it is `expect`.
   */
  start(snapshot?: StoredSnapshot): void;
  /**
   * Resolves with the room at `version` or later; while a lost room grows back, that is what the store has of it joined
   * with what is awaited. Fails `DEADLINE_EXCEEDED`, or `UNAVAILABLE` when closed first.
   */
  waitFor(version: number, deadlineMs: number): Promise<RoomState>;
  /** Resolves once the feed is in step, at once if it is, and after `deadlineMs` or when closed in any case. Asks nothing. */
  settled(deadlineMs: number): Promise<void>;
  /** Takes what this process wrote itself, without waiting for the bus to bring it. */
  offer(write: RoomWrite): void;
  /**
   * Takes what the store has: `undefined` for no such room, asked for when the feed was `asOf`. `RoomFeeds` does so
   * regularly; that is how the loss of the last event is found.
   */
  compare(head: RoomHead | undefined, asOf: FeedPosition): void;
  /**
   * The store's history is another one than before. Whatever its version of the room is, it may lack what is shown, and
   * that is lost then: the next comparison finds out.
   */
  doubt(): void;
  /** Says that the room is known to be at `version`: missing changes are fetched if they don't come by themselves. */
  expect(version: number): void;
  on<Name extends keyof RoomFeedEvents>(event: Name, listener: Listener<RoomFeedEvents[Name]>): Disposable;
  close(): void;
}

export function openRoomFeed(options: RoomFeedOptions): RoomFeed {
  return new StoredRoomFeed(options);
}

const FLUSH_DEADLINE_MS = 1000;
const DEFAULT_REGROW_MS = 3000;
const NOBODY_VIEWS: Viewership = { viewers: 0, nodeIds: [], revision: 0 };

interface Waiter {
  readonly version: number;
  readonly resolve: (state: RoomState) => void;
  readonly reject: (error: SkeinError) => void;
}

interface SettledWaiter {
  readonly resolve: () => void;
}

/** Carries out what `stepSteadyFeed` decides. */
class StoredRoomFeed implements RoomFeed {
  readonly room: string;
  readonly #options: RoomFeedOptions;
  readonly #events: Emitter<RoomFeedEvents>;
  readonly #waiters = new Set<Waiter>();
  readonly #settledWaiters = new Set<SettledWaiter>();
  readonly #inputs: SteadyInput[] = [];
  #steady: SteadyFeed = newSteadyFeed;
  #viewership: Viewership = NOBODY_VIEWS;
  #stepping = false;
  #closed = false;
  #subscription: BusSubscription | undefined;
  #listening: Promise<void> = Promise.resolve();
  #wakeUp: Disposable | undefined;
  #regrowth: Disposable | undefined;

  constructor(options: RoomFeedOptions) {
    this.room = options.room;
    this.#options = options;
    const { log, room } = options;
    this.#events = new Emitter((error, event) =>
      log.error({ err: error, room, event }, 'a listener of a room failed'),
    );
  }

  get state(): RoomState | undefined {
    return this.#steady.shown;
  }

  get storedVersion(): number | undefined {
    return this.#steady.feed.state?.version;
  }

  get viewership(): Viewership {
    return this.#viewership;
  }

  get inStep(): boolean {
    const { state, phase, doubtful } = this.#steady.feed;
    return state !== undefined && phase.name === 'inStep' && !doubtful;
  }

  start(snapshot?: StoredSnapshot): void {
    if (this.#closed) return;
    if (!this.#subscription) {
      const { bus } = this.#options;
      this.#subscription = bus.subscribe(subjects.room(this.room), (data) => this.#onEvents(data));
      // The store is asked only once events are sure to come; with a bus that is down that is later, and the poll's.
      this.#listening = bus.flush({ deadlineMs: FLUSH_DEADLINE_MS }).catch(() => {});
    }
    this.#takeViewership(snapshot?.viewership);
    this.#take({ type: 'begun', snapshot });
  }

  async waitFor(version: number, deadlineMs: number): Promise<RoomState> {
    this.expect(version);
    const state = reached(this.#steady, version);
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
    if (this.inStep || this.#closed) return;
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
    this.#take({ type: 'changes', changes });
  }

  expect(version: number): void {
    this.#take({ type: 'expected', version });
  }

  compare(head: RoomHead | undefined, asOf: FeedPosition): void {
    this.#take({ type: 'compared', version: head?.version, asOf: asOf.storedVersion });
    // The store has the last word, also where it has fallen back. A room that it has lost is about to grow back.
    if (head && this.#viewership.revision === asOf.viewership.revision) {
      this.#setViewership(head.viewership ?? NOBODY_VIEWS);
    }
  }

  doubt(): void {
    this.#take({ type: 'fellBack' });
    if (!this.#closed) this.#events.emit('fellBack', {});
  }

  on<Name extends keyof RoomFeedEvents>(event: Name, listener: Listener<RoomFeedEvents[Name]>): Disposable {
    return this.#events.on(event, listener);
  }

  close(): void {
    this.#closed = true;
    this.#subscription?.close();
    this.#wakeUp?.[Symbol.dispose]();
    this.#regrowth?.[Symbol.dispose]();
    this.#events.clear();
    for (const waiter of [...this.#waiters]) waiter.reject(SkeinError.unavailable('the room'));
    for (const waiter of [...this.#settledWaiters]) waiter.resolve();
  }

  #onEvents(data: unknown): void {
    const events = readRoomEvents(data);
    if (events) this.offer(events);
    else this.#options.log.warn({ room: this.room }, 'an event that could not be read was dropped');
  }

  /** Of two, the later one holds, in whatever order they come. */
  #takeViewership(viewership: Viewership | undefined): void {
    if (viewership && viewership.revision > this.#viewership.revision) this.#setViewership(viewership);
  }

  #setViewership(viewership: Viewership): void {
    if (this.#closed || viewership.revision === this.#viewership.revision) return;
    this.#viewership = viewership;
    this.#events.emit('viewershipChanged', { viewership });
  }

  /** One input at a time: a listener that causes another one gets it done after this one. */
  #take(input: SteadyInput): void {
    this.#inputs.push(input);
    if (this.#stepping) return;
    this.#stepping = true;
    for (let next = this.#inputs.shift(); next; next = this.#inputs.shift()) {
      if (this.#closed) continue;
      const { steady, commands } = stepSteadyFeed(this.#steady, next);
      const [from, to] = [this.#steady.feed.phase.name, steady.feed.phase.name];
      this.#steady = steady;
      if (from !== to) this.#options.log.debug({ room: this.room, from, to, reason: next.type }, 'feed');
      for (const command of commands) this.#carryOut(command);
      this.#wakeWaiters();
    }
    this.#stepping = false;
  }

  #carryOut(command: SteadyCommand): void {
    const { rooms, clock, random, log, regrowMs = DEFAULT_REGROW_MS } = this.#options;
    switch (command.do) {
      case 'tellChange':
        this.#events.emit('change', command);
        break;
      case 'tellReplaced':
        this.#events.emit('replaced', { state: command.state });
        break;
      case 'tellLost':
        log.warn({ room: this.room, version: command.state.version }, 'the store has lost a room');
        this.#events.emit('lost', command);
        break;
      case 'startRegrowth':
        this.#regrowth?.[Symbol.dispose]();
        this.#regrowth = clock.after(regrowMs, () => this.#take({ type: 'regrowthOver' }));
        break;
      case 'endRegrowth':
        this.#regrowth?.[Symbol.dispose]();
        log.info(
          { room: this.room, version: this.storedVersion },
          'a lost room has grown back, or its time is over',
        );
        break;
      case 'askChanges':
        this.#ask(async () => ({
          type: 'gotChanges',
          changes: await rooms.changesSince(this.room, command.since),
        }));
        break;
      case 'askSnapshot':
        this.#ask(async () => {
          const snapshot = await rooms.snapshot(this.room);
          this.#takeViewership(snapshot?.viewership);
          return { type: 'gotSnapshot', snapshot };
        });
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

  #wakeWaiters(): void {
    for (const waiter of [...this.#waiters]) {
      const state = reached(this.#steady, waiter.version);
      if (state) waiter.resolve(state);
    }
    if (this.inStep) for (const waiter of [...this.#settledWaiters]) waiter.resolve();
  }
}
