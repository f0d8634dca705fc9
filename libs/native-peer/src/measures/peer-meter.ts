import { Histogram } from './histogram.ts';
import { zeroCounts, type MeasuredCounts, type PeerMeasures } from './peer-measures.ts';
import type { StreamTake } from './stream-meter.ts';

/** Counts for all peers of a process, until a report takes them. */
export class PeerMeter {
  readonly joinMs = new Histogram();
  readonly answerMs = new Histogram();
  readonly firstPacketMs = new Histogram();
  readonly firstKeyFrameMs = new Histogram();
  readonly latencyMs = new Histogram();
  readonly #gapMs = new Histogram();
  readonly #jitterMs = new Histogram();
  counts: MeasuredCounts = zeroCounts();
  #failures: Record<string, number> = {};

  joinFailed(code: string): void {
    this.#failures[code] = (this.#failures[code] ?? 0) + 1;
  }

  /** Adds what came of one subscription. */
  stream(take: StreamTake): void {
    const { counts } = this;
    counts.packetsReceived += take.packets;
    counts.bytesReceived += take.bytes;
    counts.packetsLost += take.lost;
    counts.packetsDuplicate += take.duplicates;
    counts.framesReceived += take.frames;
    counts.keyFramesReceived += take.keyFrames;
    if (take.gapMs > 0) this.#gapMs.record(take.gapMs);
    if (take.packets > 0) this.#jitterMs.record(take.jitterMs);
  }

  take(): PeerMeasures {
    const measures: PeerMeasures = {
      ...this.counts,
      joinFailures: this.#failures,
      joinMs: this.joinMs.take(),
      answerMs: this.answerMs.take(),
      firstPacketMs: this.firstPacketMs.take(),
      firstKeyFrameMs: this.firstKeyFrameMs.take(),
      latencyMs: this.latencyMs.take(),
      gapMs: this.#gapMs.take(),
      jitterMs: this.#jitterMs.take(),
    };
    this.counts = zeroCounts();
    this.#failures = {};
    return measures;
  }
}
