import type { RoomStore } from '@skein/cluster';
import { jitter, type Clock, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { RoomSessions } from './room-sessions.ts';

/** How often the viewers of a room are compared with the store's. */
export const VIEWERS_CHECK_MS = 30_000;

export interface ViewerCheckParts {
  readonly room: string;
  readonly sessions: RoomSessions;
  readonly rooms: Pick<RoomStore, 'viewers'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** The store lacks viewers that are here. */
  readonly onLacking: () => void;
}

/**
 * No change of a room tells of its viewers. That one was placed again elsewhere its gateway says, at most once for sure;
 * that the store has lost some nobody says. So the store is asked, regularly and whenever there is reason to doubt it.
 */
export class ViewerCheck implements Disposable {
  readonly #parts: ViewerCheckParts;
  #timer: Disposable | undefined;

  constructor(parts: ViewerCheckParts) {
    this.#parts = parts;
    this.#checkLater();
  }

  /** Never fails: without the store, the next one will tell. */
  async now(): Promise<void> {
    const { room, sessions, rooms, log, onLacking } = this.#parts;
    const held = sessions.viewers;
    if (held.length === 0) return;
    try {
      const stored = await rooms.viewers(
        room,
        held.map(({ identity }) => identity),
      );
      if (sessions.onViewers(held, stored)) onLacking();
    } catch (error) {
      log.debug({ room, err: error }, 'the viewers of a room could not be compared with the store; later');
    }
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }

  #checkLater(): void {
    const { clock, random } = this.#parts;
    this.#timer = clock.after(jitter(VIEWERS_CHECK_MS, random), () => {
      this.#checkLater();
      void this.now();
    });
  }
}
