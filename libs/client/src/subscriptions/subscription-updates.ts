import type { ClientRequestInput, ClientResponse } from '@skein/protocol';
import { SkeinClientError, type ClientErrorCode } from '../errors/client-error.ts';

export type SubscriptionUpdate = ClientRequestInput<'updateSubscriptions'>['updates'][number];

type SendUpdates = (updates: SubscriptionUpdate[]) => Promise<ClientResponse<'updateSubscriptions'>>;

/** The most that one request may change (`limits.subscriptionsPerRequest`). */
const UPDATES_PER_REQUEST = 256;

/** Codes that concern one update, and not the session or the connection. */
const CONCERNS_ONE_UPDATE: ReadonlySet<ClientErrorCode> = new Set<ClientErrorCode>([
  'SUBSCRIPTION_NOT_FOUND',
  'INVALID_ARGUMENT',
  'INTERNAL',
]);

/**
 * Batches changes to subscriptions of one moment: a join resumes all of its consumers in one request. A later change to a
 * subscription replaces an earlier one, so that the subscriptions bound the queue.
 */
export class SubscriptionUpdates {
  readonly #send: SendUpdates;
  readonly #failed: (update: SubscriptionUpdate, error: SkeinClientError) => void;
  #queue = new Map<string, SubscriptionUpdate>();

  constructor(send: SendUpdates, failed: (update: SubscriptionUpdate, error: SkeinClientError) => void) {
    this.#send = send;
    this.#failed = failed;
  }

  add(update: SubscriptionUpdate): void {
    if (this.#queue.size === 0) queueMicrotask(() => this.#flush());
    this.#queue.set(update.subscriptionId, { ...this.#queue.get(update.subscriptionId), ...update });
  }

  forget(subscriptionId: string): void {
    this.#queue.delete(subscriptionId);
  }

  #flush(): void {
    const updates = [...this.#queue.values()];
    this.#queue = new Map();
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
      // The batch was refused as a whole. Halving it finds the update at fault, which must not keep the others paused.
      if (updates.length > 1 && CONCERNS_ONE_UPDATE.has(error.code)) {
        const middle = updates.length >> 1;
        void this.#sendAll(updates.slice(0, middle));
        void this.#sendAll(updates.slice(middle));
      } else for (const update of updates) this.#handleRefused(update, error);
    }
  }

  /** Preferred layers that are refused must not keep the track paused. */
  #handleRefused(update: SubscriptionUpdate, error: SkeinClientError): void {
    const { preferredLayers, ...rest } = update;
    if (error.code === 'INVALID_ARGUMENT' && preferredLayers && rest.paused !== undefined)
      void this.#sendAll([rest]);
    else this.#failed(update, error);
  }
}
