import type { ClientEvent, Layers, ReadySubscription } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { Emitter } from '@skein/runtime/emitter';
import { jitter, type Random } from '@skein/runtime/random';
import { SkeinClientError } from '../client-error.ts';
import type { MediaLink, TrackReceiver } from './engine.ts';
import { RtpMeter, type RtpRates } from './rtp-sample.ts';
import { retryDelayMs } from './subscription-retry.ts';
import { SubscriptionUpdates, type SubscriptionUpdate } from './subscription-updates.ts';

/** What subscriptions ask of the gateway and of the room. */
export interface SubscriptionPorts {
  subscribe(trackId: string, preferredLayers: Layers | undefined): Promise<ReadySubscription>;
  unsubscribe(subscriptionId: string): Promise<unknown>;
  update(updates: SubscriptionUpdate[]): Promise<unknown>;
  /** A voice is played in step with its speaker's camera, but not held back by their screen. */
  syncGroupOf(trackId: string): string;
}

export interface SubscriptionEvents {
  /** Media of a track arrives, is another one than before, or (undefined) ended. */
  media: { readonly trackId: string; readonly mediaStreamTrack: MediaStreamTrack | undefined };
  layers: { readonly trackId: string; readonly layers: Layers | undefined };
  /** Asking again is useless, or was tried for long. */
  failed: { readonly trackId: string; readonly error: SkeinClientError };
}

type Phase =
  | { readonly kind: 'idle' }
  | { readonly kind: 'asking' }
  | { readonly kind: 'preparing'; readonly subscriptionId: string }
  | {
      readonly kind: 'receiving';
      readonly ready: ReadySubscription;
      readonly receiver: TrackReceiver;
      readonly meter: RtpMeter;
    }
  | { readonly kind: 'retrying'; readonly timer: Disposable }
  | { readonly kind: 'failed' };

/** What this client wants of one track, and how far that has come. */
interface Wanted {
  readonly trackId: string;
  enabled: boolean;
  preferredLayers: Layers | undefined;
  failures: number;
  phase: Phase;
}

const RESUBSCRIBE_AFTER_MS = 250;
/** Failures in a row after which the room is told, while asking goes on. */
const FAILURES_TO_TELL = 4;

/** Which tracks are received, over whichever link carries this client. Wishes outlive links and failures. */
export class Subscriptions {
  readonly events = new Emitter<SubscriptionEvents>();
  readonly #ports: SubscriptionPorts;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #wanted = new Map<string, Wanted>();
  readonly #updates: SubscriptionUpdates;
  #link: MediaLink | undefined;

