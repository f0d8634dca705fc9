import type { Layers, ReadySubscription, SubscribeResult } from '@skein/protocol';
import { SkeinClientError } from '../errors/client-error.ts';

export interface SubscribePorts {
  one(trackId: string, preferredLayers: Layers | undefined): Promise<ReadySubscription>;
  /** Results for some of the tracks, at least for one. */
  many(tracks: readonly WantedTrack[]): Promise<readonly SubscribeResult[]>;
  isSound(trackId: string): boolean;
}

export interface WantedTrack {
  readonly trackId: string;
  readonly preferredLayers?: Layers;
}

interface Waiter {
  readonly resolve: (ready: ReadySubscription) => void;
  readonly reject: (error: SkeinClientError) => void;
}

interface Wish {
  readonly preferredLayers: Layers | undefined;
  readonly waiters: readonly Waiter[];
}

/** Below `limits.subscriptionsPerAnswer`, so that a batch usually has one answer. */
const TRACKS_PER_REQUEST = 64;
/** What a gateway answers to a batch with a wish that is not allowed, or that knows no batches yet. */
const ALONE: ReadonlySet<string> = new Set(['INVALID_ARGUMENT', 'UNKNOWN_METHOD']);
/** One is made by the node while the next one travels. */
const REQUESTS_IN_FLIGHT = 2;

/**
 * Asks for tracks, those of one moment together, sound first: a room of a thousand is asked for in some dozens of requests.
 * What waits has the bound of the room's tracks, and a track that is asked for twice waits once.
 */
export class SubscribeRequests {
  readonly #ports: SubscribePorts;
  readonly #waiting = new Map<string, Wish>();
  #inFlight = 0;
  #scheduled = false;

  constructor(ports: SubscribePorts) {
    this.#ports = ports;
  }

  /** Fails as `subscribe` does. */
  ask(trackId: string, preferredLayers: Layers | undefined): Promise<ReadySubscription> {
    return new Promise((resolve, reject) => {
      this.#add(trackId, { preferredLayers, waiters: [{ resolve, reject }] });
      if (this.#scheduled) return;
      this.#scheduled = true;
      queueMicrotask(() => {
        this.#scheduled = false;
        this.#send();
      });
    });
  }

  #add(trackId: string, { preferredLayers, waiters }: Wish): void {
    const earlier = this.#waiting.get(trackId)?.waiters ?? [];
    this.#waiting.set(trackId, { preferredLayers, waiters: [...earlier, ...waiters] });
  }

  #send(): void {
    while (this.#inFlight < REQUESTS_IN_FLIGHT && this.#waiting.size > 0) {
      this.#inFlight++;
      void this.#request(this.#take()).finally(() => {
        this.#inFlight--;
        this.#send();
      });
    }
  }

  #take(): ReadonlyMap<string, Wish> {
    const batch = new Map<string, Wish>();
    for (const sound of [true, false]) {
      for (const [trackId, wish] of this.#waiting) {
        if (batch.size < TRACKS_PER_REQUEST && this.#ports.isSound(trackId) === sound)
          batch.set(trackId, wish);
      }
    }
    for (const trackId of batch.keys()) this.#waiting.delete(trackId);
    return batch;
  }

  /** Never rejects. */
  async #request(batch: ReadonlyMap<string, Wish>): Promise<void> {
    const open = new Map(batch);
    const settle = (trackId: string, how: (waiter: Waiter) => void): void => {
      for (const waiter of open.get(trackId)?.waiters ?? []) how(waiter);
      open.delete(trackId);
    };
    try {
      for (const result of await this.#results(batch)) {
        if ('subscription' in result) settle(result.trackId, ({ resolve }) => resolve(result.subscription));
        else settle(result.trackId, ({ reject }) => reject(SkeinClientError.fromWire(result.error)));
      }
      // They did not fit into the answer.
      if (open.size < batch.size) for (const [trackId, wish] of open) this.#add(trackId, wish);
      else throw new SkeinClientError('INTERNAL', 'the gateway answered for none of the tracks');
    } catch (thrown) {
      const error = SkeinClientError.from(thrown);
      if (batch.size > 1 && ALONE.has(error.code)) await this.#askAlone(open, settle);
      for (const trackId of [...open.keys()]) settle(trackId, ({ reject }) => reject(error));
    }
  }

  /** One wish that cannot be read must not fail the others. */
  async #askAlone(
    wishes: ReadonlyMap<string, Wish>,
    settle: (trackId: string, how: (waiter: Waiter) => void) => void,
  ): Promise<void> {
    await Promise.all(
      [...wishes].map(async ([trackId, { preferredLayers }]) => {
        try {
          const ready = await this.#ports.one(trackId, preferredLayers);
          settle(trackId, ({ resolve }) => resolve(ready));
        } catch (thrown) {
          const error = SkeinClientError.from(thrown);
          settle(trackId, ({ reject }) => reject(error));
        }
      }),
    );
  }

  async #results(batch: ReadonlyMap<string, Wish>): Promise<readonly SubscribeResult[]> {
    const tracks = [...batch].map(([trackId, { preferredLayers }]) => ({
      trackId,
      ...(preferredLayers && { preferredLayers }),
    }));
    const [only, ...others] = tracks;
    if (!only || others.length > 0) return await this.#ports.many(tracks);
    const { trackId, preferredLayers } = only;
    return [{ trackId, subscription: await this.#ports.one(trackId, preferredLayers) }];
  }
}
