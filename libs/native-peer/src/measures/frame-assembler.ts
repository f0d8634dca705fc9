/** What a packet came to: nothing yet, or the end of a frame that can be decoded: no packet is missing since a key frame. */
export type Arrived = 'nothing' | 'frame' | 'key-frame';

/** What of a packet matters to its frame. */
export interface FramePart {
  readonly marker: boolean;
  /** What its payload begins. */
  readonly start: 'none' | 'frame' | 'key-frame';
}

/** Packets that wait for earlier ones, seconds of video. With more, the earliest missing ones are given up. */
const EARLY_PACKETS = 128;

/** Puts a stream's packets in order, and tells which frames can be decoded: late packets count, until a key frame makes them needless. */
export class FrameAssembler {
  readonly ended = { frames: 0, keyFrames: 0 };
  #next = -1;
  readonly #early = new Map<number, FramePart>();
  #assembling: 'no' | 'frame' | 'key-frame' = 'no';
  /** A key frame came, and nothing was given up since. */
  #decodable = false;

  /** Whether what comes next can be decoded at once. */
  get decodable(): boolean {
    return this.#decodable && this.#early.size === 0;
  }

  /** Sequence numbers that earlier packets wait for, lowest first; extended as they were given. */
  get missing(): number[] {
    if (this.#early.size === 0) return [];
    const missing: number[] = [];
    const last = Math.max(...this.#early.keys());
    for (let sequence = this.#next; sequence < last; sequence++)
      if (!this.#early.has(sequence)) missing.push(sequence);
    return missing;
  }

  /** The stream restarts. */
  restart(): void {
    this.#next = -1;
    this.#early.clear();
    this.#assembling = 'no';
    this.#decodable = false;
  }

  /** `sequence`: extended by the wraps that were passed; no duplicates. */
  packet(sequence: number, { start, marker }: FramePart): Arrived {
    if (start === 'key-frame' && sequence > this.#next) this.#beginAt(sequence);
    if (this.#next < 0 && start !== 'none') this.#beginAt(sequence);
    if (this.#next < 0 || sequence < this.#next) return 'nothing';
    this.#early.set(sequence, { start, marker });
    if (this.#early.size > EARLY_PACKETS) this.#giveUp();
    let arrived: Arrived = 'nothing';
    for (let part = this.#takeNext(); part; part = this.#takeNext()) {
      const ended = this.#append(part);
      if (ended !== 'nothing') arrived = ended;
    }
    return arrived;
  }

  #takeNext(): FramePart | undefined {
    const part = this.#early.get(this.#next);
    if (part) this.#early.delete(this.#next++);
    return part;
  }

  /** What is missing before is of no use any more. */
  #beginAt(sequence: number): void {
    for (const early of [...this.#early.keys()]) if (early < sequence) this.#early.delete(early);
    this.#next = sequence;
    this.#assembling = 'no';
  }

  #giveUp(): void {
    this.#beginAt(Math.min(...this.#early.keys()));
    this.#decodable = false;
  }

  #append({ start, marker }: FramePart): Arrived {
    if (start !== 'none') this.#assembling = start;
    if (!marker || this.#assembling === 'no') return 'nothing';
    const ended = this.#assembling;
    this.#assembling = 'no';
    if (ended === 'key-frame') this.#decodable = true;
    if (!this.#decodable) return 'nothing';
    this.ended.frames++;
    if (ended === 'key-frame') this.ended.keyFrames++;
    return ended;
  }
}
