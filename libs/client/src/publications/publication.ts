import type { Clock } from '@skein/runtime';
import { SkeinClientError } from '../errors/client-error.ts';
import { fitEncodings, haveSameLayers, isSamePlan } from './encoding-fit.ts';
import type { MediaLink, PictureSize, TrackSender } from '../media/engine.ts';
import type { PublishedTrack } from './local-track.ts';
import { RtpMeter, type RtpRates } from '../media/rtp-sample.ts';
import { retryDelayMs } from '../errors/retry-delay.ts';
import { planSend, type SendPlan, type SendOptions } from '../media/send-plan.ts';

/** Attempts to publish a track that the room does not have yet, or to publish changed layers again. */
const ATTEMPTS = 4;
/** How long a capture must keep a new size before its layers are published again: a window that is being resized changes often. */
const REPUBLISH_AFTER_MS = 500;
/** How long replaced streams are still sent; shorter than the 4 s for which the node forwards them. */
const REPLACED_STREAMS_MS = 3000;

export interface PublicationDeps {
  readonly clock: Clock;
  /** Ends waiting when the room closes. */
  readonly closing: AbortSignal;
  /** The node accepted a track that was unpublished in the meantime: removes it from the room. */
  removeStale(trackId: string): void;
}

/** One track's streams over one link. */
interface Sent {
  readonly sender: TrackSender;
  readonly plan: SendPlan;
}

/**
 * One published track on all links: sent over the newest link, and over older ones until they close, with the same capture and
 * track id. Its encodings follow the size of the captured picture.
 */
export class Publication {
  readonly track: PublishedTrack;
  /** Counts calls of mute and unmute; the answer to an earlier one is ignored. */
  muteRevision = 0;
  readonly #send: SendOptions;
  readonly #deps: PublicationDeps;
  readonly #sent = new Map<MediaLink, Sent>();
  /** Streams that newer ones have replaced; they are closed after receivers had time to switch. */
  readonly #replaced = new Map<TrackSender, Disposable>();
  /** Fits the current size of the capture. */
  #plan: SendPlan;
  #republishing: Disposable | undefined;
  #meter = new RtpMeter();
  #link: MediaLink | undefined;
  /** Settles when the newest link sends the track or was refused it. */
  #sending: Promise<void> = Promise.resolve();
  #refusedBy: MediaLink | undefined;
  /** Some session has accepted the track. */
  #accepted = false;
  #closed = false;

  constructor(track: PublishedTrack, send: SendOptions, deps: PublicationDeps) {
    this.track = track;
    this.#send = send;
    this.#plan = planSend(send);
    this.#deps = deps;
  }

  get contentHint(): SendPlan['contentHint'] {
    return this.#plan.contentHint;
  }

  /** Whether `link` sends the track or was refused it. */
  isSettledOn(link: MediaLink): boolean {
    return this.#sent.has(link) || this.#refusedBy === link;
  }

  /**
   * Sends over `link` from now on. Resolves when the node of the newest link has accepted the track, even if that is a later
   * link. Fails with the error of that node. A track that the room has is retried until it succeeds or the error is final.
   */
  sendOver(link: MediaLink): Promise<void> {
    this.#link = link;
    this.#republishing?.[Symbol.dispose]();
    this.#sending = this.#retrySend(link);
    return this.#sending;
  }

  /** Resolves when the newest link sends the track or was refused it. Never rejects. */
  async settled(): Promise<void> {
    await this.#sending.catch(() => undefined);
  }

  handleLinkClosed(link: MediaLink): void {
    this.#sent.delete(link);
  }

