import { jitter, type Random } from '@skein/runtime';
import type { NodeSight } from '../nodes/node-watch.ts';
import type { Asking, Doubt, Testimony } from './verdict.ts';

/** Asked twice without a pause, then ever less often: the rest is waiting for the lease. */
const ASK_PAUSE_MS = { first: 100, longest: 1000 } as const;
/** What `judge` looks at. */
const KEPT_ASKINGS = 2;

/** The other nodes are asked again after this time. */
const WITNESSES_PAUSE_MS = 500;

/** What is being found out about one node that is not heard. */
export class Inquiry {
  readonly node: NodeSight;
  doubt: Doubt | undefined;
  testimony: Testimony | undefined;
  /** Since when all evidence says that it is dead. */
  deadSinceMs: number | undefined;
  #askings: readonly Asking[] = [];
  #asked = 0;
  #busy = false;
  #nextAskMs = -Infinity;
  #nextWitnessesMs = -Infinity;
  #askingWitnesses = false;

  constructor(node: NodeSight) {
    this.node = node;
  }

  get askings(): readonly Asking[] {
    return this.#askings;
  }

  /** Whether a question or a burial runs; then nothing else is begun. */
  get busy(): boolean {
    return this.#busy;
  }

  /** At its time, or at once when a sign of life since the last probe has made that worthless. */
  isDue(nowMs: number, lastHeardMs: number): boolean {
    return !this.#busy && (nowMs >= this.#nextAskMs || isStale(this.#askings.at(-1), lastHeardMs, nowMs));
  }

  witnessesAreDue(nowMs: number, lastHeardMs: number): boolean {
    if (this.#askingWitnesses) return false;
    return nowMs >= this.#nextWitnessesMs || isStale(this.testimony, lastHeardMs, nowMs);
  }

  /** Asks the other nodes, beside everything else. `ask` never rejects. */
  async whileAskingWitnesses(nowMs: number, ask: () => Promise<Testimony | undefined>): Promise<void> {
    this.#askingWitnesses = true;
    this.#nextWitnessesMs = nowMs + WITNESSES_PAUSE_MS;
    try {
      this.testimony = (await ask()) ?? this.testimony;
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

  learned(asking: Asking, nowMs: number, random: Random): void {
    this.#askings = [...this.#askings, asking].slice(-KEPT_ASKINGS);
    this.#asked++;
    if (this.#asked < KEPT_ASKINGS) return;
    const pauseMs = ASK_PAUSE_MS.first * 2 ** Math.min(this.#asked - KEPT_ASKINGS, 10);
    this.#nextAskMs = nowMs + jitter(Math.min(pauseMs, ASK_PAUSE_MS.longest), random);
  }
}

function isStale(
  known: { readonly beganMs: number } | undefined,
  lastHeardMs: number,
  nowMs: number,
): boolean {
  return known !== undefined && known.beganMs <= lastHeardMs && lastHeardMs < nowMs;
}
