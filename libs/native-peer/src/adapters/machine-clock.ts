const NTP_EPOCH_MS = 2_208_988_800_000;

const monotonicOriginMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** What one process adds to the monotonic clock that all processes of a machine share: NTP's time at this moment. */
export function stampOffsetMs(): number {
  return Date.now() + NTP_EPOCH_MS - (monotonicOriginMs + performance.now());
}

/**
 * A clock for stamps, in ms since 1900 as NTP has it. Processes that were given the same offset agree to the
 * microsecond; mediasoup passes on no capture time that is far from its own.
 */
export function stampClock(offsetMs: number): () => number {
  const originMs = monotonicOriginMs + offsetMs;
  return () => originMs + performance.now();
}
