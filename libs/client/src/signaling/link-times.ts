import type { EntryDeadlines } from './handshake.ts';

// What is waited for a gateway follows the round trip to it: over a satellite, a crowded cell or bad Wi-Fi one takes a second and more.
const WELCOME_MS = 3000;
/** TCP, TLS (one more with 1.2), the upgrade, the first message; and one lost segment. */
const WELCOME_ROUND_TRIPS = 6;
const ANSWER_MS = 6000;
const LONGEST_ENTRY_MS = 20_000;

/** The ping may be sent as the link falls silent for longer than it takes, and be answered after that. */
const HEARTBEAT_ROUND_TRIPS = 4;
const LONGEST_HEARTBEAT_MS = 10_000;

/** TCP, TLS and the upgrade: at least so many round trips are over when a gateway says welcome. */
const TRIPS_UNTIL_WELCOME = 3;
/** The shortest of so many last measurements is the round trip: what a busy page adds says nothing about the link. */
const KEPT = 16;

/** Signaling's round trip, estimated from pings; from the welcome until the first one is answered. In milliseconds. */
export class RoundTrip {
  #measuredMs: readonly number[] = [];
  readonly #untilWelcomeMs: number;

  constructor(untilWelcomeMs: number) {
    this.#untilWelcomeMs = untilWelcomeMs;
  }

  measured(tookMs: number): void {
    this.#measuredMs = [...this.#measuredMs, tookMs].slice(-KEPT);
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

/** How long a gateway may leave a ping unanswered, in milliseconds; at least `leastMs`. */
export function heartbeatDeadlineMs(roundTripMs: number, leastMs: number): number {
  return Math.max(leastMs, Math.min(LONGEST_HEARTBEAT_MS, HEARTBEAT_ROUND_TRIPS * roundTripMs));
}

/**
 * How long one gateway is tried before the next one is: one that hangs must not keep the others from it. `rounds`: how often all
 * of them have failed since the socket was lost; each doubles the time, since the link may have become slower.
 */
export function entryDeadlines(roundTripMs: number, rounds: number): EntryDeadlines {
  const grown = (ms: number): number => Math.min(LONGEST_ENTRY_MS, ms * 2 ** rounds);
  return {
    welcomeMs: grown(Math.max(WELCOME_MS, WELCOME_ROUND_TRIPS * roundTripMs)),
    answerMs: grown(ANSWER_MS + roundTripMs),
  };
}
