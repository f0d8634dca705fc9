import type { RtpCapabilities } from '@skein/protocol';

/** Kinds of clients whose capabilities are kept; past it the one that came first is forgotten, which costs memory only. */
const KEPT = 64;

/**
 * Clients of the same kind can receive the same things. Each is kept for as long as its client stays, so that equal ones
 * are kept once: a browser's have about 15 KiB.
 */
export class SharedCapabilities {
  readonly #known = new Map<string, RtpCapabilities>();

  /** `capabilities`, or what was given before and is equal. */
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
