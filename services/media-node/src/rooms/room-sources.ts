import type { Clock } from '@skein/runtime';
import type { MediaSource } from '../media/engine.ts';
import { trackEpochOf, type MediaKey, type TrackEpoch } from '../media/media-key.ts';
import { PipeError } from '../pipes/model/pipe-errors.ts';

interface Waiter {
  resolve(source: MediaSource): void;
  reject(error: unknown): void;
}

/** The tracks of a room at each of its routers here, and the subscriptions that wait for one. */
export class RoomSources {
  readonly #sources = new Map<SourceKey, MediaSource>();
  readonly #waiters = new Map<SourceKey, Set<Waiter>>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(routerId: string, media: MediaKey): MediaSource | undefined {
    return this.#sources.get(keyOf(routerId, media));
  }

  /** Adds a source. It stays until it closes or is replaced. */
  add(routerId: string, media: MediaKey, source: MediaSource): void {
    const key = keyOf(routerId, media);
    if (source.closed) return;
    this.#sources.set(key, source);
    source.events.on('closed', () => {
      if (this.#sources.get(key) === source) this.#sources.delete(key);
    });
    const waiters = this.#waiters.get(key);
    this.#waiters.delete(key);
    for (const waiter of waiters ?? []) waiter.resolve(source);
  }

  /** The track was published again: rejects the waits for its earlier epochs. */
  supersede({ trackId, epoch }: TrackEpoch): void {
    for (const [key, waiters] of this.#waiters) {
      const waited = trackEpochOf(mediaOf(key));
      if (waited.trackId !== trackId || waited.epoch >= epoch) continue;
      for (const waiter of [...waiters]) waiter.reject(PipeError.superseded(trackId));
    }
  }

  /** The track at the router, once it is there. Fails `PIPE_FAILED` after `deadlineMs` or when it is superseded, or with the signal's reason. */
  async wait(
    routerId: string,
    media: MediaKey,
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<MediaSource> {
    signal.throwIfAborted();
    const present = this.get(routerId, media);
    if (present) return present;
    const key = keyOf(routerId, media);
    const waiters = this.#waiters.get(key) ?? new Set();
    this.#waiters.set(key, waiters);
    const { promise, resolve, reject } = Promise.withResolvers<MediaSource>();
    const waiter: Waiter = { resolve, reject };
    waiters.add(waiter);
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    using _deadline = this.#clock.after(deadlineMs, () =>
      reject(PipeError.notInTime(trackEpochOf(media).trackId, deadlineMs)),
    );
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
      waiters.delete(waiter);
      if (waiters.size === 0 && this.#waiters.get(key) === waiters) this.#waiters.delete(key);
    }
  }
}

type SourceKey = `${string}/${MediaKey}`;

function keyOf(routerId: string, media: MediaKey): SourceKey {
  return `${routerId}/${media}`;
}

function mediaOf(key: SourceKey): MediaKey {
  return key.slice(key.indexOf('/') + 1) as MediaKey;
}
