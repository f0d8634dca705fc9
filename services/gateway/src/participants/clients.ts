import type { Clock } from '@skein/runtime';
import type { ClientPort } from './client-port.ts';

/** The connected clients of every edge, in a room or not: asked to move when the gateway stops. */
export class Clients {
  readonly #clock: Clock;
  readonly #connected = new Set<ClientPort>();
  #onEmpty: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#connected.size;
  }

  add(client: ClientPort): void {
    this.#connected.add(client);
  }

  remove(client: ClientPort): void {
    this.#connected.delete(client);
    if (this.#connected.size === 0) this.#onEmpty();
  }

  /**
   * Asks every client to resume elsewhere, spread evenly over `spreadMs` so that the other gateways don't get all of them
   * at once, and to do so within half of the time that is left, so that those who fail at first have time to retry.
   * Resolves when the last client is gone, or after `deadlineMs`.
   */
  async drain(deadlineMs: number, spreadMs: number): Promise<void> {
    if (this.#connected.size === 0) return;
    const timers = [...this.#connected].map((client, index, { length }) => {
      const afterMs = Math.floor((spreadMs * index) / length);
      const withinMs = Math.floor((deadlineMs - afterMs) / 2);
      return this.#clock.after(afterMs, () => client.notify({ type: 'moveOver', data: { withinMs } }));
    });
    await this.#emptyOrAfter(deadlineMs);
    for (const timer of timers) timer[Symbol.dispose]();
  }

  /** The gateway stops: ends every connection that is left. */
  disconnect(): void {
    for (const client of [...this.#connected]) client.disconnect('gatewayStopping');
  }

  async #emptyOrAfter(deadlineMs: number): Promise<void> {
    let deadline: Disposable | undefined;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      deadline = this.#clock.after(deadlineMs, resolve);
    });
    deadline?.[Symbol.dispose]();
  }
}
