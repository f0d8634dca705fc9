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
  /** How often the versions of all rooms are compared with the store's, one batch, to find a lost last event. Default 5000, jittered. */
  readonly pollMs?: number;
  /** As `RoomFeedOptions.regrowMs`. */
  readonly regrowMs?: number;
}

/** One user's hold on a feed. Disposing it twice counts once; the last one closes the feed. */
export interface RoomFeedRef extends Disposable {
  readonly feed: RoomFeed;
}

/** All feeds of one process: one per room, however many use it, and the poll that they share. */
export interface RoomFeeds {
  /** The room's feed, started. `snapshot`: what the caller knows already, such as from placing a participant. */
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
 * Within this time after the store or the bus came back, at random, the versions are compared: the store may have lost
 * the rooms, the bus lost what was told meanwhile.
 */
const RECOVERY_SPREAD_MS = 200;
/** Whoever tells of a change may find the bus again later than we do. By then all have, and until then polls come soon. */
const RECOVERY_HURRY_MS = 5000;
const HURRIED_POLL_MS = 1000;

interface Shared {
  readonly feed: RoomFeed;
  users: number;
}

class SharedRoomFeeds implements RoomFeeds {
  readonly #options: RoomFeedsOptions;
  readonly #shared = new Map<string, Shared>();
  #nextPoll: Disposable;
  readonly #recoveries: readonly (Disposable | undefined)[];
  #hurryUntilMs = -Infinity;
  #polling = false;
  #closed = false;

  constructor(options: RoomFeedsOptions) {
    this.#options = options;
    const { rooms, bus, clock, random } = options;
    this.#nextPoll = this.#after(this.#pause());
    const pollSoon = (): void => this.#schedule(RECOVERY_SPREAD_MS * random());
    this.#recoveries = [
      rooms.onRecovered?.(({ fellBack }) => {
        if (fellBack) for (const { feed } of this.#shared.values()) feed.doubt();
        pollSoon();
      }),
      bus.onRecovered(() => {
        this.#hurryUntilMs = clock.monotonicMs() + RECOVERY_HURRY_MS;
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
    const hurried = clock.monotonicMs() < this.#hurryUntilMs;
    return jitter(hurried ? Math.min(HURRIED_POLL_MS, pollMs) : pollMs, random);
  }

  #after(afterMs: number): Disposable {
    const { clock, log } = this.#options;
    return clock.after(afterMs, () => {
      this.#schedule(this.#polling ? RECOVERY_SPREAD_MS : this.#pause());
      if (this.#polling) return;
      this.#polling = true;
      this.#poll()
        .catch((error: unknown) =>
          log.debug({ err: error }, 'the versions of the rooms could not be compared; later'),
        )
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
