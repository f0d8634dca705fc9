import type { ClientEvent, ClientResponse, Layers, ReadySubscription } from '@skein/protocol';
import { Emitter } from '@skein/runtime/emitter';
import { SkeinClientError } from '../errors/client-error.ts';
import type { MediaLink } from '../media/engine.ts';
import { retryDelayMs } from '../errors/retry-delay.ts';
import type { RtpRates } from '../media/rtp-sample.ts';
import { Subscription, type SubscriptionDeps, type SubscriptionStatus } from './subscription.ts';
import { SubscriptionUpdates, type SubscriptionUpdate } from './subscription-updates.ts';

/** The gateway and the room, as subscriptions need them. */
export interface SubscriptionsDeps extends Pick<
  SubscriptionDeps,
  'clock' | 'random' | 'subscribe' | 'syncGroupOf' | 'trackOf'
> {
  unsubscribe(subscriptionId: string): Promise<unknown>;
  update(updates: SubscriptionUpdate[]): Promise<ClientResponse<'updateSubscriptions'>>;
}

export interface SubscriptionEvents {
  /** Media of a track has arrived, was replaced, or (undefined) has ended. */
  media: { readonly trackId: string; readonly mediaStreamTrack: MediaStreamTrack | undefined };
  layers: { readonly trackId: string; readonly layers: Layers | undefined };
  /** `statusOf` the track may answer something else now. */
  status: { readonly trackId: string };
  /** Retrying is useless, or has failed several times. */
  failed: { readonly trackId: string; readonly error: SkeinClientError };
}

/** The subscriptions of this client, over its current link. Which tracks are wanted outlives links and failures. */
export class Subscriptions {
  readonly events = new Emitter<SubscriptionEvents>();
  readonly #deps: SubscriptionsDeps;
  readonly #subscriptionDeps: SubscriptionDeps;
  readonly #wanted = new Map<string, Subscription>();
  /** Tracks that the caller unsubscribed from: the node of a new session does not know them, and subscribes to all. */
  readonly #declined = new Set<string>();
  readonly #updates: SubscriptionUpdates;
  #link: MediaLink | undefined;

