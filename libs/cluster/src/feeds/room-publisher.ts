import type { Bus } from '@skein/bus';
import type { Viewership } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { publishChanges, publishViewership } from './room-events.ts';
import type { RoomWrite } from '../store/room-store.ts';

/** One process publishes the viewership of a room at most this often. */
export const VIEWERSHIP_EVERY_MS = 250;

interface Pause {
  /** Published at its end. */
  next: Viewership | undefined;
  timer: Disposable;
}

/**
 * Publishes what this process has written to all feeds of a room: changes at once and in order, viewership at most every
 * 250 ms and the last one always. Holds one timer per room whose viewers changed a moment ago.
 */
export class RoomPublisher {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #pauses = new Map<string, Pause>();

  constructor({ bus, clock }: { readonly bus: Bus; readonly clock: Clock }) {
    this.#bus = bus;
    this.#clock = clock;
  }

  publish(room: string, { changes, viewership }: RoomWrite): void {
    publishChanges(this.#bus, room, changes);
    if (!viewership) return;
    const pause = this.#pauses.get(room);
    if (!pause) this.#send(room, viewership);
    else if ((pause.next?.revision ?? -1) < viewership.revision) pause.next = viewership;
  }

  /** Publishes what still waits, at once. */
  close(): void {
    for (const [room, { next, timer }] of this.#pauses) {
      timer[Symbol.dispose]();
      if (next) publishViewership(this.#bus, room, next);
    }
    this.#pauses.clear();
  }

  #send(room: string, viewership: Viewership): void {
    publishViewership(this.#bus, room, viewership);
    const timer = this.#clock.after(VIEWERSHIP_EVERY_MS, () => {
      const next = this.#pauses.get(room)?.next;
      this.#pauses.delete(room);
      if (next) this.#send(room, next);
    });
    this.#pauses.set(room, { next: undefined, timer });
  }
}
