/** Counters of one RTP stream at one moment (WebRTC statistics, `RTCRtpStreamStats`). */
export interface RtpSample {
  /** The SSRC as text; distinguishes the streams of one track. */
  readonly streamId: string;
  readonly rid?: string | undefined;
  readonly atMs: number;
  readonly bytes: number;
  readonly packets: number;
  /** Receiving: lost before this client. Sending: lost as the node reports. A running total that may decrease. */
  readonly packetsLost?: number | undefined;
  readonly jitterMs?: number | undefined;
  readonly roundTripMs?: number | undefined;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly framesPerSecond?: number | undefined;
  /** Such as `VP8`. */
  readonly codec?: string | undefined;
  /** Total seconds of concealed audio and frozen video. */
  readonly freezeSeconds?: number | undefined;
}

/** One RTP stream between two samples. */
export interface RtpRates {
  readonly rid?: string | undefined;
  readonly bitrateBps: number;
  readonly packetsPerSecond: number;
  /** 0 to 1; undefined while nothing was sent or received. */
  readonly lossRatio?: number | undefined;
  readonly jitterMs?: number | undefined;
  readonly roundTripMs?: number | undefined;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly framesPerSecond?: number | undefined;
  readonly codec?: string | undefined;
  readonly freezeSeconds?: number | undefined;
}

/** Closer samples have no news: browsers refresh their statistics a few times a second. */
const SHORTEST_INTERVAL_MS = 200;

interface Measured {
  readonly sample: RtpSample;
  readonly rates: RtpRates;
}

/** Converts running totals into rates: each call compares its samples with those of the previous call. */
export class RtpMeter {
  #last = new Map<string, Measured>();

  measure(samples: readonly RtpSample[]): RtpRates[] {
    const measured = samples.map((sample) => measureOne(this.#last.get(sample.streamId), sample));
    this.#last = new Map(measured.map((one) => [one.sample.streamId, one]));
    return measured.map(({ rates }) => rates);
  }
}

function measureOne(last: Measured | undefined, sample: RtpSample): Measured {
  if (last && sample.atMs - last.sample.atMs < SHORTEST_INTERVAL_MS) return last;
  return { sample, rates: ratesBetween(last?.sample, sample) };
}

/** Rates from `before` to `now`; 0 without `before` and after the counters were reset. */
export function ratesBetween(before: RtpSample | undefined, now: RtpSample): RtpRates {
  const { rid, jitterMs, roundTripMs, width, height, framesPerSecond, codec, freezeSeconds } = now;
  const seconds = before ? (now.atMs - before.atMs) / 1000 : 0;
  const comparable = before !== undefined && seconds > 0 && now.bytes >= before.bytes;
  const packets = comparable ? now.packets - before.packets : 0;
  return {
    rid,
    bitrateBps: comparable ? Math.round(((now.bytes - before.bytes) * 8) / seconds) : 0,
    packetsPerSecond: comparable ? packets / seconds : 0,
    lossRatio: comparable
      ? lossRatio(packets, (now.packetsLost ?? 0) - (before.packetsLost ?? 0))
      : undefined,
    jitterMs,
    roundTripMs,
    width,
    height,
    framesPerSecond,
    codec,
    freezeSeconds,
  };
}

// Duplicates decrease the running total of lost packets (RFC 3550 §6.4.1): count that as no loss.
function lossRatio(packets: number, lost: number): number | undefined {
  const clean = Math.max(0, lost);
  return packets + clean > 0 ? clean / (packets + clean) : undefined;
}
