import { backoff, type Random } from '@skein/runtime';
import type { KnownNode } from '../nodes/node-watch.ts';
import type { ProbeRound, SuspectReason, WitnessReport } from './verdict.ts';

/** After two probes without a pause, the wait grows: what is missing then is the end of the lease. */
const PROBE_BACKOFF = { firstMs: 100, maxMs: 1000, jitter: 0.2 } as const;
/** Rounds that `judge` reads. */
const KEPT_ROUNDS = 2;

/** The wait before the witnesses are asked again. */
const WITNESSES_PAUSE_MS = 500;

/** The evidence about one node that is not heard, and when to gather more. */
export class Suspicion {
  readonly node: KnownNode;
  reason: SuspectReason | undefined;
  witnessReport: WitnessReport | undefined;
  /** Since when all evidence has said that it is dead. */
  deadSinceMs: number | undefined;
  #probeRounds: readonly ProbeRound[] = [];
  #asked = 0;
  #busy = false;
  #nextAskMs = -Infinity;
  #nextWitnessesMs = -Infinity;
  #askingWitnesses = false;

  constructor(node: KnownNode) {
    this.node = node;
  }

  get probeRounds(): readonly ProbeRound[] {
    return this.#probeRounds;
  }

  /** Whether a probe or an eviction runs. Nothing else starts meanwhile. */
  get busy(): boolean {
    return this.#busy;
  }

  /** A probe is due at its time, or at once when a heartbeat has made the last one worthless. */
  isDue(nowMs: number, lastHeardMs: number): boolean {
    return !this.#busy && (nowMs >= this.#nextAskMs || isStale(this.#probeRounds.at(-1), lastHeardMs, nowMs));
  }

  witnessesAreDue(nowMs: number, lastHeardMs: number): boolean {
    if (this.#askingWitnesses) return false;
    return nowMs >= this.#nextWitnessesMs || isStale(this.witnessReport, lastHeardMs, nowMs);
  }

  /** Asks the witnesses in parallel to everything else. `ask` never rejects. */
  async whileAskingWitnesses(nowMs: number, ask: () => Promise<WitnessReport | undefined>): Promise<void> {
    this.#askingWitnesses = true;
    this.#nextWitnessesMs = nowMs + WITNESSES_PAUSE_MS;
    try {
      this.witnessReport = (await ask()) ?? this.witnessReport;
    } finally {
      this.#askingWitnesses = false;
    }
  }

  /** One thing at a time. `work` never rejects. */
  async whileBusy(work: () => Promise<void>): Promise<void> {
    this.#busy = true;
    try {
      await work();
    } finally {
      this.#busy = false;
    }
  }

  learned(round: ProbeRound, nowMs: number, random: Random): void {
    this.#probeRounds = [...this.#probeRounds, round].slice(-KEPT_ROUNDS);
    this.#asked++;
    if (this.#asked < KEPT_ROUNDS) return;
    this.#nextAskMs = nowMs + backoff({ ...PROBE_BACKOFF, random })(this.#asked - KEPT_ROUNDS + 1);
  }
}

function isStale(
  known: { readonly beganMs: number } | undefined,
  lastHeardMs: number,
  nowMs: number,
): boolean {
  return known !== undefined && known.beganMs <= lastHeardMs && lastHeardMs < nowMs;
}
