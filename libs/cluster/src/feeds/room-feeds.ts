import type { Bus } from '@skein/bus';
import { jitter, type Clock, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { openRoomFeed, type RoomFeed } from './room-feed.ts';
import type { RoomStore, StoredSnapshot } from '../store/room-store.ts';

export interface RoomFeedsOptions {
  readonly bus: Bus;
  readonly rooms: RoomStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** How often all versions are compared with the store's, in batches, to find lost last events. Milliseconds, jittered. Default 5000. */
  readonly pollMs?: number;
  /** As `RoomFeedOptions.recoverMs`. */
  readonly recoverMs?: number;
}

/** One reference to a feed. Disposing it twice counts once; the last one closes the feed. */
export interface RoomFeedRef extends Disposable {
  readonly feed: RoomFeed;
}

/** All feeds of one process: one per room, shared by all users, with one poll. */
export interface RoomFeeds {
  /** The room's feed, started. `snapshot`: the room as the caller knows it, such as from a placement. */
  acquire(room: string, snapshot?: StoredSnapshot): RoomFeedRef;
  /** Rooms that are followed now. */
  readonly size: number;
  close(): void;
}

export function openRoomFeeds(options: RoomFeedsOptions): RoomFeeds {
  return new SharedRoomFeeds(options);
}

const DEFAULT_POLL_MS = 5000;
/** Rooms compared in one round trip. */
const POLL_BATCH = 1000;
/**
 * Spread of the comparison after the store or the bus came back: the store may have lost rooms, the bus messages.
 */
const RECOVERY_SPREAD_MS = 200;
/** Publishers may reach the bus again later than this process. Polls are frequent until all have. */
const EXPEDITED_FOR_MS = 5000;
const EXPEDITED_POLL_MS = 1000;

interface Shared {
  readonly feed: RoomFeed;
  users: number;
}

class SharedRoomFeeds implements RoomFeeds {
  readonly #options: RoomFeedsOptions;
  readonly #shared = new Map<string, Shared>();
  #nextPoll: Disposable;
  readonly #recoveries: readonly (Disposable | undefined)[];
  #expeditedUntilMs = -Infinity;
  #polling = false;
  #closed = false;

  constructor(options: RoomFeedsOptions) {
    this.#options = options;
    const { rooms, bus, clock, random } = options;
    this.#nextPoll = this.#after(this.#pause());
    const pollSoon = (): void => this.#schedule(RECOVERY_SPREAD_MS * random());
    this.#recoveries = [
      rooms.onRecovered?.(({ fellBack }) => {
        if (fellBack) for (const { feed } of this.#shared.values()) feed.historyChanged();
        pollSoon();
      }),
      bus.onRecovered(() => {
        this.#expeditedUntilMs = clock.monotonicMs() + EXPEDITED_FOR_MS;
        pollSoon();
      }),
    ];
  }

  get size(): number {
    return this.#shared.size;
  }

  acquire(room: string, snapshot?: StoredSnapshot): RoomFeedRef {
    const shared = this.#shared.get(room) ?? { feed: openRoomFeed({ ...this.#options, room }), users: 0 };
    this.#shared.set(room, shared);
    shared.users++;
    shared.feed.start(snapshot);
    let held = true;
    return {
      feed: shared.feed,
      [Symbol.dispose]: () => {
        if (held) this.#release(room, shared);
        held = false;
      },
    };
  }

  close(): void {
    this.#closed = true;
    for (const recovery of this.#recoveries) recovery?.[Symbol.dispose]();
    this.#nextPoll[Symbol.dispose]();
    for (const { feed } of this.#shared.values()) feed.close();
    this.#shared.clear();
  }

  #release(room: string, shared: Shared): void {
    shared.users--;
    if (shared.users > 0) return;
    shared.feed.close();
    if (this.#shared.get(room) === shared) this.#shared.delete(room);
  }

  #schedule(afterMs: number): void {
    this.#nextPoll[Symbol.dispose]();
    if (!this.#closed) this.#nextPoll = this.#after(afterMs);
  }

  #pause(): number {
    const { clock, random, pollMs = DEFAULT_POLL_MS } = this.#options;
    const expedited = clock.monotonicMs() < this.#expeditedUntilMs;
    return jitter(expedited ? Math.min(EXPEDITED_POLL_MS, pollMs) : pollMs, random);
  }

  #after(afterMs: number): Disposable {
    const { clock, log } = this.#options;
    return clock.after(afterMs, () => {
      this.#schedule(this.#polling ? RECOVERY_SPREAD_MS : this.#pause());
      if (this.#polling) return;
      this.#polling = true;
      this.#poll()
        .catch((error: unknown) => log.debug({ err: error }, 'room versions could not be compared; retrying'))
        .finally(() => (this.#polling = false));
    });
  }

  async #poll(): Promise<void> {
    const feeds = [...this.#shared.values()].map(({ feed }) => feed);
    for (let from = 0; from < feeds.length; from += POLL_BATCH) {
      const batch = feeds.slice(from, from + POLL_BATCH).map((feed) => {
        const { storedVersion, viewership } = feed;
        return { feed, asOf: { storedVersion, viewership } };
      });
      const heads = await this.#options.rooms.heads(batch.map(({ feed }) => feed.room));
      for (const [at, { feed, asOf }] of batch.entries()) feed.compare(heads[at], asOf);
    }
  }
}
