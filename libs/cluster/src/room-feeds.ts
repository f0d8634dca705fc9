import type { Bus } from '@skein/bus';
import type { RoomSnapshot } from '@skein/protocol';
import type { Clock, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { RoomFeed } from './room-feed.ts';
import type { RoomStore } from './room-store.ts';

export interface RoomFeedsOptions {
  readonly bus: Bus;
  readonly rooms: RoomStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** How often the versions of all rooms are compared with the store's, one batch, to find a lost last event. Default 5000, jittered. */
  readonly pollMs?: number;
}

/** One user's hold on a feed. Disposing it twice counts once; the last one closes the feed. */
export interface RoomFeedRef extends Disposable {
  readonly feed: RoomFeed;
}

/** All feeds of one process: one per room, however many use it, and the poll that they share. */
export interface RoomFeeds {
  /** The room's feed, started. `snapshot`: what the caller knows already, such as from placing a participant. */
  acquire(room: string, snapshot?: RoomSnapshot): RoomFeedRef;
  /** Rooms that are followed now. */
  readonly size: number;
  close(): void;
}

export function openRoomFeeds(options: RoomFeedsOptions): RoomFeeds {
  throw new Error(`not there yet: ${options.pollMs}`);
}
