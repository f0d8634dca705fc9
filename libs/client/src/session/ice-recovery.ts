import type { TransportDirection } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { Emitter } from '@skein/runtime/emitter';
import type { TransportState } from '../media/engine.ts';

/** A short packet loss recovers without a restart; browsers report `disconnected` after 5 to 8 s of silence. */
const GRACE_MS = 1000;
const RETRY_MS = 5000;
/** A first connection that takes longer counts as lost: browsers may stay in `connecting` for most of a minute. */
const CONNECT_DEADLINE_MS = 15_000;
/** A restart that the node answered must connect within this time; otherwise there is no path to the node. */
const RESTART_DEADLINE_MS = 3000;

/**
 * Restarts ICE when a transport loses its path, as after a change of network, until it is connected again or the room closes.
 * Reports a loss when restarts do not help. Takes transport states; `restart` asks the node and applies its answer.
 */
export class IceRecovery implements Disposable {
  readonly events = new Emitter<{
    changed: { readonly interrupted: boolean };
    /** The node answers over signaling, but ICE finds no path to it. */
    lost: { readonly direction: TransportDirection };
  }>();
  readonly #clock: Clock;
  readonly #restart: (direction: TransportDirection) => Promise<void>;
  readonly #timers = new Map<TransportDirection, Disposable>();
  readonly #connecting = new Map<TransportDirection, Disposable>();
  /** Deadlines of restarts that the node has answered. */
  readonly #restarting = new Map<TransportDirection, Disposable>();
  #disposed = false;

  constructor(clock: Clock, restart: (direction: TransportDirection) => Promise<void>) {
    this.#clock = clock;
    this.#restart = restart;
  }

  handleState(direction: TransportDirection, state: TransportState): void {
    if (this.#disposed) return;
    switch (state) {
      case 'disconnected':
        if (!this.#timers.has(direction)) this.#schedule(direction, GRACE_MS);
        return;
      case 'failed':
        return this.#schedule(direction, 0);
      case 'connected':
      case 'closed':
        return this.#settle(direction);
      case 'connecting':
        return this.#expectConnection(direction);
      case 'new':
        return;
    }
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    for (const timers of [this.#timers, this.#connecting, this.#restarting]) {
      for (const timer of timers.values()) timer[Symbol.dispose]();
      timers.clear();
    }
  }

  #expectConnection(direction: TransportDirection): void {
    if (this.#timers.has(direction) || this.#connecting.has(direction)) return;
    this.#connecting.set(
      direction,
      this.#clock.after(CONNECT_DEADLINE_MS, () => void this.#attempt(direction)),
    );
  }

  #schedule(direction: TransportDirection, afterMs: number): void {
    this.#connecting.get(direction)?.[Symbol.dispose]();
    this.#connecting.delete(direction);
    const wasHealthy = this.#timers.size === 0;
    this.#timers.get(direction)?.[Symbol.dispose]();
    this.#timers.set(
      direction,
      this.#clock.after(afterMs, () => void this.#attempt(direction)),
    );
    if (wasHealthy) this.events.emit('changed', { interrupted: true });
  }

  async #attempt(direction: TransportDirection): Promise<void> {
    this.#schedule(direction, RETRY_MS);
    // A failure shows as the state that persists; the next attempt is scheduled already.
    const answered = await this.#restart(direction).then(
      () => true,
      () => false,
    );
    if (answered) this.#expectReconnect(direction);
  }

  #expectReconnect(direction: TransportDirection): void {
    if (this.#disposed || this.#restarting.has(direction) || !this.#timers.has(direction)) return;
    const reportLoss = (): void => {
      this.#restarting.delete(direction);
      this.events.emit('lost', { direction });
    };
    this.#restarting.set(direction, this.#clock.after(RESTART_DEADLINE_MS, reportLoss));
  }

  #settle(direction: TransportDirection): void {
    for (const timers of [this.#connecting, this.#restarting]) {
      timers.get(direction)?.[Symbol.dispose]();
      timers.delete(direction);
    }
    this.#timers.get(direction)?.[Symbol.dispose]();
    if (this.#timers.delete(direction) && this.#timers.size === 0)
      this.events.emit('changed', { interrupted: false });
  }
}
