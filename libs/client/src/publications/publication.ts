import type { Clock } from '@skein/runtime';
import { SkeinClientError } from '../errors/client-error.ts';
import { fitEncodings, haveSameLayers, isSamePlan } from './encoding-fit.ts';
import type { MediaLink, PictureSize, TrackSender } from '../media/engine.ts';
import type { LocalTrack } from './local-track.ts';
import { RtpMeter, type RtpRates } from '../media/rtp-sample.ts';
import { retryDelayMs } from '../errors/retry-delay.ts';
import { planSend, type SendPlan, type SendWish } from '../media/send-plan.ts';

/** Then nothing waits any more for a link to carry the track. */
const ATTEMPTS = 4;
/** How long a capture keeps its new size before its layers are published again: a window that is being resized changes often. */
const REPUBLISH_AFTER_MS = 500;
/** How long replaced streams are sent on; shorter than the 4 s that the node forwards them. */
const REPLACED_STREAMS_MS = 3000;

export interface PublicationPorts {
  readonly clock: Clock;
  /** Ends waiting when the room closes. */
  readonly closing: AbortSignal;
  /** The node took a track that is not wanted any more: takes it out of the room. */
  undo(trackId: string): void;
}

/** One track's streams over one link. */
interface Sent {
  readonly sender: TrackSender;
  readonly plan: SendPlan;
}

/**
 * One published track over the links that there are: sent over the newest, and over those before it until they are closed. The
 * same capture and track id everywhere. Its encodings follow the size of what is captured.
 */
export class Publication {
  readonly track: LocalTrack;
  /** The last wish of mute and unmute; an answer to an earlier one changes nothing. */
  wish = 0;
  readonly #send: SendWish;
  readonly #ports: PublicationPorts;
  readonly #sent = new Map<MediaLink, Sent>();
  /** Streams that were published again; they end when receivers had the time to go over. */
  readonly #replaced = new Map<TrackSender, Disposable>();
  /** What fits the capture as it is now. */
  #plan: SendPlan;
  #republishing: Disposable | undefined;
  #meter = new RtpMeter();
  #link: MediaLink | undefined;
  /** The carrying to the newest link, for as long as that takes. */
  #carrying: Promise<void> = Promise.resolve();
  #refusedBy: MediaLink | undefined;
  /** The room has, or had, the track. */
  #accepted = false;
  #closed = false;

  constructor(track: LocalTrack, send: SendWish, ports: PublicationPorts) {
    this.track = track;
    this.#send = send;
    this.#plan = planSend(send);
    this.#ports = ports;
  }

  get contentHint(): SendPlan['contentHint'] {
    return this.#plan.contentHint;
  }

  /** Whether `link` sends the track, or was refused it. */
  isSettledOn(link: MediaLink): boolean {
    return this.#sent.has(link) || this.#refusedBy === link;
  }

  /**
   * Sends over `link` from now on. Resolves when the newest link's node has accepted the track, be it a later one. Fails with
   * what that node refused it with. A track that the room has is not given up: what may succeed later is asked for on and on.
   */
  carry(link: MediaLink): Promise<void> {
    this.#link = link;
    this.#republishing?.[Symbol.dispose]();
    this.#carrying = this.#carryOver(link);
    return this.#carrying;
  }

  /** Resolves when the newest link carries the track, or refused it. */
  async settled(): Promise<void> {
    await this.#carrying.catch(() => undefined);
  }

  leave(link: MediaLink): void {
    this.#sent.delete(link);
  }

  setPaused(paused: boolean): void {
    // Nobody takes them up again: the room has the newer ones.
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
    if (width && height) this.#fit({ width, height });
  }

  /** Looks at the size of what is captured, and encodes what fits it. */
  async observe(): Promise<void> {
    const sender = this.#link && this.#sent.get(this.#link)?.sender;
    const capture = this.track.mediaStreamTrack;
    const size = await sender?.captureSize();
    if (size && this.track.mediaStreamTrack === capture) this.#fit(size);
  }

