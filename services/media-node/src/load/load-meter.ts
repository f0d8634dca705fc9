import type { NodeLoad } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { WorkerPool } from '../workers/worker-pool.ts';
import { PacketRate, type Flow } from './packet-rate.ts';
import { hardLimitsUsed, usedShare, type LoadLimits } from './used-share.ts';

export interface LoadMeterParts {
  readonly pool: WorkerPool;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: LoadLimits;
  readonly sessions: () => number;
  /** The highest share of one of the node's own hard limits in use. */
  readonly limitsUsed: () => number;
  /** All tracks that are forwarded now. */
  readonly flows: () => readonly Flow[];
}

export const SAMPLE_EVERY_MS = 1000;

/** What is not answered by then is left to the next sample, so that a worker that hangs does not hide the others' load. */
const ANSWERS_WITHIN_MS = 500;

/** Measures what this node is doing. */
export class LoadMeter {
  readonly #parts: LoadMeterParts;
  readonly #packets = new PacketRate();
  readonly #cpu = new Map<number, { readonly pid: number; readonly cpuMs: number; readonly atMs: number }>();
  /** Workers that have not answered yet. */
  readonly #asked = new Set<number>();
  #sampling = false;
  #timer: Disposable | undefined;

  constructor(parts: LoadMeterParts) {
    this.#parts = parts;
  }

  /** As of the last sample. */
  get load(): NodeLoad {
    const { pool, limits, sessions, limitsUsed } = this.#parts;
    const workers = pool.uses;
    const busiestWorkerCpu = Math.max(0, ...workers.map(({ cpu }) => cpu));
    const packetsPerSecond = this.#packets.perSecond;
    const use = { workers, packetsPerSecond, limitsUsed: limitsUsed() };
    return {
      ...{ busiestWorkerCpu, packetsPerSecond, sessions: sessions() },
      used: usedShare(use, limits),
      limitsUsed: hardLimitsUsed(use),
    };
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
      const cpu = Math.max(0, (now.cpuMs - before.cpuMs) / (now.atMs - before.atMs));
      pool.setMeasured(index, { cpu, sessions });
    };
    const measured = pool.slots.map(({ index }) =>
      // A worker that dies meanwhile, or hangs, is reported by the pool.
      measure(index).catch((error: unknown) => log.debug({ err: error }, 'a worker could not be measured')),
    );
    await this.#inTime(measured);
  }

  async #samplePackets(): Promise<void> {
    const { clock, flows } = this.#parts;
    const readings = this.#packets.readings(flows(), () => clock.monotonicMs());
    // What is gone, or on a worker that hangs, gives no rate.
    await this.#inTime(readings.map((reading) => reading.catch(() => {})));
    this.#packets.update(flows(), clock.monotonicMs());
  }

  async #inTime(readings: readonly Promise<void>[]): Promise<void> {
    const over = Promise.withResolvers<void>();
    const timer = this.#parts.clock.after(ANSWERS_WITHIN_MS, over.resolve);
    await Promise.race([Promise.all(readings), over.promise]);
    timer[Symbol.dispose]();
  }
}
