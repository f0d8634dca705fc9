/** As many packets as are remembered, some seconds of video. A power of two. */
const REMEMBERED = 256;

/** What a packet carried: a part of a clip's frame. */
export interface SentPart {
  readonly frame: number;
  readonly part: number;
  readonly pictureId: number;
}

interface SentFields {
  readonly sequence: number;
  readonly timestamp: number;
  readonly sentAtMs: number;
}

/** The last packets of a stream, by sequence number, so that one can be put together again. Makes no garbage. */
export class SentPackets {
  readonly #sequences = new Int32Array(REMEMBERED).fill(-1);
  readonly #timestamps = new Uint32Array(REMEMBERED);
  readonly #sentAtMs = new Float64Array(REMEMBERED);
  readonly #frames = new Uint32Array(REMEMBERED);
  readonly #parts = new Uint16Array(REMEMBERED);
  readonly #pictureIds = new Uint16Array(REMEMBERED);

  note({ sequence, timestamp, sentAtMs }: SentFields, { frame, part, pictureId }: SentPart): void {
    const slot = sequence % REMEMBERED;
    this.#sequences[slot] = sequence;
    this.#timestamps[slot] = timestamp;
    this.#sentAtMs[slot] = sentAtMs;
    this.#frames[slot] = frame;
    this.#parts[slot] = part;
    this.#pictureIds[slot] = pictureId;
  }

  /** `undefined` when it was not sent, or too long ago. */
  find(sequence: number): (SentFields & SentPart) | undefined {
    const slot = sequence % REMEMBERED;
    if (this.#sequences[slot] !== sequence) return undefined;
    return {
      sequence,
      timestamp: this.#timestamps[slot]!,
      sentAtMs: this.#sentAtMs[slot]!,
      frame: this.#frames[slot]!,
      part: this.#parts[slot]!,
      pictureId: this.#pictureIds[slot]!,
    };
  }
}
