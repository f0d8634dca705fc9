import type { Bus } from '@skein/bus';
import type { Viewership } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { publishChanges, publishViewership } from './room-events.ts';
import type { RoomWrite } from '../store/room-store.ts';

/** How often one process tells who views a room. */
export const VIEWERSHIP_EVERY_MS = 250;

interface Rest {
  /** What is to be told at its end. */
  next: Viewership | undefined;
  timer: Disposable;
}

/**
 * Tells all feeds of a room what this process has written: changes at once and in order, who views a room only so often,
 * the last word last. Holds one timer for each room whose viewers changed a moment ago.
 */
export class RoomNews {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #resting = new Map<string, Rest>();

  constructor({ bus, clock }: { readonly bus: Bus; readonly clock: Clock }) {
    this.#bus = bus;
    this.#clock = clock;
  }

  tell(room: string, { changes, viewership }: RoomWrite): void {
    publishChanges(this.#bus, room, changes);
    if (!viewership) return;
    const rest = this.#resting.get(room);
    if (!rest) this.#send(room, viewership);
    else if ((rest.next?.revision ?? -1) < viewership.revision) rest.next = viewership;
  }

  /** Tells what still waits, at once. */
  close(): void {
    for (const [room, { next, timer }] of this.#resting) {
      timer[Symbol.dispose]();
      if (next) publishViewership(this.#bus, room, next);
    }
    this.#resting.clear();
  }

  #send(room: string, viewership: Viewership): void {
    publishViewership(this.#bus, room, viewership);
    const timer = this.#clock.after(VIEWERSHIP_EVERY_MS, () => {
      const next = this.#resting.get(room)?.next;
      this.#resting.delete(room);
      if (next) this.#send(room, next);
    });
    this.#resting.set(room, { next: undefined, timer });
  }
}
