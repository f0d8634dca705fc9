import type { Layers, ReadySubscription } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { jitter, type Random } from '@skein/runtime/random';
import { SkeinClientError } from '../errors/client-error.ts';
import { mediaArrived } from './media-arrival.ts';
import type { MediaLink, TrackReceiver } from '../media/engine.ts';
import { retryDelayMs } from '../errors/retry-delay.ts';
import { RtpMeter } from '../media/rtp-sample.ts';
import type { SubscriptionUpdate } from './subscription-updates.ts';

/**
 * `off`: not requested. `pending`: requested, no media yet. `receiving`: media is there, also while it is muted, paused or
 * interrupted for a moment. `failed`: refused for good; the room emitted `error`.
 */
export type SubscriptionStatus = 'off' | 'pending' | 'receiving' | 'failed';

/** The gateway and the room, as the subscription to one track needs them. */
export interface SubscriptionDeps {
  readonly clock: Clock;
  readonly random: Random;
  subscribe(trackId: string, preferredLayers: Layers | undefined): Promise<ReadySubscription>;
  /** Best effort: the node also releases everything with the session. */
  release(subscriptionId: string): void;
  update(update: SubscriptionUpdate): void;
  /** Tracks of one group play in sync: a microphone with its camera, but not delayed by the screen. */
  syncGroupOf(trackId: string): string;
  /** The track in the state of the room; undefined while the room does not have it. */
  trackOf(trackId: string): { readonly epoch: number; readonly muted: boolean } | undefined;
  media(trackId: string, mediaStreamTrack: MediaStreamTrack | undefined): void;
  statusChanged(trackId: string): void;
  /** Retrying is useless, or has failed several times. */
  failed(trackId: string, error: SkeinClientError): void;
}

/** One consumer of a track, over one link. */
export interface Source {
  readonly ready: ReadySubscription;
  readonly link: MediaLink;
  readonly receiver: TrackReceiver;
  readonly meter: RtpMeter;
}

/** The progress of the source that becomes active next. */
type PendingSource =
  | { readonly kind: 'none' }
  /** The request to subscribe was sent. */
  | { readonly kind: 'requested' }
  /** The node has made the subscription; the browser negotiates it. */
  | { readonly kind: 'preparing'; readonly ready: ReadySubscription; readonly link: MediaLink }
  /** Negotiated; the active source is shown until the first frame of this one. */
  | { readonly kind: 'arriving'; readonly source: Source }
  | { readonly kind: 'retrying'; readonly timer: Disposable }
  /** The error was final; only another link, or `want()`, starts again. */
  | { readonly kind: 'failed' };

/** The node answers as soon as the track is back. Jitter spreads the requests, because all clients of a room send them. */
const RESUBSCRIBE_AFTER_MS = 50;
/** The node answered with a source older than the room state; it learns of the newer one soon. */
const NEWER_SOURCE_AFTER_MS = 100;
/** Consecutive failures after which the room reports an error. Retries continue. */
const FAILURES_TO_REPORT = 4;
const ARRIVAL_DEADLINE_MS = 5000;
/** A publisher whose node died has this long to return before the track counts as not received. */
const LOST_AFTER_MS = 10_000;

/**
 * The subscription to one track, over changing links and sources. One source is active; when this client or the publisher
 * migrates, another one is pending, and replaces the active one at its first frame.
 */
export class Subscription {
  readonly trackId: string;
  readonly #deps: SubscriptionDeps;
  #link: MediaLink;
  /** No request is sent before it is true. */
  #wanted = false;
  #enabled = true;
  #preferredLayers: Layers | undefined;
  #failures = 0;
  #active: Source | undefined;
  /** Runs while the active source is closed by the node and its last frame is still shown. */
  #lossTimer: Disposable | undefined;
  #pending: PendingSource = { kind: 'none' };

  constructor(trackId: string, link: MediaLink, deps: SubscriptionDeps) {
    this.trackId = trackId;
    this.#link = link;
    this.#deps = deps;
  }

  get active(): Source | undefined {
    return this.#active;
  }