  constructor(deps: SubscriptionsDeps) {
    this.#deps = deps;
    this.#updates = new SubscriptionUpdates(
      (updates) => deps.update(updates),
      (update, error) => this.#handleUpdateFailed(update, error),
    );
    this.#subscriptionDeps = {
      clock: deps.clock,
      random: deps.random,
      subscribe: async (trackId, preferredLayers) => {
        const ready = await this.#subscribe(trackId, preferredLayers);
        // Unsubscribed while the request was on its way.
        if (!this.#wanted.has(trackId)) this.#release(ready.subscriptionId);
        return ready;
      },
      release: (subscriptionId) => this.#release(subscriptionId),
      update: (update) => this.#updates.add(update),
      syncGroupOf: (trackId) => deps.syncGroupOf(trackId),
      trackOf: (trackId) => deps.trackOf(trackId),
      media: (trackId, mediaStreamTrack) => this.events.emit('media', { trackId, mediaStreamTrack }),
      statusChanged: (trackId) => this.events.emit('status', { trackId }),
      failed: (trackId, error) => this.events.emit('failed', { trackId, error }),
    };
  }

  /**
   * Receives over `link` from now on; `ready`: subscriptions that the node has made already. Each track keeps its source on an
   * older link until media arrives over this one.
   */
  handleLink(link: MediaLink, ready: readonly ReadySubscription[]): void {
    this.#link = link;
    const made = new Set(ready.map(({ trackId }) => trackId));
    for (const subscription of this.#wanted.values())
      if (!made.has(subscription.trackId)) subscription.renew(link);
    for (const one of ready) {
      if (this.#declined.has(one.trackId)) this.#release(one.subscriptionId);
      else this.#want(one.trackId, link).handleReady(link, one);
    }
  }

  handleLinkClosed(link: MediaLink): void {
    for (const subscription of this.#wanted.values()) subscription.handleLinkClosed(link);
  }

  isSettledOn(link: MediaLink): boolean {
    return [...this.#wanted.values()].every((subscription) => subscription.isSettledOn(link));
  }

  /** The signaling connection was resumed: events about closed subscriptions may be lost. */
  handleResumed(): void {
    for (const subscription of this.#wanted.values()) subscription.confirm();
  }

  subscribe(trackId: string): void {
    this.#declined.delete(trackId);
    if (this.#link) this.#want(trackId, this.#link).want();
  }

  unsubscribe(trackId: string): void {
    this.#declined.add(trackId);
    this.#forget(trackId, true);
  }

  statusOf(trackId: string): SubscriptionStatus {
    return this.#wanted.get(trackId)?.status ?? 'off';
  }

  setEnabled(trackId: string, enabled: boolean): void {
    if (this.#link) this.#want(trackId, this.#link).setEnabled(enabled);
  }

  setPreferredLayers(trackId: string, preferredLayers: Layers): void {
    if (this.#link) this.#want(trackId, this.#link).setPreferredLayers(preferredLayers);
  }

  /** The track left the room; the node closes its subscription without a request. */
  handleTrackGone(trackId: string): void {
    this.#declined.delete(trackId);
    this.#forget(trackId, false);
  }

  /** The track is published from another session now. */
  handleTrackMoved(trackId: string): void {
    if (this.#link) this.#wanted.get(trackId)?.renew(this.#link);
  }

  handleClosed({ subscriptionId, trackId }: ClientEvent<'subscriptionClosed'>): void {
    this.#updates.forget(subscriptionId);
    this.#wanted.get(trackId)?.handleClosed(subscriptionId);
  }

  handleLayersChanged({ subscriptionId, trackId, layers }: ClientEvent<'subscriptionLayersChanged'>): void {
    if (this.#wanted.get(trackId)?.holds(subscriptionId)) this.events.emit('layers', { trackId, layers });
  }

  /** Rates of the track's streams since the previous call; undefined while it is not received. */
  async measure(trackId: string): Promise<readonly RtpRates[] | undefined> {
    const source = this.#wanted.get(trackId)?.active;
    return source?.meter.measure(await source.receiver.sample());
  }

  audioLevel(trackId: string): number | undefined {
    return this.#wanted.get(trackId)?.active?.receiver.audioLevel;
  }

  close(): void {
    this.#link = undefined;
    for (const trackId of this.#wanted.keys()) this.#forget(trackId, false);
  }

  /** Preferred layers that are refused must not cost the track. */
  async #subscribe(trackId: string, preferredLayers: Layers | undefined): Promise<ReadySubscription> {
    try {
      return await this.#deps.subscribe(trackId, preferredLayers);
    } catch (thrown) {
      if (!preferredLayers || SkeinClientError.from(thrown).code !== 'INVALID_ARGUMENT') throw thrown;
      return await this.#deps.subscribe(trackId, undefined);
    }
  }

  #want(trackId: string, link: MediaLink): Subscription {
    const known = this.#wanted.get(trackId);
    if (known) return known;
    const subscription = new Subscription(trackId, link, this.#subscriptionDeps);
    this.#wanted.set(trackId, subscription);
    return subscription;
  }

  #forget(trackId: string, release: boolean): void {
    const subscription = this.#wanted.get(trackId);
    this.#wanted.delete(trackId);
    subscription?.close(release);
    if (subscription) this.events.emit('status', { trackId });
  }

  #handleUpdateFailed({ subscriptionId }: SubscriptionUpdate, error: SkeinClientError): void {
    const holder = [...this.#wanted.values()].find((one) => one.holds(subscriptionId));
    if (!holder) return;
    const delayMs = retryDelayMs(error, 1);
    if (error.code === 'SUBSCRIPTION_NOT_FOUND') holder.handleClosed(subscriptionId);
    else if (delayMs === undefined) this.events.emit('failed', { trackId: holder.trackId, error });
    else this.#deps.clock.after(delayMs, () => holder.confirm());
  }

  #release(subscriptionId: string): void {
    this.#updates.forget(subscriptionId);
    this.#deps.unsubscribe(subscriptionId).catch(() => undefined);
  }
}
