import type { TransportDirection } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { Emitter } from '@skein/runtime/emitter';
import type { TransportState } from '../media/engine.ts';

/** A short loss of packets heals by itself; browsers say `disconnected` after 5 to 8 s of silence. */
const GRACE_MS = 1000;
const RETRY_MS = 5000;
/** What has found no way at first by then counts as lost: browsers may leave it `connecting` for most of a minute. */
const CONNECT_MS = 15_000;
/** A restart that the node has answered helps within this time, or there is no way to the node any more. */
const HELP_MS = 3000;

/**
 * Restarts ICE when a transport has lost its way, as after a change of network, until it is connected again or
 * the room closes, and tells when that does not help. Inputs are transport states; `restart` asks the node and applies what it answers.
 */
export class IceRecovery implements Disposable {
  readonly events = new Emitter<{
    changed: { readonly interrupted: boolean };
    /** The node answers, and ICE does not find a way to it. */
    lost: { readonly direction: TransportDirection };
  }>();
  readonly #clock: Clock;
  readonly #restart: (direction: TransportDirection) => Promise<void>;
  readonly #timers = new Map<TransportDirection, Disposable>();
  readonly #connecting = new Map<TransportDirection, Disposable>();
  /** Of restarts that were answered, and have to help now. */
  readonly #helping = new Map<TransportDirection, Disposable>();
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
    for (const timers of [this.#timers, this.#connecting, this.#helping]) {
      for (const timer of timers.values()) timer[Symbol.dispose]();
      timers.clear();
    }
  }

  #expectConnection(direction: TransportDirection): void {
    if (this.#timers.has(direction) || this.#connecting.has(direction)) return;
    this.#connecting.set(
      direction,
      this.#clock.after(CONNECT_MS, () => void this.#attempt(direction)),
    );
  }

  #schedule(direction: TransportDirection, afterMs: number): void {
    this.#connecting.get(direction)?.[Symbol.dispose]();
    this.#connecting.delete(direction);
    const wasWell = this.#timers.size === 0;
    this.#timers.get(direction)?.[Symbol.dispose]();
    this.#timers.set(
      direction,
      this.#clock.after(afterMs, () => void this.#attempt(direction)),
    );
    if (wasWell) this.events.emit('changed', { interrupted: true });
  }

  async #attempt(direction: TransportDirection): Promise<void> {
    this.#schedule(direction, RETRY_MS);
    // What failed shows as the state that stays; the next attempt is scheduled already.
    const answered = await this.#restart(direction).then(
      () => true,
      () => false,
    );
    if (answered) this.#expectHelp(direction);
  }

  #expectHelp(direction: TransportDirection): void {
    if (this.#disposed || this.#helping.has(direction) || !this.#timers.has(direction)) return;
    const giveUp = (): void => {
      this.#helping.delete(direction);
      this.events.emit('lost', { direction });
    };
    this.#helping.set(direction, this.#clock.after(HELP_MS, giveUp));
  }

  #settle(direction: TransportDirection): void {
    for (const timers of [this.#connecting, this.#helping]) {
      timers.get(direction)?.[Symbol.dispose]();
      timers.delete(direction);
    }
    this.#timers.get(direction)?.[Symbol.dispose]();
    if (this.#timers.delete(direction) && this.#timers.size === 0)
      this.events.emit('changed', { interrupted: false });
  }
}
