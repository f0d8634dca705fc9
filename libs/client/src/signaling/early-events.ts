import type { Emitter } from '@skein/runtime/emitter';
import type { SignalingEvents } from './connection.ts';
import type { GatewayEvent } from './frames.ts';

/** On overflow the oldest is dropped. A lost change of the room shows as a gap, which a `sync` closes. */
const EARLY_LIMIT = 1024;

/** Buffers events until the room exists: they may overtake the answer to the join. */
export class EarlyEvents implements Disposable {
  readonly #buffer: GatewayEvent[] = [];
  readonly #listening: Disposable;

  constructor(events: Emitter<SignalingEvents>) {
    this.#listening = events.on('event', (event) => {
      this.#buffer.push(event);
      if (this.#buffer.length > EARLY_LIMIT) this.#buffer.shift();
    });
  }

  /** Delivers the buffered events in order and stops buffering. */
  replayTo(handle: (event: GatewayEvent) => void): void {
    this.#listening[Symbol.dispose]();
    for (const event of this.#buffer.splice(0)) handle(event);
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }
}
