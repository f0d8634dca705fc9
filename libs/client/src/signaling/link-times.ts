import type { HandshakeDeadlines } from './handshake.ts';

// Deadlines follow the round trip to the gateway: over a satellite, a crowded cell or bad Wi-Fi it takes a second and more.
const WELCOME_MS = 3000;
/** TCP, TLS (one more with 1.2), the upgrade, the first message, and one lost segment. */
const WELCOME_ROUND_TRIPS = 6;
const ANSWER_MS = 6000;
const MAX_HANDSHAKE_MS = 20_000;

/** A ping may be sent just before the link stalls for longer than a round trip, and be answered afterwards. */
const HEARTBEAT_ROUND_TRIPS = 4;
const MAX_HEARTBEAT_MS = 10_000;

/** TCP, TLS and the upgrade: the least number of round trips before a welcome. */
const TRIPS_UNTIL_WELCOME = 3;
/** The shortest of the last measurements counts: delays of a busy page are no property of the link. */
const MEASUREMENTS = 16;

/** The round trip of signaling in milliseconds: measured by pings, estimated from the welcome until the first pong. */
export class RoundTrip {
  #measuredMs: readonly number[] = [];
  readonly #untilWelcomeMs: number;

  constructor(untilWelcomeMs: number) {
    this.#untilWelcomeMs = untilWelcomeMs;
  }

  measured(tookMs: number): void {
    this.#measuredMs = [...this.#measuredMs, tookMs].slice(-MEASUREMENTS);
  }

  get lastMs(): number | undefined {
    return this.#measuredMs.at(-1);
  }

  get usualMs(): number {
    return this.#measuredMs.length > 0
      ? Math.min(...this.#measuredMs)
      : this.#untilWelcomeMs / TRIPS_UNTIL_WELCOME;
  }
}

/** The deadline of a ping in milliseconds; at least `leastMs`. */
export function heartbeatDeadlineMs(roundTripMs: number, leastMs: number): number {
  return Math.max(leastMs, Math.min(MAX_HEARTBEAT_MS, HEARTBEAT_ROUND_TRIPS * roundTripMs));
}

/**
 * Deadlines of an attempt at one gateway, so that a hung gateway does not block the others. `rounds`: how often all gateways have
 * failed since the socket was lost. Each round doubles the time, because the link may have become slower.
 */
export function handshakeDeadlines(roundTripMs: number, rounds: number): HandshakeDeadlines {
  const grown = (ms: number): number => Math.min(MAX_HANDSHAKE_MS, ms * 2 ** rounds);
  return {
    welcomeMs: grown(Math.max(WELCOME_MS, WELCOME_ROUND_TRIPS * roundTripMs)),
    answerMs: grown(ANSWER_MS + roundTripMs),
  };
}