  /** Rates of the newest link's encodings since the call before. */
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

  async #carryOver(link: MediaLink): Promise<void> {
    for (let failures = 1; ; failures++) {
      try {
        return await this.#sendOver(link);
      } catch (thrown) {
        // The newer link's turn: whoever waits for this one waits for that one.
        if (this.#link !== link) return await this.#carrying;
        const error = SkeinClientError.from(thrown);
        const delayMs = error.retryAfterMs === undefined ? undefined : retryDelayMs(error, failures);
        if (failures >= ATTEMPTS || delayMs === undefined) this.#refusedBy = link;
        const isHopeless = delayMs === undefined || (failures >= ATTEMPTS && !this.#accepted);
        if (this.#closed || isHopeless) throw error;
        await this.#ports.clock.sleep(delayMs, this.#ports.closing);
        if (this.#link !== link) return await this.#carrying;
      }
    }
  }

  async #sendOver(link: MediaLink): Promise<void> {
    const { id: trackId, kind, source, name, muted, mediaStreamTrack } = this.track;
    const plan = this.#plan;
    const sender = await link.send({ trackId, kind, source, name, muted }, mediaStreamTrack, plan);
    if (this.#closed) {
      sender.close();
      this.#ports.undo(trackId);
      throw SkeinClientError.roomClosed();
    }
    const before = this.#sent.get(link);
    this.#sent.set(link, { sender, plan });
    if (before) this.#end(before.sender);
    this.#accepted = true;
    if (link === this.#link) this.#meter = new RtpMeter();
    // What changed while the node was asked.
    if (this.track.muted !== muted) sender.setPaused(this.track.muted);
    if (this.track.mediaStreamTrack !== mediaStreamTrack)
      await sender.replaceTrack(this.track.mediaStreamTrack);
    if (this.#plan !== plan) this.#apply(this.#plan);
    if (link !== this.#link) await this.#carrying;
  }

  #fit(size: PictureSize): void {
    if (this.#closed || this.track.kind !== 'video') return;
    const wanted = planSend({ ...this.#send, ...size });
    if (isSamePlan(wanted, this.#plan)) return;
    this.#plan = wanted;
    this.#apply(wanted);
  }

  /** At once as well as the present streams can; with the layers that it should have, published again, a little later. */
  #apply(plan: SendPlan): void {
    for (const sent of this.#sent.values())
      // A sender that has ended, or whose parameters the browser refuses, goes on as it was.
      sent.sender.setEncodings(fitEncodings(sent.plan, plan)).catch(() => undefined);
    this.#republishing?.[Symbol.dispose]();
    this.#republishing = undefined;
    const link = this.#link;
    const newest = link && this.#sent.get(link);
    if (!newest || haveSameLayers(newest.plan, plan)) return;
    this.#republishing = this.#ports.clock.after(
      REPUBLISH_AFTER_MS,
      () => void this.#republish(link, plan, 1),
    );
  }

  /** Make before break: the streams before go on until receivers had the time to go over. */
  async #republish(link: MediaLink, plan: SendPlan, attempt: number): Promise<void> {
    const isWanted = (): boolean => !this.#closed && this.#link === link && this.#plan === plan;
    try {
      await this.#sendOver(link);
    } catch (thrown) {
      const delayMs = retryDelayMs(SkeinClientError.from(thrown), attempt);
      // The present streams fit as well as they can.
      if (!isWanted() || delayMs === undefined || attempt >= ATTEMPTS) return;
      const again = (): void => void this.#republish(link, plan, attempt + 1);
      this.#republishing = this.#ports.clock.after(delayMs, again);
    }
  }

  #end(sender: TrackSender): void {
    if (this.track.muted) return sender.close();
    const timer = this.#ports.clock.after(REPLACED_STREAMS_MS, () => {
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