  constructor(ports: SubscriptionPorts, clock: Clock, random: Random) {
    this.#ports = ports;
    this.#clock = clock;
    this.#random = random;
    this.#updates = new SubscriptionUpdates(
      (updates) => ports.update(updates),
      (update, error) => this.#handleUpdateFailed(update, error),
    );
  }

  /** Media comes over `link` from now on; `ready` are subscriptions that the node has made already. */
  handleLink(link: MediaLink, ready: readonly ReadySubscription[]): void {
    this.#link = link;
    for (const subscription of ready) {
      const wanted = this.#want(subscription.trackId);
      if (wanted.phase.kind === 'idle') void this.#prepare(wanted, subscription);
    }
  }

  subscribe(trackId: string): void {
    const wanted = this.#want(trackId);
    if (wanted.phase.kind === 'idle' || wanted.phase.kind === 'failed') void this.#ask(wanted);
  }

  unsubscribe(trackId: string): void {
    const wanted = this.#wanted.get(trackId);
    const subscriptionId = wanted && subscriptionOf(wanted.phase);
    this.handleTrackGone(trackId);
    if (subscriptionId !== undefined) this.#release(subscriptionId);
  }

  setEnabled(trackId: string, enabled: boolean): void {
    const wanted = this.#want(trackId);
    wanted.enabled = enabled;
    if (wanted.phase.kind === 'receiving') {
      this.#updates.add({ subscriptionId: wanted.phase.ready.subscriptionId, paused: !enabled });
    }
  }

  setPreferredLayers(trackId: string, preferredLayers: Layers): void {
    const wanted = this.#want(trackId);
    wanted.preferredLayers = preferredLayers;
    if (wanted.phase.kind === 'receiving' && wanted.phase.ready.type !== 'simple') {
      this.#updates.add({ subscriptionId: wanted.phase.ready.subscriptionId, preferredLayers });
    }
  }

  /** The track left the room; the node lets go of its subscription by itself. */
  handleTrackGone(trackId: string): void {
    const wanted = this.#wanted.get(trackId);
    this.#wanted.delete(trackId);
    if (wanted) this.#stop(wanted);
  }

  /** The node closed a subscription: the track is going, or the way to it broke. */
  handleClosed({ subscriptionId, trackId }: ClientEvent<'subscriptionClosed'>): void {
    const wanted = this.#wanted.get(trackId);
    if (!wanted || subscriptionOf(wanted.phase) !== subscriptionId) return;
    this.#stop(wanted);
    this.#retry(wanted, RESUBSCRIBE_AFTER_MS);
  }

  handleLayersChanged({ subscriptionId, trackId, layers }: ClientEvent<'subscriptionLayersChanged'>): void {
    const wanted = this.#wanted.get(trackId);
    if (wanted && subscriptionOf(wanted.phase) === subscriptionId)
      this.events.emit('layers', { trackId, layers });
  }

  /** Rates of one track's streams since the call before; undefined while it is not received. */
  async measure(trackId: string): Promise<readonly RtpRates[] | undefined> {
    const phase = this.#wanted.get(trackId)?.phase;
    return phase?.kind === 'receiving' ? phase.meter.measure(await phase.receiver.sample()) : undefined;
  }

  audioLevel(trackId: string): number | undefined {
    const phase = this.#wanted.get(trackId)?.phase;
    return phase?.kind === 'receiving' ? phase.receiver.audioLevel : undefined;
  }

  close(): void {
    for (const trackId of this.#wanted.keys()) this.handleTrackGone(trackId);
  }

  #want(trackId: string): Wanted {
    const known = this.#wanted.get(trackId);
    if (known) return known;
    const wanted: Wanted = {
      trackId,
      enabled: true,
      preferredLayers: undefined,
      failures: 0,
      phase: { kind: 'idle' },
    };
    this.#wanted.set(trackId, wanted);
    return wanted;
  }

  async #ask(wanted: Wanted): Promise<void> {
    wanted.phase = { kind: 'asking' };
    try {
      const subscription = await this.#ports.subscribe(wanted.trackId, wanted.preferredLayers);
      if (this.#wanted.get(wanted.trackId) === wanted) await this.#prepare(wanted, subscription);
      else if (!this.#wanted.has(wanted.trackId)) this.#release(subscription.subscriptionId);
    } catch (thrown) {
      this.#handleFailure(wanted, SkeinClientError.from(thrown));
    }
  }

  async #prepare(wanted: Wanted, ready: ReadySubscription): Promise<void> {
    if (!this.#link) return;
    const phase: Phase = { kind: 'preparing', subscriptionId: ready.subscriptionId };
    wanted.phase = phase;
    try {
      const receiver = await this.#link.receive(ready, this.#ports.syncGroupOf(wanted.trackId));
      // Closed or unwanted meanwhile.
      if (wanted.phase !== phase || this.#wanted.get(wanted.trackId) !== wanted) return receiver.close();
      this.#receive(wanted, ready, receiver);
    } catch (thrown) {
      if (wanted.phase !== phase) return;
      this.#release(ready.subscriptionId);
      this.#handleFailure(wanted, SkeinClientError.from(thrown));
    }
  }

  #receive(wanted: Wanted, ready: ReadySubscription, receiver: TrackReceiver): void {
    const { trackId, enabled, preferredLayers } = wanted;
    wanted.phase = { kind: 'receiving', ready, receiver, meter: new RtpMeter() };
    wanted.failures = 0;
    this.#updates.add({
      subscriptionId: ready.subscriptionId,
      paused: !enabled,
      ...(preferredLayers && ready.type !== 'simple' && { preferredLayers }),
    });
    this.events.emit('media', { trackId, mediaStreamTrack: receiver.mediaStreamTrack });
  }

  #handleFailure(wanted: Wanted, error: SkeinClientError): void {
    if (this.#wanted.get(wanted.trackId) !== wanted) return;
    wanted.failures++;
    const delayMs = retryDelayMs(error, wanted.failures);
    if (delayMs === undefined) wanted.phase = { kind: 'failed' };
    else this.#retry(wanted, delayMs);
    if (delayMs === undefined || wanted.failures === FAILURES_TO_TELL) {
      this.events.emit('failed', { trackId: wanted.trackId, error });
    }
  }

  #retry(wanted: Wanted, delayMs: number): void {
    const timer = this.#clock.after(jitter(delayMs, this.#random), () => void this.#ask(wanted));
    wanted.phase = { kind: 'retrying', timer };
  }

  // A subscription that could not be resumed is made anew: the same path as one that the node closed.
  #handleUpdateFailed({ subscriptionId }: SubscriptionUpdate, error: SkeinClientError): void {
    const wanted = [...this.#wanted.values()].find(({ phase }) => subscriptionOf(phase) === subscriptionId);
    if (!wanted) return;
    if (retryDelayMs(error, 1) === undefined)
      return this.events.emit('failed', { trackId: wanted.trackId, error });
    this.#stop(wanted);
    this.#handleFailure(wanted, error);
  }

  #stop(wanted: Wanted): void {
    const { phase, trackId } = wanted;
    wanted.phase = { kind: 'idle' };
    if (phase.kind === 'retrying') phase.timer[Symbol.dispose]();
    if (phase.kind !== 'receiving') return;
    this.#updates.forget(phase.ready.subscriptionId);
    phase.receiver.close();
    this.events.emit('media', { trackId, mediaStreamTrack: undefined });
  }

  // Best effort: a subscription that nobody holds any more is also let go of when the session ends.
  #release(subscriptionId: string): void {
    this.#ports.unsubscribe(subscriptionId).catch(() => undefined);
  }
}

function subscriptionOf(phase: Phase): string | undefined {
  switch (phase.kind) {
    case 'preparing':
      return phase.subscriptionId;
    case 'receiving':
      return phase.ready.subscriptionId;
    case 'idle':
    case 'asking':
    case 'retrying':
    case 'failed':
      return undefined;
  }
}