  get status(): SubscriptionStatus {
    if (this.#active) return 'receiving';
    if (this.#pending.kind === 'failed') return 'failed';
    return this.#wanted ? 'pending' : 'off';
  }

  /** Whether the track no longer depends on a link older than `link`. */
  isSettledOn(link: MediaLink): boolean {
    return !this.#active || this.#active.link === link || this.#pending.kind === 'failed';
  }

  /** Requests the track unless it is received or requested already. */
  want(): void {
    this.#wanted = true;
    const { kind } = this.#pending;
    if (!this.#isCurrent() && (kind === 'none' || kind === 'failed')) void this.#request();
    this.#deps.statusChanged(this.trackId);
  }

  /** The link or the publisher's session is another one: requests the track there at once. */
  renew(link: MediaLink): void {
    if (this.#link === link && this.#isCurrent(this.#pendingEpoch())) return;
    this.#link = link;
    this.#cancelPending();
    this.#failures = 0;
    if (this.#wanted) void this.#request();
    this.#deps.statusChanged(this.trackId);
  }

  /** The node made a subscription over `link` without a request. */
  handleReady(link: MediaLink, ready: ReadySubscription): void {
    this.#wanted = true;
    this.#link = link;
    this.#cancelPending();
    this.#failures = 0;
    void this.#prepare(ready);
    this.#deps.statusChanged(this.trackId);
  }

  setEnabled(enabled: boolean): void {
    this.#enabled = enabled;
    for (const { ready } of this.#sources())
      this.#deps.update({ subscriptionId: ready.subscriptionId, paused: !enabled });
  }

  setPreferredLayers(preferredLayers: Layers): void {
    this.#preferredLayers = preferredLayers;
    for (const { ready } of this.#sources()) {
      if (ready.type !== 'simple')
        this.#deps.update({ subscriptionId: ready.subscriptionId, preferredLayers });
    }
  }

  /** Sends the settings of each subscription again; the node refuses those that it has closed. */
  confirm(): void {
    for (const source of this.#sources()) this.#configure(source);
  }

  /** The node closed a subscription: the publisher or the pipe to it failed and recovers, or the track is about to leave the room. */
  handleClosed(subscriptionId: string): void {
    if (this.#active?.ready.subscriptionId === subscriptionId && this.#active.link === this.#link) {
      this.#handleLoss();
      if (this.#pending.kind === 'none') this.#retry(RESUBSCRIBE_AFTER_MS);
    } else if (this.#pendingId() === subscriptionId) {
      this.#cancelPending();
      this.#retry(RESUBSCRIBE_AFTER_MS);
    }
  }

  handleLinkClosed(link: MediaLink): void {
    if (this.#active?.link === link) this.#handleLoss();
  }

  /** Whether `subscriptionId` is the active or the pending one. */
  holds(subscriptionId: string): boolean {
    return this.#active?.ready.subscriptionId === subscriptionId || this.#pendingId() === subscriptionId;
  }

  /** Closes all sources. `release`: releases the subscriptions at the node too. */
  close(release: boolean): void {
    const sources = this.#sources();
    if (release && this.#pending.kind === 'preparing') this.#deps.release(this.#pending.ready.subscriptionId);
    if (release) for (const { ready } of sources) this.#deps.release(ready.subscriptionId);
    if (this.#pending.kind === 'arriving') this.#pending.source.receiver.close();
    if (this.#pending.kind === 'retrying') this.#pending.timer[Symbol.dispose]();
    this.#pending = { kind: 'none' };
    this.#deactivate();
  }

  async #request(): Promise<void> {
    const pending: PendingSource = { kind: 'requested' };
    this.#pending = pending;
    const { trackId } = this;
    try {
      const ready = await this.#deps.subscribe(trackId, this.#preferredLayers);
      // The answer belongs to an earlier session, source or request. A repeated request gets the same subscription.
      if (this.#pending !== pending) return;
      if (this.#active && !this.#lossTimer && this.#active.ready.subscriptionId === ready.subscriptionId)
        return this.#retry(NEWER_SOURCE_AFTER_MS);
      await this.#prepare(ready);
    } catch (thrown) {
      if (this.#pending === pending) this.#handleFailure(SkeinClientError.from(thrown));
    }
  }

  async #prepare(ready: ReadySubscription): Promise<void> {
    const link = this.#link;
    const pending: PendingSource = { kind: 'preparing', ready, link };
    this.#pending = pending;
    try {
      const receiver = await link.receive(ready, this.#deps.syncGroupOf(this.trackId));
      if (this.#pending !== pending) return receiver.close();
      await this.#awaitMedia({ ready, link, receiver, meter: new RtpMeter() });
    } catch (thrown) {
      if (this.#pending !== pending) return;
      this.#deps.release(ready.subscriptionId);
      this.#handleFailure(SkeinClientError.from(thrown));
    }
  }

  async #awaitMedia(source: Source): Promise<void> {
    const pending: PendingSource = { kind: 'arriving', source };
    this.#pending = pending;
    this.#configure(source);
    if (this.#active) {
      const isObsolete = (): boolean => this.#pending !== pending || !this.#enabled || this.#isMuted();
      await mediaArrived(source.receiver, this.#deps.clock, ARRIVAL_DEADLINE_MS, isObsolete);
    }
    if (this.#pending === pending) this.#activate(source);
  }

  #activate(source: Source): void {
    const before = this.#active;
    this.#lossTimer?.[Symbol.dispose]();
    const wasLost = this.#lossTimer !== undefined;
    this.#lossTimer = undefined;
    this.#active = source;
    this.#pending = { kind: 'none' };
    this.#failures = 0;
    this.#deps.media(this.trackId, source.receiver.mediaStreamTrack);
    before?.receiver.close();
    if (before?.link === this.#link && !wasLost) this.#deps.release(before.ready.subscriptionId);
    // The publisher has migrated in the meantime.
    if (!this.#isCurrent()) this.#retry(NEWER_SOURCE_AFTER_MS);
  }

  #deactivate(): void {
    this.#lossTimer?.[Symbol.dispose]();
    this.#lossTimer = undefined;
    const active = this.#active;
    if (!active) return;
    this.#active = undefined;
    active.receiver.close();
    this.#deps.media(this.trackId, undefined);
  }

  #handleLoss(): void {
    this.#lossTimer ??= this.#deps.clock.after(LOST_AFTER_MS, () => this.#deactivate());
  }

  #configure({ ready }: Source): void {
    this.#deps.update({
      subscriptionId: ready.subscriptionId,
      paused: !this.#enabled,
      ...(this.#preferredLayers && ready.type !== 'simple' && { preferredLayers: this.#preferredLayers }),
    });
  }

  #handleFailure(error: SkeinClientError): void {
    this.#failures++;
    const delayMs = retryDelayMs(error, this.#failures);
    if (delayMs === undefined) this.#pending = { kind: 'failed' };
    else this.#retry(delayMs);
    this.#deps.statusChanged(this.trackId);
    // While the last frame is displayed, a publisher that recovers is not an error.
    if (delayMs === undefined || (this.#failures === FAILURES_TO_REPORT && !this.#active))
      this.#deps.failed(this.trackId, error);
  }

  #retry(delayMs: number): void {
    const { clock, random } = this.#deps;
    const timer = clock.after(jitter(delayMs, random), () => void this.#request());
    this.#pending = { kind: 'retrying', timer };
  }

  // A late answer finds another pending source and is dropped. The subscription is released, so that the next request makes
  // another one: a browser negotiates each only once.
  #cancelPending(): void {
    const pending = this.#pending;
    this.#pending = { kind: 'none' };
    switch (pending.kind) {
      case 'retrying':
        return pending.timer[Symbol.dispose]();
      case 'preparing':
        if (pending.link === this.#link) this.#deps.release(pending.ready.subscriptionId);
        return;
      case 'arriving':
        pending.source.receiver.close();
        if (pending.source.link === this.#link) this.#deps.release(pending.source.ready.subscriptionId);
        return;
      case 'none':
      case 'requested':
      case 'failed':
        return;
    }
  }

  /** The sources at the current session's node. */
  #sources(): Source[] {
    const arriving = this.#pending.kind === 'arriving' ? [this.#pending.source] : [];
    return [...(this.#active && !this.#lossTimer ? [this.#active] : []), ...arriving].filter(
      ({ link }) => link === this.#link,
    );
  }

  /** Whether the active source, or a pending one of `epoch`, is the newest source of the track. */
  #isCurrent(
    epoch = this.#active?.link === this.#link && !this.#lossTimer ? this.#active.ready.epoch : -1,
  ): boolean {
    return epoch >= (this.#deps.trackOf(this.trackId)?.epoch ?? 0);
  }

  #isMuted(): boolean {
    return this.#deps.trackOf(this.trackId)?.muted ?? false;
  }

  #pendingSubscription(): ReadySubscription | undefined {
    if (this.#pending.kind === 'preparing') return this.#pending.ready;
    return this.#pending.kind === 'arriving' ? this.#pending.source.ready : undefined;
  }

  #pendingId(): string | undefined {
    return this.#pendingSubscription()?.subscriptionId;
  }

  #pendingEpoch(): number | undefined {
    return this.#pendingSubscription()?.epoch;
  }
}
