import type { Clock } from '@skein/runtime';
import type { Connection } from './connection.ts';
import { HEARTBEAT_INTERVAL_MS } from './connection.ts';

/** All sockets of this gateway: their heartbeat, and their end when the gateway stops. */
export class Connections {
  readonly #clock: Clock;
  readonly #open = new Set<Connection>();
  readonly #heartbeat: Disposable;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#heartbeat = clock.every(HEARTBEAT_INTERVAL_MS, () => this.#beat());
  }

  get size(): number {
    return this.#open.size;
  }

  add(connection: Connection): void {
    this.#open.add(connection);
  }

  remove(connection: Connection): void {
    this.#open.delete(connection);
  }

  /**
   * Closes every socket with 1001, spread evenly over `spreadMs` so that the other gateways don't get all clients
   * at once. Resolves when the last one is closed.
   */
  async goAway(spreadMs: number): Promise<void> {
    this.#heartbeat[Symbol.dispose]();
    const leaving = [...this.#open];
    const gone = leaving.map(async (connection, place) => {
      if (place > 0) await this.#clock.sleep((spreadMs * place) / leaving.length);
      connection.goAway();
    });
    await Promise.all(gone);
  }

  #beat(): void {
    const oldestMs = this.#clock.monotonicMs() - 3 * HEARTBEAT_INTERVAL_MS;
    for (const connection of [...this.#open]) {
      if (connection.lastHeardMs < oldestMs) connection.handleSilence();
      else connection.socket.ping();
    }
  }
}
