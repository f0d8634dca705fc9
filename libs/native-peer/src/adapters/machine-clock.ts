const NTP_EPOCH_MS = 2_208_988_800_000;

const monotonicOriginMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** What one process adds to the monotonic clock that all processes of a machine share: NTP's time at this moment. */
export function stampOffsetMs(): number {
  return Date.now() + NTP_EPOCH_MS - (monotonicOriginMs + performance.now());
}

/**
 * One offset for all processes that run at the same time, so that they can read each other's stamps. It is measured again when
 * the first one starts after a pause: the wall clock moves against the monotonic one, and mediasoup drops stamps that are off.
 */
export class SharedStampOffset {
  readonly #measure: () => number;
  #users = 0;
  #offsetMs = 0;

  constructor(measure: () => number = stampOffsetMs) {
    this.#measure = measure;
  }

  /** The offset in ms; each call takes one `release` once. */
  acquire(): number {
    if (this.#users++ === 0) this.#offsetMs = this.#measure();
    return this.#offsetMs;
  }

  release(): void {
    this.#users--;
  }
}

/**
 * A clock for stamps, in ms since 1900 as NTP has it. Processes that were given the same offset agree to the
 * microsecond; mediasoup passes on no capture time that is far from its own.
 */
export function stampClock(offsetMs: number): () => number {
  const originMs = monotonicOriginMs + offsetMs;
  return () => originMs + performance.now();
}
