import type { RoomStore } from '@skein/cluster';
import { jitter, type Clock, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { RoomSessions } from './room-sessions.ts';

/** Interval at which the viewers of a room are compared with the store. */
export const VIEWERS_CHECK_MS = 30_000;

export interface ViewerCheckDeps {
  readonly room: string;
  readonly sessions: RoomSessions;
  readonly rooms: Pick<RoomStore, 'viewers'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Called when the store lacks viewers of this node. */
  readonly onLacking: () => void;
}

/**
 * Compares this node's viewers with the store, regularly and whenever it may have lost data. Changes of a room do not
 * include its viewers: a gateway reports their new placement without a guarantee, and nobody reports a loss in the store.
 */
export class ViewerCheck implements Disposable {
  readonly #deps: ViewerCheckDeps;
  #timer: Disposable | undefined;

  constructor(deps: ViewerCheckDeps) {
    this.#deps = deps;
    this.#checkLater();
  }

  /** Never fails: without the store, the next check decides. */
  async now(): Promise<void> {
    const { room, sessions, rooms, log, onLacking } = this.#deps;
    const present = sessions.viewers;
    if (present.length === 0) return;
    try {
      const stored = await rooms.viewers(
        room,
        present.map(({ identity }) => identity),
      );
      if (sessions.onViewers(present, stored)) onLacking();
    } catch (error) {
      log.debug(
        { room, err: error },
        'comparing the viewers of a room with the store failed; retrying later',
      );
    }
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }

  #checkLater(): void {
    const { clock, random } = this.#deps;
    this.#timer = clock.after(jitter(VIEWERS_CHECK_MS, random), () => {
      this.#checkLater();
      void this.now();
    });
  }
}
