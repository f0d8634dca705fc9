import type { Listener } from '@skein/runtime/emitter';
import type { RoomStats } from '../media/track-stats.ts';
import type { LocalTrack } from '../publications/local-track.ts';
import type { PublishOptions } from '../publications/publications.ts';
import type { ConnectionState } from '../session/connection-state.ts';
import type { LocalParticipant, RemoteParticipant } from './participants.ts';
import type { RoomEvents } from './room-events.ts';
import type { RoomSnapshot } from './snapshot.ts';

/**
 * A room that this client is in, made by `connect`. Pages that follow events read the live properties first, then listen with
 * `on`. Pages that render state use `snapshot` and `subscribe`.
 */
export interface Room {
  readonly name: string;
  readonly localParticipant: LocalParticipant;
  /** Everyone else in the room, by identity. */
  readonly participants: ReadonlyMap<string, RemoteParticipant>;
  /** Number of viewers in the room, including this client if it is one. */
  readonly viewers: number;
  readonly connection: ConnectionState;
  /** Addresses of the known gateways, including those that gateways announced; the last one in use first. Join with them again. */
  readonly gateways: readonly string[];
  /** Calls `listener` on every `event` until the result is disposed. A listener that throws does not affect others. */
  on<Name extends keyof RoomEvents>(event: Name, listener: Listener<RoomEvents[Name]>): Disposable;
  /**
   * The current state, immutable. Returns the same object until something changes; parts that have not changed keep their
   * identity. Bound, so that it can be passed on: `useSyncExternalStore(room.subscribe, room.snapshot)`.
   */
  readonly snapshot: () => RoomSnapshot;
  /**
   * Calls `listener` when `snapshot()` returns another state, in a microtask, once for all changes of one task. Returns the
   * function that unsubscribes. A listener that throws does not affect others. Bound.
   */
  readonly subscribe: (listener: () => void) => () => void;
  /**
   * Publishes a captured track; resolves when the room has it. Fails with the code of the gateway, `PERMISSION_DENIED` for a
   * viewer, `MEDIA_FAILED`, or `ROOM_CLOSED`. A failure does not stop the capture.
   */
  publish(mediaStreamTrack: MediaStreamTrack, options: PublishOptions): Promise<LocalTrack>;
  /** Rates of every track that is sent or received, since the previous call. Call it every second or two. */
  stats(): Promise<RoomStats>;
  /** Leaves the room. Waits at most two seconds for the gateway. Never fails; safe to repeat. */
  leave(): Promise<void>;
}
