import type { RoomFeed, RoomStore } from '@skein/cluster';
import type { VersionedChange } from '@skein/protocol';
import { SingleFlight } from '@skein/runtime';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { RecentChanges } from './recent-changes.ts';

/** How long a client waits for a feed that is reading the store, or for a version that the store has and the feed lacks. */
const FEED_DEADLINE_MS = 1000;
/** Clients of one room make the gateway read the store for them this often at most; in between its own feed answers. */
export const STORE_READ_EVERY_MS = 250;

export interface RoomCatchUpParts {
  readonly room: string;
  readonly store: Pick<RoomStore, 'heads' | 'changesSince'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Brings clients of one room up to date from the gateway's feed. The store is read in two cases only, by one call at a
 * time and at most every `STORE_READ_EVERY_MS`: a client knows a version that the feed has not heard of, or lacks changes
 * from before this gateway followed the room.
 */
export class RoomCatchUp {
  readonly #parts: RoomCatchUpParts;
  readonly #recent = new RecentChanges();
  readonly #reading = new SingleFlight<'head' | 'log', void>();
  readonly #readAtMs = { head: -Infinity, log: -Infinity };
  /** The store's log does not reach back to here: whoever is at this version or below gets the whole state. */
  #logStartsAfter = -Infinity;

  constructor(parts: RoomCatchUpParts) {
    this.#parts = parts;
  }

  changed(change: VersionedChange): void {
    this.#recent.add(change, this.#parts.clock.monotonicMs());
  }

  replaced(): void {
    this.#recent.clear();
    this.#logStartsAfter = -Infinity;
  }

  /** Gets what it takes to answer a client at `version`. Never rejects: without the store, what is here has to do. */
  async prepare(feed: RoomFeed, version: number): Promise<void> {
    // A feed that is not in step is reading the store already, for everyone.
    await feed.settled(FEED_DEADLINE_MS);
    const own = feed.state?.version;
    if (own === undefined || version === own) return;
    if (version > own) return await this.#read('head', () => this.#readHead(feed));
    if (this.#recent.since(version, own) || version <= this.#logStartsAfter) return;
    await this.#read('log', () => this.#readLog(feed, version));
  }

  /** What came after `version`, up to the feed's state; `undefined`: the client needs the whole state. */
  since(version: number, own: number): readonly VersionedChange[] | undefined {
    return this.#recent.since(version, own);
  }

  async #read(what: 'head' | 'log', read: () => Promise<void>): Promise<void> {
    const { clock, log } = this.#parts;
    await this.#reading
      .run(what, async () => {
        if (clock.monotonicMs() - this.#readAtMs[what] < STORE_READ_EVERY_MS) return;
        this.#readAtMs[what] = clock.monotonicMs();
        await read();
      })
      .catch((error: unknown) => log.debug({ err: error, what }, 'a client catches up without the store'));
  }

  async #readHead(feed: RoomFeed): Promise<void> {
    const { room, store } = this.#parts;
    const [head] = await store.heads([room]);
    if (head && head.version > (feed.state?.version ?? 0)) await feed.waitFor(head.version, FEED_DEADLINE_MS);
  }

  async #readLog(feed: RoomFeed, version: number): Promise<void> {
    const { room, store, clock } = this.#parts;
    const changes = await store.changesSince(room, version);
    const own = feed.state?.version;
    if (own === undefined) return;
    if (changes) this.#recent.prepend(changes, own, clock.monotonicMs());
    if (!this.#recent.since(version, own)) this.#logStartsAfter = Math.max(this.#logStartsAfter, version);
  }
}
