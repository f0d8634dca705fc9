import type { Clock } from '@skein/runtime';
import type { Connection } from './connection.ts';
import { HEARTBEAT_INTERVAL_MS, SILENCE_MS } from './connection.ts';

/** How often the silence of every socket is looked at. */
const LOOK_MS = 500;
/**
 * After a pause of this process every socket has so long to be heard: timers run before sockets are read (libuv), and what
 * came meanwhile has not been.
 */
const AFTER_PAUSE_MS = 1000;

/** All sockets of this gateway: their heartbeat, and their end when the gateway stops. */
export class Connections {
  readonly #clock: Clock;
  readonly #open = new Set<Connection>();
  readonly #heartbeat: Disposable;
  #lookedMs: number;
  /** Nobody counts as silent since before that. */
  #pardonedMs = -Infinity;
  #onEmpty: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lookedMs = clock.monotonicMs();
    this.#heartbeat = clock.every(LOOK_MS, () => this.#beat());
  }

  get size(): number {
    return this.#open.size;
  }

  add(connection: Connection): void {
    this.#open.add(connection);
  }

  remove(connection: Connection): void {
    this.#open.delete(connection);
    if (this.#open.size === 0) this.#onEmpty();
  }

  /**
   * Asks every client to resume elsewhere, spread evenly over `spreadMs` so that the other gateways don't get all of
   * them at once, and to do so within half of the time that is left, so that there is some for those who fail at first.
   * Resolves when the last socket is closed, or after `deadlineMs`.
   */
  async drain(deadlineMs: number, spreadMs: number): Promise<void> {
    if (this.#open.size === 0) return;
    const asked = [...this.#open].map((connection, place, { length }) => {
      const afterMs = Math.floor((spreadMs * place) / length);
      return this.#clock.after(afterMs, () => connection.moveOver(Math.floor((deadlineMs - afterMs) / 2)));
    });
    await this.#emptyOrAfter(deadlineMs);
    for (const one of asked) one[Symbol.dispose]();
  }

  /** Closes every socket with 1001. */
  goAway(): void {
    this.#heartbeat[Symbol.dispose]();
    for (const connection of [...this.#open]) connection.goAway();
  }

  async #emptyOrAfter(deadlineMs: number): Promise<void> {
    let deadline: Disposable | undefined;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      deadline = this.#clock.after(deadlineMs, resolve);
    });
    deadline?.[Symbol.dispose]();
  }

  #beat(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#lookedMs > 2 * LOOK_MS) this.#pardonedMs = nowMs + AFTER_PAUSE_MS - SILENCE_MS;
    this.#lookedMs = nowMs;
    for (const connection of [...this.#open]) {
      const silentMs = nowMs - Math.max(connection.lastHeardMs, this.#pardonedMs);
      if (silentMs >= SILENCE_MS) connection.handleSilence();
      else if (isPingDue(silentMs)) connection.socket.ping();
    }
  }
}

/** Once in each interval of silence. */
function isPingDue(silentMs: number): boolean {
  const intervals = (ms: number): number => Math.floor(ms / HEARTBEAT_INTERVAL_MS);
  return intervals(silentMs) > intervals(silentMs - LOOK_MS);
}
