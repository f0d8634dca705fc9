import type { NodeLoad } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { WorkerPool } from '../workers/pool.ts';
import { usedShare, type LoadLimits } from './used.ts';

/** Something that forwards packets and counts them. */
export interface PacketCounter {
  packets(): Promise<number>;
}

export interface LoadMeterParts {
  readonly pool: WorkerPool;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: LoadLimits;
  readonly sessions: () => number;
  /** All that count packets now. */
  readonly counters: () => readonly PacketCounter[];
}

interface Reading {
  readonly packets: number;
  readonly atMs: number;
  /** Known from the second reading on. */
  readonly perSecond: number | undefined;
}

/**
 * Each reading is a request to a worker, and costs the node more than all else that it does at rest: so many per sample,
 * in turn. With more counters than that the packet rate is that of some seconds ago, while the CPU share is always fresh.
 */
const READINGS_PER_SAMPLE = 16;

export const SAMPLE_EVERY_MS = 1000;

/** What is not answered by then is left to the next sample, so that a worker that hangs does not hide the others' load. */
const ANSWERS_WITHIN_MS = 500;

/** Measures what this node is doing. */
export class LoadMeter {
  readonly #parts: LoadMeterParts;
  readonly #readings = new WeakMap<PacketCounter, Reading>();
  readonly #cpu = new Map<number, { readonly pid: number; readonly cpuMs: number; readonly atMs: number }>();
  /** Workers that have not answered yet. */
  readonly #asked = new Set<number>();
  #next = 0;
  #sampling = false;
  #packetsPerSecond = 0;
  #timer: Disposable | undefined;

  constructor(parts: LoadMeterParts) {
    this.#parts = parts;
  }

  /** As of the last sample. */
  get load(): NodeLoad {
    const { pool, limits, sessions } = this.#parts;
    const busiestWorkerCpu = Math.max(0, ...pool.slots.map(({ cpu }) => cpu));
    const measured = { busiestWorkerCpu, packetsPerSecond: this.#packetsPerSecond };
    return { ...measured, sessions: sessions(), used: usedShare(measured, limits) };
  }

  /** Samples every `SAMPLE_EVERY_MS` from now on. */
  start(): void {
    this.#timer ??= this.#parts.clock.every(SAMPLE_EVERY_MS, () => void this.sample());
    void this.sample();
  }

  stop(): void {
    this.#timer?.[Symbol.dispose]();
  }

  /** To be called once a second. Takes half of that at most. */
  async sample(): Promise<void> {
    if (this.#sampling) return;
    this.#sampling = true;
    try {
      await Promise.all([this.#sampleCpu(), this.#samplePackets()]);
    } finally {
      this.#sampling = false;
    }
  }

  async #sampleCpu(): Promise<void> {
    const { pool, clock, log } = this.#parts;
    const measure = async (index: number): Promise<void> => {
      const slot = pool.slot(index);
      if (!slot || this.#asked.has(index)) return;
      this.#asked.add(index);
      const { sessions } = slot;
      const used = await pool.cpuTime(index).finally(() => this.#asked.delete(index));
      if (!used) return;
      const now = { ...used, atMs: clock.monotonicMs() };
      const before = this.#cpu.get(index);
      this.#cpu.set(index, now);
      if (before?.pid !== now.pid || now.atMs <= before.atMs) return;
      slot.cpu = Math.max(0, (now.cpuMs - before.cpuMs) / (now.atMs - before.atMs));
      slot.sessionsMeasured = sessions;
    };
    const measured = pool.slots.map(({ index }) =>
      // A worker that dies meanwhile, or hangs, is reported by the pool.
      measure(index).catch((error: unknown) => log.debug({ err: error }, 'a worker could not be measured')),
    );
    await this.#inTime(measured);
  }

  async #samplePackets(): Promise<void> {
    const counters = this.#parts.counters();
    const start = counters.length > 0 ? this.#next % counters.length : 0;
    const batch = [...counters.slice(start), ...counters.slice(0, start)].slice(0, READINGS_PER_SAMPLE);
    this.#next = start + batch.length;
    await this.#inTime(batch.map((counter) => this.#read(counter).catch(() => {})));
    this.#packetsPerSecond = this.#estimate(counters);
  }

  async #inTime(readings: readonly Promise<void>[]): Promise<void> {
    const over = Promise.withResolvers<void>();
    const timer = this.#parts.clock.after(ANSWERS_WITHIN_MS, over.resolve);
    await Promise.race([Promise.all(readings), over.promise]);
    timer[Symbol.dispose]();
  }

  /** Those whose rate is not known yet, such as all of a burst of joins, count as much as the others on average. */
  #estimate(counters: readonly PacketCounter[]): number {
    let known = 0;
    let sum = 0;
    for (const counter of counters) {
      const perSecond = this.#readings.get(counter)?.perSecond;
      if (perSecond === undefined) continue;
      known++;
      sum += perSecond;
    }
    return known === 0 ? 0 : Math.round((sum / known) * counters.length);
  }

  async #read(counter: PacketCounter): Promise<void> {
    const packets = await counter.packets();
    const atMs = this.#parts.clock.monotonicMs();
    const before = this.#readings.get(counter);
    const passedMs = before ? atMs - before.atMs : 0;
    const perSecond =
      before && passedMs > 0 ? (Math.max(0, packets - before.packets) * 1000) / passedMs : undefined;
    this.#readings.set(counter, { packets, atMs, perSecond });
  }
}
