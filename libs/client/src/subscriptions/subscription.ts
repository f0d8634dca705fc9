import type { Layers, ReadySubscription } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { jitter, type Random } from '@skein/runtime/random';
import { SkeinClientError } from '../errors/client-error.ts';
import { mediaArrived } from './media-arrival.ts';
import type { MediaLink, TrackReceiver } from '../media/engine.ts';
import { retryDelayMs } from '../errors/retry-delay.ts';
import { RtpMeter } from '../media/rtp-sample.ts';
import type { SubscriptionUpdate } from './subscription-updates.ts';

/** What the subscription to one track asks of the gateway and of the room. */
export interface SubscriptionControls {
  readonly clock: Clock;
  readonly random: Random;
  subscribe(trackId: string, preferredLayers: Layers | undefined): Promise<ReadySubscription>;
  /** Best effort: what nobody holds any more also goes with the session. */
  release(subscriptionId: string): void;
  update(update: SubscriptionUpdate): void;
  /** A voice is played in step with its speaker's camera, but not held back by their screen. */
  syncGroupOf(trackId: string): string;
  /** The track as the room shows it; undefined while it does not. */
  factsOf(trackId: string): { readonly epoch: number; readonly muted: boolean } | undefined;
  media(trackId: string, mediaStreamTrack: MediaStreamTrack | undefined): void;
  /** Asking again is useless, or was tried for long. */
  failed(trackId: string, error: SkeinClientError): void;
}

/** One way on which a track arrives. */
export interface Source {
  readonly ready: ReadySubscription;
  readonly link: MediaLink;
  readonly receiver: TrackReceiver;
  readonly meter: RtpMeter;
}

/** How far a source has come that is to be shown, or to replace the one that is. */
type Pursuit =
  | { readonly kind: 'none' }
  | { readonly kind: 'asking' }
  | { readonly kind: 'preparing'; readonly ready: ReadySubscription; readonly link: MediaLink }
  /** Made and flowing soon; the one before is shown until then. */
  | { readonly kind: 'arriving'; readonly source: Source }
  | { readonly kind: 'retrying'; readonly timer: Disposable }
  | { readonly kind: 'failed' };

/** The node answers when the track is there again. So many of a room's clients ask at once that they should not in one moment. */
const RESUBSCRIBE_AFTER_MS = 50;
/** A node answers with the source that it knows; the newer one is on its way to it. */
const NEWER_SOURCE_AFTER_MS = 100;
/** Failures in a row after which the room is told, while asking goes on. */
const FAILURES_TO_TELL = 4;
const ARRIVAL_DEADLINE_MS = 5000;
/** A publisher whose node died has this long to be back before the track shows as not received. */
const LOST_AFTER_MS = 10_000;

/**
 * This client's receiving of one track, over links and sources that change: shows one source, and pursues another one when
 * the link or the publisher moved. The one shown stays until the next has its first frame.
 */
export class Subscription {
  readonly trackId: string;
  readonly #controls: SubscriptionControls;
  #link: MediaLink;
  /** Nothing is asked for before. */
  #wanted = false;
  #enabled = true;
  #preferredLayers: Layers | undefined;
  #failures = 0;
  #shown: Source | undefined;
  /** Runs while the node has closed the source that is shown. */
  #lost: Disposable | undefined;
  #pursuit: Pursuit = { kind: 'none' };

  constructor(trackId: string, link: MediaLink, controls: SubscriptionControls) {
    this.trackId = trackId;
    this.#link = link;
    this.#controls = controls;
  }

  get shown(): Source | undefined {
    return this.#shown;
  }

  /** Whether nothing is waited for any more from a link before `link`. */
  isSettledOn(link: MediaLink): boolean {
    return !this.#shown || this.#shown.link === link || this.#pursuit.kind === 'failed';
  }

