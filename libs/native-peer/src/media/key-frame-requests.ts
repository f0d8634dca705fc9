/** libwebrtc's `EncoderRtcpFeedback`: what comes so soon after a request that was met is dropped, and not met later. */
const DROPPED_WITHIN_MS = 300;

/**
 * Which requests for a key frame of one track are met, as libwebrtc decides it: whichever of its encodings is asked for,
 * all of them restart with a key frame at the next frame, and what comes within 300 ms of such a request is dropped.
 */
export class KeyFrameRequests {
  #metAtMs = -Infinity;

  /** Whether this one is met. */
  take(nowMs: number): boolean {
    if (nowMs < this.#metAtMs + DROPPED_WITHIN_MS) return false;
    this.#metAtMs = nowMs;
    return true;
  }
}
