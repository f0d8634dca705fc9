import type { Random } from '@skein/runtime/random';
import { signalingUrl } from '../signaling/signaling-url.ts';

/** Addresses that a gateway may add. Further ones are ignored. */
const LEARNED_LIMIT = 16;

/** The known signaling addresses: those that the application gave, and those that gateways announced. */
export class GatewayAddresses {
  readonly #given: readonly string[];
  readonly #random: Random;
  #learned: readonly string[] = [];
  #current: string;

  /** `current`: the one of `given` that the client is connected to. */
  constructor(given: readonly string[], current: string, random: Random) {
    this.#given = given;
    this.#current = current;
    this.#random = random;
  }

  /** The given ones first, each once. */
  get all(): readonly string[] {
    return [...this.#given, ...this.#learned];
  }

  /** The one that was tried last. */
  get current(): string {
    return this.#current;
  }

  /** Advances to the next address and returns it. */
  next(): string {
    const { all } = this;
    // -1, when the current one is no longer announced, continues with the first.
    const place = all.indexOf(this.#current);
    this.#current = all[(place + 1) % all.length] ?? this.#current;
    return this.#current;
  }

  /**
   * Replaces the announced addresses with those that the gateway at `from` announces. Drops invalid ones and those that would give
   * up encryption. Shuffles them, so that the clients of a lost gateway spread over the others.
   */
  learn(from: string, announced: unknown): void {
    if (!Array.isArray(announced)) return;
    const secure = from.startsWith('wss:');
    const usable = announced
      .slice(0, LEARNED_LIMIT)
      .map(addressOf)
      .filter((url) => url !== undefined)
      .filter((url) => url.startsWith('wss:') || !secure);
    const fresh = new Set(usable.filter((url) => !this.#given.includes(url)));
    const kept = this.#learned.filter((url) => fresh.delete(url));
    this.#learned = [...kept, ...shuffled([...fresh], this.#random)];
  }
}

function addressOf(announced: unknown): string | undefined {
  try {
    return typeof announced === 'string' ? signalingUrl(announced) : undefined;
  } catch {
    return undefined;
  }
}

function shuffled<Value>(values: readonly Value[], random: Random): Value[] {
  const keyed = values.map((value) => ({ value, key: random() }));
  return keyed.toSorted((one, other) => one.key - other.key).map(({ value }) => value);
}
