import type { Emitter } from '@skein/runtime/emitter';
import type { SignalingEvents } from './connection.ts';
import type { GatewayEvent } from './frames.ts';

/** Policy beyond it: the oldest goes. A lost change of the room shows as a gap and is healed by `sync`. */
const EARLY_LIMIT = 1024;

/** Keeps the gateway's events from before there is a room to tell them to: they may overtake the join's answer. */
export class EarlyEvents implements Disposable {
  readonly #kept: GatewayEvent[] = [];
  readonly #listening: Disposable;

  constructor(events: Emitter<SignalingEvents>) {
    this.#listening = events.on('event', (event) => {
      this.#kept.push(event);
      if (this.#kept.length > EARLY_LIMIT) this.#kept.shift();
    });
  }

  /** Hands over what was kept, in order, and keeps nothing more. */
  replayTo(handle: (event: GatewayEvent) => void): void {
    this.#listening[Symbol.dispose]();
    for (const event of this.#kept.splice(0)) handle(event);
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }
}
