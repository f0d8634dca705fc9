import type { Layers, ReadySubscription, SubscribeResult } from '@skein/protocol';
import { SkeinClientError } from '../errors/client-error.ts';

export interface SubscribeRequestsDeps {
  one(trackId: string, preferredLayers: Layers | undefined): Promise<ReadySubscription>;
  /** Returns results for at least one of the tracks; it may leave others out. */
  many(tracks: readonly RequestedTrack[]): Promise<readonly SubscribeResult[]>;
  isAudio(trackId: string): boolean;
}

export interface RequestedTrack {
  readonly trackId: string;
  readonly preferredLayers?: Layers;
}

interface Waiter {
  readonly resolve: (ready: ReadySubscription) => void;
  readonly reject: (error: SkeinClientError) => void;
}

interface QueuedRequest {
  readonly preferredLayers: Layers | undefined;
  readonly waiters: readonly Waiter[];
}

type Settle = (trackId: string, how: (waiter: Waiter) => void) => void;

/** Below `limits.subscriptionsPerAnswer`, so that a batch usually has one answer. */
const TRACKS_PER_BATCH = 64;
/** A gateway answers a batch with these when one of its requests is invalid, or when it does not know batches. */
const RETRY_ONE_BY_ONE: ReadonlySet<string> = new Set(['INVALID_ARGUMENT', 'UNKNOWN_METHOD']);
/** The node handles one while the next one travels. */
const BATCHES_IN_FLIGHT = 2;

/**
 * Batches subscribe requests of one moment, audio first: a room of 1000 tracks takes a few dozen requests. The queue holds each
 * track once, so that the tracks of the room bound it.
 */
export class SubscribeRequests {
  readonly #deps: SubscribeRequestsDeps;
  readonly #queue = new Map<string, QueuedRequest>();
  #inFlight = 0;
  #scheduled = false;

  constructor(deps: SubscribeRequestsDeps) {
    this.#deps = deps;
  }

  /** Fails as `subscribe` does. */
  request(trackId: string, preferredLayers: Layers | undefined): Promise<ReadySubscription> {
    return new Promise((resolve, reject) => {
      this.#add(trackId, { preferredLayers, waiters: [{ resolve, reject }] });
      if (this.#scheduled) return;
      this.#scheduled = true;
      queueMicrotask(() => {
        this.#scheduled = false;
        this.#fill();
      });
    });
  }

  #add(trackId: string, { preferredLayers, waiters }: QueuedRequest): void {
    const earlier = this.#queue.get(trackId)?.waiters ?? [];
    this.#queue.set(trackId, { preferredLayers, waiters: [...earlier, ...waiters] });
  }

  #fill(): void {
    while (this.#inFlight < BATCHES_IN_FLIGHT && this.#queue.size > 0) {
      this.#inFlight++;
      void this.#send(this.#takeBatch()).finally(() => {
        this.#inFlight--;
        this.#fill();
      });
    }
  }

  #takeBatch(): ReadonlyMap<string, QueuedRequest> {
    const batch = new Map<string, QueuedRequest>();
    for (const audio of [true, false]) {
      for (const [trackId, request] of this.#queue) {
        if (batch.size < TRACKS_PER_BATCH && this.#deps.isAudio(trackId) === audio)
          batch.set(trackId, request);
      }
    }
    for (const trackId of batch.keys()) this.#queue.delete(trackId);
    return batch;
  }

  /** Never rejects. */
  async #send(batch: ReadonlyMap<string, QueuedRequest>): Promise<void> {
    const open = new Map(batch);
    const settle: Settle = (trackId, how) => {
      for (const waiter of open.get(trackId)?.waiters ?? []) how(waiter);
      open.delete(trackId);
    };
    try {
      for (const result of await this.#results(batch)) {
        if ('subscription' in result) settle(result.trackId, ({ resolve }) => resolve(result.subscription));
        else settle(result.trackId, ({ reject }) => reject(SkeinClientError.fromWire(result.error)));
      }
      // The answer had no room for the others.
      if (open.size < batch.size) for (const [trackId, request] of open) this.#add(trackId, request);
      else throw SkeinClientError.incompleteAnswer('the gateway answered for none of the tracks');
    } catch (thrown) {
      const error = SkeinClientError.from(thrown);
      if (batch.size > 1 && RETRY_ONE_BY_ONE.has(error.code)) await this.#sendOneByOne(open, settle);
      for (const trackId of [...open.keys()]) settle(trackId, ({ reject }) => reject(error));
    }
  }

  /** An invalid request must not fail the others. */
  async #sendOneByOne(requests: ReadonlyMap<string, QueuedRequest>, settle: Settle): Promise<void> {
    await Promise.all(
      [...requests].map(async ([trackId, { preferredLayers }]) => {
        try {
          const ready = await this.#deps.one(trackId, preferredLayers);
          settle(trackId, ({ resolve }) => resolve(ready));
        } catch (thrown) {
          const error = SkeinClientError.from(thrown);
          settle(trackId, ({ reject }) => reject(error));
        }
      }),
    );
  }

  async #results(batch: ReadonlyMap<string, QueuedRequest>): Promise<readonly SubscribeResult[]> {
    const tracks = [...batch].map(([trackId, { preferredLayers }]) => ({
      trackId,
      ...(preferredLayers && { preferredLayers }),
    }));
    const [only, ...others] = tracks;
    if (!only || others.length > 0) return await this.#deps.many(tracks);
    const { trackId, preferredLayers } = only;
    return [{ trackId, subscription: await this.#deps.one(trackId, preferredLayers) }];
  }
}