  /** Asks for the track unless it is there or asked for. */
  want(): void {
    this.#wanted = true;
    const { kind } = this.#pursuit;
    if (!this.#isCurrent() && (kind === 'none' || kind === 'failed')) void this.#ask();
  }

  /** The link is another one, or the publisher's source: asks at once. */
  renew(link: MediaLink): void {
    if (this.#link === link && this.#isCurrent(this.#pursuedEpoch())) return;
    this.#link = link;
    this.#abandon();
    this.#failures = 0;
    if (this.#wanted) void this.#ask();
  }

  /** The node has made a subscription over `link` by itself. */
  handleReady(link: MediaLink, ready: ReadySubscription): void {
    this.#wanted = true;
    this.#link = link;
    this.#abandon();
    this.#failures = 0;
    void this.#prepare(ready);
  }

  setEnabled(enabled: boolean): void {
    this.#enabled = enabled;
    for (const { ready } of this.#sources())
      this.#controls.update({ subscriptionId: ready.subscriptionId, paused: !enabled });
  }

  setPreferredLayers(preferredLayers: Layers): void {
    this.#preferredLayers = preferredLayers;
    for (const { ready } of this.#sources()) {
      if (ready.type !== 'simple')
        this.#controls.update({ subscriptionId: ready.subscriptionId, preferredLayers });
    }
  }

  /** Says again how each subscription is to be; the node refuses those that it closed meanwhile. */
  confirm(): void {
    for (const source of this.#sources()) this.#configure(source);
  }

  /** The node closed a subscription: its publisher or the way to it broke, and is coming back, or the track is going. */
  handleClosed(subscriptionId: string): void {
    if (this.#shown?.ready.subscriptionId === subscriptionId && this.#shown.link === this.#link) {
      this.#lose();
      if (this.#pursuit.kind === 'none') this.#retry(RESUBSCRIBE_AFTER_MS);
    } else if (this.#pursuedId() === subscriptionId) {
      this.#abandon();
      this.#retry(RESUBSCRIBE_AFTER_MS);
    }
  }

  handleLinkClosed(link: MediaLink): void {
    if (this.#shown?.link === link) this.#lose();
  }

  /** Whether `subscriptionId` is what is shown or about to be. */
  holds(subscriptionId: string): boolean {
    return this.#shown?.ready.subscriptionId === subscriptionId || this.#pursuedId() === subscriptionId;
  }

  /** Lets go of everything. `release`: of the node's subscriptions too. */
  close(release: boolean): void {
    const sources = this.#sources();
    if (release && this.#pursuit.kind === 'preparing')
      this.#controls.release(this.#pursuit.ready.subscriptionId);
    if (release) for (const { ready } of sources) this.#controls.release(ready.subscriptionId);
    if (this.#pursuit.kind === 'arriving') this.#pursuit.source.receiver.close();
    if (this.#pursuit.kind === 'retrying') this.#pursuit.timer[Symbol.dispose]();
    this.#pursuit = { kind: 'none' };
    this.#hide();
  }

  async #ask(): Promise<void> {
    const pursuit: Pursuit = { kind: 'asking' };
    this.#pursuit = pursuit;
    const { trackId } = this;
    try {
      const ready = await this.#controls.subscribe(trackId, this.#preferredLayers);
      // Answered to a session, a source or a wish that is over. The same track asked for again has the same subscription.
      if (this.#pursuit !== pursuit) return;
      if (this.#shown && !this.#lost && this.#shown.ready.subscriptionId === ready.subscriptionId)
        return this.#retry(NEWER_SOURCE_AFTER_MS);
      await this.#prepare(ready);
    } catch (thrown) {
      if (this.#pursuit === pursuit) this.#handleFailure(SkeinClientError.from(thrown));
    }
  }

  async #prepare(ready: ReadySubscription): Promise<void> {
    const link = this.#link;
    const pursuit: Pursuit = { kind: 'preparing', ready, link };
    this.#pursuit = pursuit;
    try {
      const receiver = await link.receive(ready, this.#controls.syncGroupOf(this.trackId));
      if (this.#pursuit !== pursuit) return receiver.close();
      await this.#arrive({ ready, link, receiver, meter: new RtpMeter() });
    } catch (thrown) {
      if (this.#pursuit !== pursuit) return;
      this.#controls.release(ready.subscriptionId);
      this.#handleFailure(SkeinClientError.from(thrown));
    }
  }

  async #arrive(source: Source): Promise<void> {
    const pursuit: Pursuit = { kind: 'arriving', source };
    this.#pursuit = pursuit;
    this.#configure(source);
    if (this.#shown) {
      const unneeded = (): boolean => this.#pursuit !== pursuit || !this.#enabled || this.#isMuted();
      await mediaArrived(source.receiver, this.#controls.clock, ARRIVAL_DEADLINE_MS, unneeded);
    }
    if (this.#pursuit === pursuit) this.#show(source);
  }

  #show(source: Source): void {
    const before = this.#shown;
    this.#lost?.[Symbol.dispose]();
    const wasLost = this.#lost !== undefined;
    this.#lost = undefined;
    this.#shown = source;
    this.#pursuit = { kind: 'none' };
    this.#failures = 0;
    this.#controls.media(this.trackId, source.receiver.mediaStreamTrack);
    before?.receiver.close();
    if (before?.link === this.#link && !wasLost) this.#controls.release(before.ready.subscriptionId);
    // The publisher has moved on meanwhile.
    if (!this.#isCurrent()) this.#retry(NEWER_SOURCE_AFTER_MS);
  }

  #hide(): void {
    this.#lost?.[Symbol.dispose]();
    this.#lost = undefined;
    const shown = this.#shown;
    if (!shown) return;
    this.#shown = undefined;
    shown.receiver.close();
    this.#controls.media(this.trackId, undefined);
  }

  #lose(): void {
    this.#lost ??= this.#controls.clock.after(LOST_AFTER_MS, () => this.#hide());
  }

  #configure({ ready }: Source): void {
    this.#controls.update({
      subscriptionId: ready.subscriptionId,
      paused: !this.#enabled,
      ...(this.#preferredLayers && ready.type !== 'simple' && { preferredLayers: this.#preferredLayers }),
    });
  }

  #handleFailure(error: SkeinClientError): void {
    this.#failures++;
    const delayMs = retryDelayMs(error, this.#failures);
    if (delayMs === undefined) this.#pursuit = { kind: 'failed' };
    else this.#retry(delayMs);
    // A publisher who is being moved is nobody's concern for as long as the last picture is shown.
    if (delayMs === undefined || (this.#failures === FAILURES_TO_TELL && !this.#shown))
      this.#controls.failed(this.trackId, error);
  }

  #retry(delayMs: number): void {
    const { clock, random } = this.#controls;
    const timer = clock.after(jitter(delayMs, random), () => void this.#ask());
    this.#pursuit = { kind: 'retrying', timer };
  }

  // What is asked for or being made is of no use any more; its answer finds another pursuit. A subscription that was being
  // made is let go of, so that asking again makes another one: browsers take each but once.
  #abandon(): void {
    const pursuit = this.#pursuit;
    this.#pursuit = { kind: 'none' };
    switch (pursuit.kind) {
      case 'retrying':
        return pursuit.timer[Symbol.dispose]();
      case 'preparing':
        if (pursuit.link === this.#link) this.#controls.release(pursuit.ready.subscriptionId);
        return;
      case 'arriving':
        pursuit.source.receiver.close();
        if (pursuit.source.link === this.#link) this.#controls.release(pursuit.source.ready.subscriptionId);
        return;
      case 'none':
      case 'asking':
      case 'failed':
        return;
    }
  }

  /** What the current session's node carries for this track. */
  #sources(): Source[] {
    const arriving = this.#pursuit.kind === 'arriving' ? [this.#pursuit.source] : [];
    return [...(this.#shown && !this.#lost ? [this.#shown] : []), ...arriving].filter(
      ({ link }) => link === this.#link,
    );
  }

  /** Whether what is shown, or a source of `epoch` on its way, is the newest that there is. */
  #isCurrent(
    epoch = this.#shown?.link === this.#link && !this.#lost ? this.#shown.ready.epoch : -1,
  ): boolean {
    return epoch >= (this.#controls.factsOf(this.trackId)?.epoch ?? 0);
  }

  #isMuted(): boolean {
    return this.#controls.factsOf(this.trackId)?.muted ?? false;
  }

  #pursued(): ReadySubscription | undefined {
    if (this.#pursuit.kind === 'preparing') return this.#pursuit.ready;
    return this.#pursuit.kind === 'arriving' ? this.#pursuit.source.ready : undefined;
  }

  #pursuedId(): string | undefined {
    return this.#pursued()?.subscriptionId;
  }

  #pursuedEpoch(): number | undefined {
    return this.#pursued()?.epoch;
  }
}
