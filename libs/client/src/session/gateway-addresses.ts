import type { Random } from '@skein/runtime/random';
import { signalingUrl } from '../signaling/signaling-url.ts';

/** Addresses that a gateway may add. Policy beyond it: the rest is not looked at. */
const LEARNED_LIMIT = 16;

/** The signaling addresses of the gateways that this client knows: those that it was given, and those that gateways told. */
export class GatewayAddresses {
  readonly #given: readonly string[];
  readonly #random: Random;
  #learned: readonly string[] = [];
  #current: string;

  /** `current`: which of `given` the client is connected to. */
  constructor(given: readonly string[], current: string, random: Random) {
    this.#given = given;
    this.#current = current;
    this.#random = random;
  }

  /** Those that were given first, each once. */
  get all(): readonly string[] {
    return [...this.#given, ...this.#learned];
  }

  /** The one that was tried last. */
  get current(): string {
    return this.#current;
  }

  /** The next one in turn, which is current then. */
  next(): string {
    const { all } = this;
    // -1, when the current one is no longer told of, begins with the first.
    const place = all.indexOf(this.#current);
    this.#current = all[(place + 1) % all.length] ?? this.#current;
    return this.#current;
  }

  /**
   * Takes over what the gateway at `from` told of the others, in place of what was told before. Drops what is no address, and
   * what would give up encryption. In random order: the clients of a gateway that dies spread over the rest.
   */
  learn(from: string, told: unknown): void {
    if (!Array.isArray(told)) return;
    const secure = from.startsWith('wss:');
    const usable = told
      .slice(0, LEARNED_LIMIT)
      .map(addressOf)
      .filter((url) => url !== undefined)
      .filter((url) => url.startsWith('wss:') || !secure);
    const fresh = new Set(usable.filter((url) => !this.#given.includes(url)));
    const kept = this.#learned.filter((url) => fresh.delete(url));
    this.#learned = [...kept, ...shuffled([...fresh], this.#random)];
  }
}

function addressOf(told: unknown): string | undefined {
  try {
    return typeof told === 'string' ? signalingUrl(told) : undefined;
  } catch {
    return undefined;
  }
}

function shuffled<Value>(values: readonly Value[], random: Random): Value[] {
  const keyed = values.map((value) => ({ value, key: random() }));
  return keyed.toSorted((one, other) => one.key - other.key).map(({ value }) => value);
}
