import type { ClientRequestInput, ClientResponse } from '@skein/protocol';
import { SkeinClientError, type ClientErrorCode } from '../errors/client-error.ts';

export type SubscriptionUpdate = ClientRequestInput<'updateSubscriptions'>['updates'][number];

type SendUpdates = (updates: SubscriptionUpdate[]) => Promise<ClientResponse<'updateSubscriptions'>>;

/** The most that one request may change (`limits.subscriptionsPerRequest`). */
const UPDATES_PER_REQUEST = 256;

/** Codes that are about one update, and not about the session or the connection. */
const OF_ONE_UPDATE: ReadonlySet<ClientErrorCode> = new Set<ClientErrorCode>([
  'SUBSCRIPTION_NOT_FOUND',
  'INVALID_ARGUMENT',
  'INTERNAL',
]);

/**
 * Collects changes to subscriptions and sends those of one moment in one request: the consumers of a join come
 * alive together. Later wishes for the same subscription replace earlier ones, so that it never grows beyond one
 * entry per subscription.
 */
export class SubscriptionUpdates {
  readonly #send: SendUpdates;
  readonly #failed: (update: SubscriptionUpdate, error: SkeinClientError) => void;
  #collected = new Map<string, SubscriptionUpdate>();

  constructor(send: SendUpdates, failed: (update: SubscriptionUpdate, error: SkeinClientError) => void) {
    this.#send = send;
    this.#failed = failed;
  }

  add(update: SubscriptionUpdate): void {
    if (this.#collected.size === 0) queueMicrotask(() => this.#flush());
    this.#collected.set(update.subscriptionId, { ...this.#collected.get(update.subscriptionId), ...update });
  }

  forget(subscriptionId: string): void {
    this.#collected.delete(subscriptionId);
  }

  #flush(): void {
    const updates = [...this.#collected.values()];
    this.#collected = new Map();
    for (let start = 0; start < updates.length; start += UPDATES_PER_REQUEST) {
      void this.#sendAll(updates.slice(start, start + UPDATES_PER_REQUEST));
    }
  }

  async #sendAll(updates: SubscriptionUpdate[]): Promise<void> {
    try {
      const { refused = [] } = await this.#send(updates);
      for (const { subscriptionId, error } of refused) {
        const update = updates.find((one) => one.subscriptionId === subscriptionId);
        if (update) this.#handleRefused(update, SkeinClientError.fromWire(error));
      }
    } catch (thrown) {
      const error = SkeinClientError.from(thrown);
      // Whoever refused them as a whole did not say which one is at fault: it must not keep the others paused.
      if (updates.length > 1 && OF_ONE_UPDATE.has(error.code)) {
        const middle = updates.length >> 1;
        void this.#sendAll(updates.slice(0, middle));
        void this.#sendAll(updates.slice(middle));
      } else for (const update of updates) this.#handleRefused(update, error);
    }
  }

  /** A wish for layers that is refused must not keep the track from playing. */
  #handleRefused(update: SubscriptionUpdate, error: SkeinClientError): void {
    const { preferredLayers, ...rest } = update;
    if (error.code === 'INVALID_ARGUMENT' && preferredLayers && rest.paused !== undefined)
      void this.#sendAll([rest]);
    else this.#failed(update, error);
  }
}
