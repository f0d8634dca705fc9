import type { RoomWrite } from '@skein/cluster';
import { SkeinError } from '@skein/protocol';
import { backoff, type Backoff, type BackoffOptions, type Clock, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';

export interface OutboxDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Called with the result of each write. */
  readonly onWritten: (room: string, write: RoomWrite) => void;
  /** Default: 250 ms doubled to 5 s. */
  readonly backoff?: Pick<BackoffOptions, 'firstMs' | 'maxMs'>;
  readonly maxWaiting?: number;
}

type Write = () => Promise<RoomWrite>;

interface Queue {
  readonly writes: Map<string, Write>;
  failures: number;
  retry: Disposable | undefined;
}

/**
 * Announcements that must reach the store even if it does not answer now, so that a room's state converges on this node's
 * sessions. Kept per room, in order, the latest per key. At most `maxWaiting` (4096) over all rooms: beyond that the
 * oldest announcement of the oldest room is dropped and logged, because newer ones are closer to the present state.
 */
export class Outbox {
  readonly #deps: OutboxDeps;
  readonly #backoff: Backoff;
  readonly #queues = new Map<string, Queue>();
  readonly #later = new Set<Disposable>();
  #waiting = 0;
  #closed = false;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
    const { random, backoff: growth = { firstMs: 250, maxMs: 5000 } } = deps;
    this.#backoff = backoff({ ...growth, jitter: 0.2, random });
  }

  /** The number of announcements that wait for the store. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Writes now. Resolves `done`, or `waiting` when the store is unreachable: then the write is retried until it
   * succeeds. `write` must read the present state when it is called, so that a late write is not outdated. Any other
   * failure is thrown.
   */
  async deliver(room: string, key: string, write: Write): Promise<'done' | 'waiting'> {
    if (!this.#queues.has(room)) {
      try {
        this.#deps.onWritten(room, await write());
        return 'done';
      } catch (error) {
        if (!isOutage(error)) throw error;
      }
    }
    this.#enqueue(room, key, write);
    return 'waiting';
  }

  /** Delivers after `waitMs`, unless the node stops first. */
  deliverLater(room: string, key: string, waitMs: number, write: Write): void {
    if (this.#closed) return;
    const { clock, log } = this.#deps;
    const timer = clock.after(waitMs, () => {
      this.#later.delete(timer);
      this.deliver(room, key, write).catch((error: unknown) =>
        log.info({ event: 'announcement.outdated', room, err: error }, 'a late announcement was outdated'),
      );
    });
    this.#later.add(timer);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#later) timer[Symbol.dispose]();
    for (const queue of this.#queues.values()) queue.retry?.[Symbol.dispose]();
    this.#queues.clear();
  }

  #enqueue(room: string, key: string, write: Write): void {
    if (this.#closed) return;
    const queue = this.#queues.get(room) ?? {
      writes: new Map<string, Write>(),
      failures: 0,
      retry: undefined,
    };
    this.#queues.set(room, queue);
    if (!queue.writes.has(key)) this.#waiting++;
    queue.writes.set(key, write);
    if (this.#waiting > (this.#deps.maxWaiting ?? 4096)) this.#dropOldest();
    queue.retry ??= this.#retryLater(room, queue);
  }

  #dropOldest(): void {
    for (const [room, queue] of this.#queues) {
      const [key] = queue.writes.keys();
      if (key === undefined) continue;
      queue.writes.delete(key);
      this.#waiting--;
      this.#deps.log.error(
        { event: 'announcement.dropped', room },
        'too many announcements wait for the store; the oldest was dropped',
      );
      return;
    }
  }

  #retryLater(room: string, queue: Queue): Disposable {
    queue.failures++;
    return this.#deps.clock.after(this.#backoff(queue.failures), () => void this.#retry(room, queue));
  }

  async #retry(room: string, queue: Queue): Promise<void> {
    for (const [key, write] of queue.writes) {
      const outage = await this.#attempt(room, write);
      if (this.#closed) return;
      if (outage) {
        queue.retry = this.#retryLater(room, queue);
        return;
      }
      queue.failures = 0;
      // A newer one of the same key stays queued.
      if (queue.writes.get(key) === write && queue.writes.delete(key)) this.#waiting--;
    }
    if (queue.writes.size === 0) this.#queues.delete(room);
    else queue.retry = this.#retryLater(room, queue);
  }

  async #attempt(room: string, write: Write): Promise<boolean> {
    const { onWritten, log } = this.#deps;
    try {
      onWritten(room, await write());
      return false;
    } catch (error) {
      if (isOutage(error)) return true;
      log.info({ event: 'announcement.outdated', room, err: error }, 'a late announcement was outdated');
      return false;
    }
  }
}

function isOutage(error: unknown): boolean {
  return error instanceof SkeinError && (error.code === 'UNAVAILABLE' || error.code === 'DEADLINE_EXCEEDED');
}
