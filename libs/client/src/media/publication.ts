import type { Clock } from '@skein/runtime';
import { SkeinClientError } from '../client-error.ts';
import type { MediaLink, TrackSender } from './engine.ts';
import type { LocalTrack } from './local-track.ts';
import { RtpMeter, type RtpRates } from './rtp-sample.ts';
import { retryDelayMs } from './retry-delay.ts';
import type { SendPlan } from './send-plan.ts';

/** Then nothing waits any more for a link to carry the track. */
const ATTEMPTS = 4;

/**
 * One published track over the links that there are: sent over the newest, and over those before it until they are closed. The
 * same capture and track id everywhere.
 */
export class Publication {
  readonly track: LocalTrack;
  readonly plan: SendPlan;
  /** The last wish of mute and unmute; an answer to an earlier one changes nothing. */
  wish = 0;
  readonly #clock: Clock;
  readonly #senders = new Map<MediaLink, TrackSender>();
  #meter = new RtpMeter();
  #link: MediaLink | undefined;
  /** The carrying to the newest link, for as long as that takes. */
  #carrying: Promise<void> = Promise.resolve();
  #refusedBy: MediaLink | undefined;
  /** The room has, or had, the track. */
  #accepted = false;
  #closed = false;

  constructor(track: LocalTrack, plan: SendPlan, clock: Clock) {
    this.track = track;
    this.plan = plan;
    this.#clock = clock;
  }

  /** Whether `link` sends the track, or was refused it. */
  isSettledOn(link: MediaLink): boolean {
    return this.#senders.has(link) || this.#refusedBy === link;
  }

  /**
   * Sends over `link` from now on. Resolves when the newest link's node has accepted the track, be it a later one. Fails with
   * what that node refused it with. A track that the room has is not given up: what may succeed later is asked for on and on.
   */
  carry(link: MediaLink): Promise<void> {
    this.#link = link;
    this.#carrying = this.#carryOver(link);
    return this.#carrying;
  }

  /** Resolves when the newest link carries the track, or refused it. */
  async settled(): Promise<void> {
    await this.#carrying.catch(() => undefined);
  }

  leave(link: MediaLink): void {
    this.#senders.delete(link);
  }

  setPaused(paused: boolean): void {
    for (const sender of this.#senders.values()) sender.setPaused(paused);
  }

  async replaceTrack(mediaStreamTrack: MediaStreamTrack): Promise<void> {
    const newest = this.#link && this.#senders.get(this.#link);
    const others = [...this.#senders.values()].filter((sender) => sender !== newest);
    for (const sender of others) sender.replaceTrack(mediaStreamTrack).catch(() => undefined);
    await newest?.replaceTrack(mediaStreamTrack);
  }

  /** Rates of the newest link's encodings since the call before. */
  async measure(): Promise<readonly RtpRates[]> {
    const sender = this.#link && this.#senders.get(this.#link);
    return sender ? this.#meter.measure(await sender.sample()) : [];
  }

  close(): void {
    this.#closed = true;
    for (const sender of this.#senders.values()) sender.close();
    this.#senders.clear();
  }

  async #carryOver(link: MediaLink): Promise<void> {
    for (let failures = 1; ; failures++) {
      try {
        return await this.#send(link);
      } catch (thrown) {
        // The newer link's turn: whoever waits for this one waits for that one.
        if (this.#link !== link) return await this.#carrying;
        const error = SkeinClientError.from(thrown);
        const delayMs = error.retryAfterMs === undefined ? undefined : retryDelayMs(error, failures);
        if (failures >= ATTEMPTS || delayMs === undefined) this.#refusedBy = link;
        const isHopeless = delayMs === undefined || (failures >= ATTEMPTS && !this.#accepted);
        if (this.#closed || isHopeless) throw error;
        await this.#clock.sleep(delayMs);
        if (this.#link !== link) return await this.#carrying;
      }
    }
  }

  async #send(link: MediaLink): Promise<void> {
    const { id: trackId, kind, source, name, muted, mediaStreamTrack } = this.track;
    const sender = await link.send({ trackId, kind, source, name, muted }, mediaStreamTrack, this.plan);
    if (this.#closed) {
      sender.close();
      throw SkeinClientError.roomClosed();
    }
    this.#senders.set(link, sender);
    this.#accepted = true;
    if (link === this.#link) this.#meter = new RtpMeter();
    // What changed while the node was asked.
    if (this.track.muted !== muted) sender.setPaused(this.track.muted);
    if (this.track.mediaStreamTrack !== mediaStreamTrack)
      await sender.replaceTrack(this.track.mediaStreamTrack);
    if (link !== this.#link) await this.#carrying;
  }
}
