import { FrameAssembler, type Arrived, type FramePart } from './frame-assembler.ts';

/** What one packet of a stream says, as far as it is measured. */
export interface PacketFacts extends FramePart {
  readonly sequence: number;
  readonly timestamp: number;
  readonly bytes: number;
}

/** What came of one stream since the last taking. */
export interface StreamTake {
  readonly packets: number;
  readonly bytes: number;
  /** Less than 0 when late packets make up for what was counted as lost before. */
  readonly lost: number;
  readonly duplicates: number;
  readonly frames: number;
  readonly keyFrames: number;
  /** The longest time without a packet, up to now. */
  readonly gapMs: number;
  readonly jitterMs: number;
}

/** For a receiver report. */
export interface StreamReport {
  readonly highestSequence: number;
  readonly lost: number;
  readonly fractionLost: number;
  /** In timestamp units. */
  readonly jitter: number;
}

// RFC 3550 A.1: a sequence number further ahead than this is taken for a restarted stream.
const MAX_DROPOUT = 3000;
/** A packet off by more is of another timeline, as after a switch of layers or a restarted source, and not late. */
const MAX_TRANSIT_STEP_SECONDS = 1;
/** Sequence numbers that are remembered to tell late packets from duplicates. */
const WINDOW = 256;
const WINDOW_MASK = WINDOW - 1;

/** Measures one received SSRC: loss by sequence numbers and jitter as RFC 3550 has them, gaps, whole frames. */
export class StreamMeter {
  readonly #clockRate: number;
  readonly #seen = new Int32Array(WINDOW).fill(-1);
  #base = -1;
  /** Extended by the wraps that were passed. */
  #highest = -1;
  #received = 0;
  #taken = { received: 0, lost: 0 };
  #reported = { expected: 0, received: 0 };
  #packets = 0;
  #bytes = 0;
  #duplicates = 0;
  #gapMs = 0;
  #lastAtMs = 0;
  #jitter = 0;
  /** None where a timeline begins. */
  #lastTransit: number | undefined;
  readonly #assembler = new FrameAssembler();
  #sawKeyFrame = false;
  #total = { packets: 0, bytes: 0 };

  constructor(clockRate: number) {
    this.#clockRate = clockRate;
  }

  get started(): boolean {
    return this.#base >= 0;
  }

  /** Whether what comes next can be decoded at once. */
  get decodable(): boolean {
    return this.#assembler.decodable;
  }

  /** Sequence numbers without which what came after them cannot be decoded. */
  get missing(): number[] {
    return this.#assembler.missing.map((sequence) => sequence & 0xffff);
  }

  get everDecodable(): boolean {
    return this.#sawKeyFrame;
  }

  /** Since the stream began. */
  get total(): {
    readonly packets: number;
    readonly bytes: number;
    readonly lost: number;
    readonly jitterMs: number;
  } {
    return { ...this.#total, lost: this.#lost(), jitterMs: (this.#jitter * 1000) / this.#clockRate };
  }

  /** Counts a packet that arrived at `nowMs`. */
  packet(facts: PacketFacts, nowMs: number): Arrived {
    const extended = this.#extend(facts.sequence);
    const slot = extended & WINDOW_MASK;
    if (this.#seen[slot] === extended) {
      this.#duplicates++;
      return 'nothing';
    }
    this.#seen[slot] = extended;
    if (extended > this.#highest) this.#highest = extended;
    this.#received++;
    this.#packets++;
    this.#bytes += facts.bytes;
    this.#total.packets++;
    this.#total.bytes += facts.bytes;
    this.#time(facts.timestamp, nowMs);
    const arrived = this.#assembler.packet(extended, facts);
    if (arrived === 'key-frame') this.#sawKeyFrame = true;
    return arrived;
  }

  /** Nothing is expected for now, such as while its publisher is muted: the time until the next packet is no gap. */
  rest(): void {
    this.#lastAtMs = 0;
    this.#lastTransit = undefined;
  }

  take(nowMs: number): StreamTake {
    const lost = this.#lost();
    const openGapMs = this.#lastAtMs > 0 ? nowMs - this.#lastAtMs : 0;
    const { ended } = this.#assembler;
    const taken = {
      packets: this.#packets,
      bytes: this.#bytes,
      lost: lost - this.#taken.lost,
      duplicates: this.#duplicates,
      ...ended,
      gapMs: Math.max(this.#gapMs, openGapMs),
      jitterMs: (this.#jitter * 1000) / this.#clockRate,
    };
    this.#taken = { received: this.#received, lost };
    this.#packets = this.#bytes = this.#duplicates = this.#gapMs = 0;
    ended.frames = ended.keyFrames = 0;
    return taken;
  }

  /** As RFC 3550 A.3 has it; each report covers what came since the one before. */
  report(): StreamReport {
    const expected = this.#expected();
    const expectedNow = expected - this.#reported.expected;
    const lostNow = expectedNow - (this.#received - this.#reported.received);
    this.#reported = { expected, received: this.#received };
    return {
      highestSequence: this.#highest,
      lost: this.#lost(),
      fractionLost: expectedNow > 0 && lostNow > 0 ? lostNow / expectedNow : 0,
      jitter: this.#jitter,
    };
  }

  #expected(): number {
    return this.#base < 0 ? 0 : this.#highest - this.#base + 1;
  }

  #lost(): number {
    return Math.max(0, this.#expected() - this.#received);
  }

  #extend(sequence: number): number {
    if (this.#base < 0) return this.#restart(sequence);
    const step = (sequence - this.#highest) & 0xffff;
    if (step < 0x8000) return step > MAX_DROPOUT ? this.#restart(sequence) : this.#highest + step;
    const back = this.#highest - (0x10000 - step);
    // Older than the first packet: the stream is taken to begin there.
    if (back < this.#base && back >= 0) this.#base = back;
    return back;
  }

  /** Counts losses from the new beginning; earlier ones stay counted. */
  #restart(sequence: number): number {
    const lost = this.#lost();
    this.#base = sequence + 0x10000;
    this.#highest = this.#base - 1;
    this.#received = -lost;
    this.#seen.fill(-1);
    this.#lastTransit = undefined;
    this.#assembler.restart();
    this.#reported = { expected: 0, received: this.#received };
    return this.#base;
  }

  #time(timestamp: number, nowMs: number): void {
    if (this.#lastAtMs > 0) this.#gapMs = Math.max(this.#gapMs, nowMs - this.#lastAtMs);
    this.#lastAtMs = nowMs;
    // RFC 3550 A.8, in 32 bits as the timestamps are. That is for one unbroken timeline: the estimate leaves out the step to another.
    const transit = ((nowMs * this.#clockRate) / 1000 - timestamp) | 0;
    const step = this.#lastTransit === undefined ? undefined : Math.abs((transit - this.#lastTransit) | 0);
    this.#lastTransit = transit;
    if (step === undefined || step > MAX_TRANSIT_STEP_SECONDS * this.#clockRate) return;
    this.#jitter += (step - this.#jitter) / 16;
  }
}
