import type { ClientEvent, ClientResponse, Layers, ReadySubscription } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { Emitter } from '@skein/runtime/emitter';
import type { Random } from '@skein/runtime/random';
import { SkeinClientError } from '../errors/client-error.ts';
import type { MediaLink } from '../media/engine.ts';
import { retryDelayMs } from '../errors/retry-delay.ts';
import type { RtpRates } from '../media/rtp-sample.ts';
import { Subscription, type SubscriptionControls } from './subscription.ts';
import { SubscriptionUpdates, type SubscriptionUpdate } from './subscription-updates.ts';

/** What subscriptions ask of the gateway and of the room. */
export interface SubscriptionPorts extends Pick<
  SubscriptionControls,
  'subscribe' | 'syncGroupOf' | 'factsOf'
> {
  unsubscribe(subscriptionId: string): Promise<unknown>;
  update(updates: SubscriptionUpdate[]): Promise<ClientResponse<'updateSubscriptions'>>;
}

export interface SubscriptionEvents {
  /** Media of a track arrives, is another one than before, or (undefined) ended. */
  media: { readonly trackId: string; readonly mediaStreamTrack: MediaStreamTrack | undefined };
  layers: { readonly trackId: string; readonly layers: Layers | undefined };
  /** Asking again is useless, or was tried for long. */
  failed: { readonly trackId: string; readonly error: SkeinClientError };
}

/** Which tracks are received, over whichever link carries this client. Wishes outlive links and failures. */
export class Subscriptions {
  readonly events = new Emitter<SubscriptionEvents>();
  readonly #ports: SubscriptionPorts;
  readonly #controls: SubscriptionControls;
  readonly #wanted = new Map<string, Subscription>();
  /** Tracks that the caller let go of: a node that carries this client anew does not know that. */
  readonly #declined = new Set<string>();
  readonly #updates: SubscriptionUpdates;
  #link: MediaLink | undefined;

  constructor(ports: SubscriptionPorts, clock: Clock, random: Random) {
    this.#ports = ports;
    this.#updates = new SubscriptionUpdates(
      (updates) => ports.update(updates),
      (update, error) => this.#handleUpdateFailed(update, error),
    );
    this.#controls = {
      clock,
      random,
      subscribe: async (trackId, preferredLayers) => {
        const ready = await this.#subscribe(trackId, preferredLayers);
        // Let go of while it was asked for.
        if (!this.#wanted.has(trackId)) this.#release(ready.subscriptionId);
        return ready;
      },
      release: (subscriptionId) => this.#release(subscriptionId),
      update: (update) => this.#updates.add(update),
      syncGroupOf: (trackId) => ports.syncGroupOf(trackId),
      factsOf: (trackId) => ports.factsOf(trackId),
      media: (trackId, mediaStreamTrack) => this.events.emit('media', { trackId, mediaStreamTrack }),
      failed: (trackId, error) => this.events.emit('failed', { trackId, error }),
    };
  }

  /**
   * Media comes over `link` from now on; `ready` are subscriptions that the node has made already. What is received over
   * links before it is shown until it arrives over this one.
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

  isCarriedBy(link: MediaLink): boolean {
    return [...this.#wanted.values()].every((subscription) => subscription.isSettledOn(link));
  }

  /** Signaling was away: what the node closed meanwhile was not told. */
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

  setEnabled(trackId: string, enabled: boolean): void {
    if (this.#link) this.#want(trackId, this.#link).setEnabled(enabled);
  }

  setPreferredLayers(trackId: string, preferredLayers: Layers): void {
    if (this.#link) this.#want(trackId, this.#link).setPreferredLayers(preferredLayers);
  }

  /** The track left the room; the node lets go of its subscription by itself. */
  handleTrackGone(trackId: string): void {
    this.#declined.delete(trackId);
    this.#forget(trackId, false);
  }

  /** The track is published from elsewhere since: another source of the same. */
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

  /** Rates of one track's streams since the call before; undefined while it is not received. */
  async measure(trackId: string): Promise<readonly RtpRates[] | undefined> {
    const shown = this.#wanted.get(trackId)?.shown;
    return shown?.meter.measure(await shown.receiver.sample());
  }

  audioLevel(trackId: string): number | undefined {
    return this.#wanted.get(trackId)?.shown?.receiver.audioLevel;
  }

  close(): void {
    this.#link = undefined;
    for (const trackId of this.#wanted.keys()) this.#forget(trackId, false);
  }

  /** A wish for layers that is refused must not cost the track. */
  async #subscribe(trackId: string, preferredLayers: Layers | undefined): Promise<ReadySubscription> {
    try {
      return await this.#ports.subscribe(trackId, preferredLayers);
    } catch (thrown) {
      if (!preferredLayers || SkeinClientError.from(thrown).code !== 'INVALID_ARGUMENT') throw thrown;
      return await this.#ports.subscribe(trackId, undefined);
    }
  }

  #want(trackId: string, link: MediaLink): Subscription {
    const known = this.#wanted.get(trackId);
    if (known) return known;
    const subscription = new Subscription(trackId, link, this.#controls);
    this.#wanted.set(trackId, subscription);
    return subscription;
  }

  #forget(trackId: string, release: boolean): void {
    const subscription = this.#wanted.get(trackId);
    this.#wanted.delete(trackId);
    subscription?.close(release);
  }

  #handleUpdateFailed({ subscriptionId }: SubscriptionUpdate, error: SkeinClientError): void {
    const holder = [...this.#wanted.values()].find((one) => one.holds(subscriptionId));
    if (!holder) return;
    const delayMs = retryDelayMs(error, 1);
    if (error.code === 'SUBSCRIPTION_NOT_FOUND') holder.handleClosed(subscriptionId);
    else if (delayMs === undefined) this.events.emit('failed', { trackId: holder.trackId, error });
    else this.#controls.clock.after(delayMs, () => holder.confirm());
  }

  #release(subscriptionId: string): void {
    this.#updates.forget(subscriptionId);
    this.#ports.unsubscribe(subscriptionId).catch(() => undefined);
  }
}
