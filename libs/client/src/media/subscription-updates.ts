import type { ClientRequestInput } from '@skein/protocol';
import { SkeinClientError } from '../client-error.ts';

export type SubscriptionUpdate = ClientRequestInput<'updateSubscriptions'>['updates'][number];

/** The most that one request may change (`limits.subscriptionsPerRequest`). */
const UPDATES_PER_REQUEST = 256;

/**
 * Collects changes to subscriptions and sends those of one moment in one request: the consumers of a join come
 * alive together. Later wishes for the same subscription replace earlier ones, so that it never grows beyond one
 * entry per subscription.
 */
export class SubscriptionUpdates {
  readonly #send: (updates: SubscriptionUpdate[]) => Promise<unknown>;
  readonly #failed: (update: SubscriptionUpdate, error: SkeinClientError) => void;
  #collected = new Map<string, SubscriptionUpdate>();

  constructor(
    send: (updates: SubscriptionUpdate[]) => Promise<unknown>,
    failed: (update: SubscriptionUpdate, error: SkeinClientError) => void,
  ) {
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
      await this.#send(updates);
    } catch (thrown) {
      const error = SkeinClientError.from(thrown);
      // One that was closed meanwhile must not keep the others paused.
      const split = updates.length > 1 && error.code === 'SUBSCRIPTION_NOT_FOUND';
      for (const update of updates) {
        if (split) void this.#sendAll([update]);
        else this.#failed(update, error);
      }
    }
  }
}
