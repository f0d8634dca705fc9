import type { Clock } from '@skein/runtime';
import { type Connection, HEARTBEAT_INTERVAL_MS, SILENCE_MS } from './connection.ts';

/** Interval of the check of every socket. */
const CHECK_EVERY_MS = 500;
/**
 * After a pause of this process, every socket gets this long to be heard: timers run before sockets are read (libuv), so
 * that messages which arrived during the pause have not been seen.
 */
const AFTER_PAUSE_MS = 1000;

/** Pings the sockets of this gateway that are silent, and closes those that stay silent. */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #connections = new Set<Connection>();
  readonly #timer: Disposable;
  #checkedMs: number;
  /** No socket counts as silent since before this time. */
  #pardonedMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#checkedMs = clock.monotonicMs();
    this.#timer = clock.every(CHECK_EVERY_MS, () => this.#check());
  }

  add(connection: Connection): void {
    this.#connections.add(connection);
  }

  remove(connection: Connection): void {
    this.#connections.delete(connection);
  }

  close(): void {
    this.#timer[Symbol.dispose]();
  }

  #check(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#checkedMs > 2 * CHECK_EVERY_MS) this.#pardonedMs = nowMs + AFTER_PAUSE_MS - SILENCE_MS;
    this.#checkedMs = nowMs;
    for (const connection of [...this.#connections]) {
      const silentMs = nowMs - Math.max(connection.lastHeardMs, this.#pardonedMs);
      if (silentMs >= SILENCE_MS) connection.handleSilence();
      else if (isPingDue(silentMs)) connection.socket.ping();
    }
  }
}

/** Once in each interval of silence. */
function isPingDue(silentMs: number): boolean {
  const intervals = (ms: number): number => Math.floor(ms / HEARTBEAT_INTERVAL_MS);
  return intervals(silentMs) > intervals(silentMs - CHECK_EVERY_MS);
}
