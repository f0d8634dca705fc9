import type { Bus } from '@skein/bus';
import { subjects, type RoomSnapshot, type RoomState, type VersionedChange } from '@skein/protocol';
import type { Clock, Listener, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
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
   * what changed since is fetched. A second call is as `offerSnapshot`.
   */
  start(snapshot?: RoomSnapshot): void;
  /** Resolves when `state` is at `version` or later. Fails `DEADLINE_EXCEEDED`, or `UNAVAILABLE` when closed first. */
  waitFor(version: number, deadlineMs: number): Promise<RoomState>;
  /** Takes changes that this process made itself, without waiting for the bus to bring them. */
  offer(changes: readonly VersionedChange[]): void;
  /** Says that the room is known to be at `version`: missing changes are fetched if they don't come by themselves. */
  expect(version: number): void;
  on<Name extends keyof RoomFeedEvents>(event: Name, listener: Listener<RoomFeedEvents[Name]>): Disposable;
  close(): void;
}

/** Payload of `subjects.room`. */
export interface RoomEvents {
  readonly changes: readonly VersionedChange[];
}

/** Tells all feeds of a room what a write changed. To be called by whoever wrote, in the order of the writes. */
export function publishChanges(bus: Bus, room: string, changes: readonly VersionedChange[]): void {
  if (changes.length === 0) return;
  bus.publish(subjects.room(room), { changes } satisfies RoomEvents);
}

export function openRoomFeed(options: RoomFeedOptions): RoomFeed {
  throw new Error(`not there yet: ${options.room}`);
}
