import type { RoomFeed, RoomStore } from '@skein/cluster';
import type { VersionedChange } from '@skein/protocol';
import { type Clock, SingleFlight } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { RecentChanges } from './recent-changes.ts';

/** Longest wait for a feed that is reading the store, or for a version that the store has and the feed lacks. */
const FEED_DEADLINE_MS = 1000;
/** Shortest time between two reads of the store for clients of one room; in between, the gateway's feed answers. */
export const STORE_READ_EVERY_MS = 250;

export interface RoomCatchUpDeps {
  readonly room: string;
  readonly store: Pick<RoomStore, 'heads' | 'changesSince'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Brings clients of one room up to date from the gateway's feed. It reads the store in two cases only, by one call at a
 * time and at most every `STORE_READ_EVERY_MS`: a client knows a version that the feed has not heard of, or lacks changes
 * from before this gateway followed the room.
 */
export class RoomCatchUp {
  readonly #deps: RoomCatchUpDeps;
  readonly #recent = new RecentChanges();
  readonly #reading = new SingleFlight<'head' | 'log', void>();
  readonly #readAtMs = { head: -Infinity, log: -Infinity };
  /** The store's log starts after this version: a client at or below it gets the whole state. */
  #logStartsAfter = -Infinity;

  constructor(deps: RoomCatchUpDeps) {
    this.#deps = deps;
  }

  changed(change: VersionedChange): void {
    this.#recent.add(change, this.#deps.clock.monotonicMs());
  }

  replaced(): void {
    this.#recent.clear();
    this.#logStartsAfter = -Infinity;
  }

  /** Reads what the answer to a client at `version` needs. Never rejects: without the store, the feed has to do. */
  async prepare(feed: RoomFeed, version: number): Promise<void> {
    // A feed that is not in step is reading the store already, for everyone.
    await feed.settled(FEED_DEADLINE_MS);
    const own = feed.state?.version;
    if (own === undefined || version === own) return;
    if (version > own) return await this.#read('head', () => this.#readHead(feed));
    if (this.#recent.since(version, own) || version <= this.#logStartsAfter) return;
    await this.#read('log', () => this.#readLog(feed, version));
  }

  /** The changes after `version`, up to the feed's state; `undefined`: the client needs the whole state. */
  since(version: number, own: number): readonly VersionedChange[] | undefined {
    return this.#recent.since(version, own);
  }

  async #read(what: 'head' | 'log', read: () => Promise<void>): Promise<void> {
    const { clock, log } = this.#deps;
    await this.#reading
      .run(what, async () => {
        if (clock.monotonicMs() - this.#readAtMs[what] < STORE_READ_EVERY_MS) return;
        this.#readAtMs[what] = clock.monotonicMs();
        await read();
      })
      .catch((error: unknown) => log.debug({ err: error, what }, 'client catches up without the store'));
  }

  async #readHead(feed: RoomFeed): Promise<void> {
    const { room, store } = this.#deps;
    const [head] = await store.heads([room]);
    if (head && head.version > (feed.state?.version ?? 0)) await feed.waitFor(head.version, FEED_DEADLINE_MS);
  }

  async #readLog(feed: RoomFeed, version: number): Promise<void> {
    const { room, store, clock } = this.#deps;
    const changes = await store.changesSince(room, version);
    const own = feed.state?.version;
    if (own === undefined) return;
    if (changes) this.#recent.prepend(changes, own, clock.monotonicMs());
    if (!this.#recent.since(version, own)) this.#logStartsAfter = Math.max(this.#logStartsAfter, version);
  }
}
