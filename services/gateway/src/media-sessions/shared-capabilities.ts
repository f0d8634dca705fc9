import type { RtpCapabilities } from '@skein/protocol';

/** Kinds of clients whose capabilities are kept; past it the oldest is dropped, which costs memory only. */
const KEPT = 64;

/**
 * Keeps equal capabilities once: clients of the same kind can receive the same codecs, each keeps its capabilities for as
 * long as it is in the room, and a browser's have about 15 KiB.
 */
export class SharedCapabilities {
  readonly #known = new Map<string, RtpCapabilities>();

  /** `capabilities`, or an equal object that was given before. */
  share(capabilities: RtpCapabilities): RtpCapabilities {
    const text = JSON.stringify(capabilities);
    const known = this.#known.get(text);
    if (known) return known;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= KEPT) this.#known.delete(oldest);
    this.#known.set(text, capabilities);
    return capabilities;
  }
}
