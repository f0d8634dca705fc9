import type { types } from 'mediasoup-client';
import { SkeinClientError } from '../errors/client-error.ts';
import type { PictureSize, TrackSender } from '../media/engine.ts';
import type { SendEncoding } from '../media/send-plan.ts';
import { capturedSize, senderSamples } from './rtc-samples.ts';

/** Of concurrent changes one succeeds; the others are repeated. */
const SET_ATTEMPTS = 3;

/**
 * A producer of mediasoup-client. While it is paused, the `RTCRtpSender` has no track. The capture itself is never changed:
 * `MediaStreamTrack.enabled` belongs to the caller.
 */
export class MediasoupSender implements TrackSender {
  readonly #producer: types.Producer;
  #capture: MediaStreamTrack;
  #paused = false;

  constructor(producer: types.Producer, capture: MediaStreamTrack, paused: boolean) {
    this.#producer = producer;
    this.#capture = capture;
    if (paused) this.setPaused(true);
    // A stand-in was negotiated instead of it.
    else if (capture.readyState === 'ended') this.#attach().catch(() => undefined);
  }

  // Outside of mediasoup-client's queue: pausing must not wait for the negotiation of another track.
  setPaused(paused: boolean): void {
    this.#paused = paused;
    this.#attach().catch(() => undefined);
    if (paused) this.#producer.pause();
    else this.#producer.resume();
  }

  async replaceTrack(capture: MediaStreamTrack): Promise<void> {
    if (capture.readyState === 'ended') throw SkeinClientError.captureEnded();
    const before = this.#capture;
    this.#capture = capture;
    try {
      await this.#attach();
    } catch (error) {
      if (this.#capture === capture) this.#capture = before;
      throw error;
    }
  }

  async setEncodings(encodings: readonly SendEncoding[]): Promise<void> {
    const sender = this.#producer.rtpSender;
    for (let attempt = 1; sender && !this.#producer.closed; attempt++) {
      const parameters = sender.getParameters();
      for (const [index, encoding] of parameters.encodings.entries()) {
        const setting: Partial<SendEncoding> = encodings[index] ?? { active: false };
        const { active = true, maxBitrate, maxFramerate, scaleResolutionDownBy } = setting;
        Object.assign(encoding, { active }, maxBitrate && { maxBitrate });
        if (maxFramerate !== undefined) encoding.maxFramerate = maxFramerate;
        else if (active) delete encoding.maxFramerate;
        if (scaleResolutionDownBy !== undefined) encoding.scaleResolutionDownBy = scaleResolutionDownBy;
      }
      try {
        return await sender.setParameters(parameters);
      } catch (error) {
        if (attempt === SET_ATTEMPTS) throw error;
      }
    }
  }

  async captureSize(): Promise<PictureSize | undefined> {
    const capture = this.#capture;
    if (this.#producer.closed || this.#paused || capture.readyState === 'ended') return undefined;
    const framed = capturedSize(await this.#producer.getStats(), capture.id);
    if (framed) return framed;
    const { width, height } = capture.getSettings();
    return width && height ? { width, height } : undefined;
  }

  async sample(): ReturnType<TrackSender['sample']> {
    return this.#producer.closed ? [] : senderSamples(await this.#producer.getStats());
  }

  close(): void {
    this.#producer.close();
  }

  async #attach(): Promise<void> {
    const none = this.#paused || this.#capture.readyState === 'ended';
    await this.#producer.rtpSender?.replaceTrack(none ? null : this.#capture);
  }
}