  setPaused(paused: boolean): void {
    // The newer streams are the ones that resume.
    if (paused) this.#endReplaced();
    for (const { sender } of this.#sent.values()) sender.setPaused(paused);
  }

  async replaceTrack(mediaStreamTrack: MediaStreamTrack): Promise<void> {
    const newest = this.#link && this.#sent.get(this.#link)?.sender;
    const others = [...this.#sent.values()].filter(({ sender }) => sender !== newest);
    for (const sender of [...others.map((one) => one.sender), ...this.#replaced.keys()])
      sender.replaceTrack(mediaStreamTrack).catch(() => undefined);
    await newest?.replaceTrack(mediaStreamTrack);
    const { width, height } = mediaStreamTrack.getSettings();
    if (!width || !height) return;
    this.track.handleCaptureSize({ width, height });
    this.#fit({ width, height });
  }

  /** Checks the size of the captured picture and fits the encodings to it. */
  async observe(): Promise<void> {
    const sender = this.#link && this.#sent.get(this.#link)?.sender;
    const capture = this.track.mediaStreamTrack;
    const size = await sender?.captureSize();
    if (!size || this.track.mediaStreamTrack !== capture) return;
    this.track.handleCaptureSize(size);
    this.#fit(size);
  }

  /** Rates of the newest link's encodings since the previous call. */
  async measure(): Promise<readonly RtpRates[]> {
    const sent = this.#link && this.#sent.get(this.#link);
    return sent ? this.#meter.measure(await sent.sender.sample()) : [];
  }

  close(): void {
    this.#closed = true;
    this.#republishing?.[Symbol.dispose]();
    this.#endReplaced();
    for (const { sender } of this.#sent.values()) sender.close();
    this.#sent.clear();
  }

  async #retrySend(link: MediaLink): Promise<void> {
    for (let failures = 1; ; failures++) {
      try {
        return await this.#sendOver(link);
      } catch (thrown) {
        // A newer link took over: its outcome is the outcome of this call.
        if (this.#link !== link) return await this.#sending;
        const error = SkeinClientError.from(thrown);
        const delayMs = error.retryAfterMs === undefined ? undefined : retryDelayMs(error, failures);
        if (failures >= ATTEMPTS || delayMs === undefined) this.#refusedBy = link;
        const isHopeless = delayMs === undefined || (failures >= ATTEMPTS && !this.#accepted);
        if (this.#closed || isHopeless) throw error;
        await this.#deps.clock.sleep(delayMs, this.#deps.closing);
        if (this.#link !== link) return await this.#sending;
      }
    }
  }

  async #sendOver(link: MediaLink): Promise<void> {
    const { id: trackId, kind, source, name, muted, mediaStreamTrack } = this.track;
    const plan = this.#plan;
    const sender = await link.send({ trackId, kind, source, name, muted }, mediaStreamTrack, plan);
    if (this.#closed) {
      sender.close();
      this.#deps.removeStale(trackId);
      throw SkeinClientError.roomClosed();
    }
    const before = this.#sent.get(link);
    this.#sent.set(link, { sender, plan });
    if (before) this.#end(before.sender);
    this.#accepted = true;
    if (link === this.#link) this.#meter = new RtpMeter();
    // Apply what has changed during the request.
    if (this.track.muted !== muted) sender.setPaused(this.track.muted);
    if (this.track.mediaStreamTrack !== mediaStreamTrack)
      await sender.replaceTrack(this.track.mediaStreamTrack);
    if (this.#plan !== plan) this.#apply(this.#plan);
    if (link !== this.#link) await this.#sending;
  }

  #fit(size: PictureSize): void {
    if (this.#closed || this.track.kind !== 'video') return;
    const wanted = planSend({ ...this.#send, ...size });
    if (isSamePlan(wanted, this.#plan)) return;
    this.#plan = wanted;
    this.#apply(wanted);
  }

  /** Adapts the present streams at once. If the plan needs other layers, publishes them again a little later. */
  #apply(plan: SendPlan): void {
    for (const sent of this.#sent.values())
      // A sender that has ended, or whose parameters the browser refuses, stays as it is.
      sent.sender.setEncodings(fitEncodings(sent.plan, plan)).catch(() => undefined);
    this.#republishing?.[Symbol.dispose]();
    this.#republishing = undefined;
    const link = this.#link;
    const newest = link && this.#sent.get(link);
    if (!newest || haveSameLayers(newest.plan, plan)) return;
    this.#republishing = this.#deps.clock.after(
      REPUBLISH_AFTER_MS,
      () => void this.#republish(link, plan, 1),
    );
  }

  /** Make before break: the old streams continue until receivers had time to switch. */
  async #republish(link: MediaLink, plan: SendPlan, attempt: number): Promise<void> {
    const isWanted = (): boolean => !this.#closed && this.#link === link && this.#plan === plan;
    try {
      await this.#sendOver(link);
    } catch (thrown) {
      const delayMs = retryDelayMs(SkeinClientError.from(thrown), attempt);
      // The present streams stay, adapted as well as possible.
      if (!isWanted() || delayMs === undefined || attempt >= ATTEMPTS) return;
      const retry = (): void => void this.#republish(link, plan, attempt + 1);
      this.#republishing = this.#deps.clock.after(delayMs, retry);
    }
  }

  #end(sender: TrackSender): void {
    if (this.track.muted) return sender.close();
    const timer = this.#deps.clock.after(REPLACED_STREAMS_MS, () => {
      this.#replaced.delete(sender);
      sender.close();
    });
    this.#replaced.set(sender, timer);
  }

  #endReplaced(): void {
    for (const [sender, timer] of this.#replaced) {
      timer[Symbol.dispose]();
      sender.close();
    }
    this.#replaced.clear();
  }
}
