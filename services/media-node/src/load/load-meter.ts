import type { NodeLoad } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { WorkerPool } from '../workers/worker-pool.ts';
import { PacketRate, type Flow } from './packet-rate.ts';
import { hardLimitsUsed, usedShare, type LoadLimits } from './used-share.ts';

export interface LoadMeterDeps {
  readonly pool: WorkerPool;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: LoadLimits;
  readonly sessions: () => number;
  /** The highest share in use of one of the node's own hard limits. */
  readonly limitsUsed: () => number;
  /** All tracks that are forwarded now. */
  readonly flows: () => readonly Flow[];
}

export const SAMPLE_EVERY_MS = 1000;

/** Deadline of a sample. Later answers are left to the next one, so that a hanging worker does not hide the others' load. */
const ANSWERS_WITHIN_MS = 500;

/** Measures the load of this node. */
export class LoadMeter {
  readonly #deps: LoadMeterDeps;
  readonly #packets = new PacketRate();
  readonly #cpu = new Map<number, { readonly pid: number; readonly cpuMs: number; readonly atMs: number }>();
  /** Workers that have not answered yet. */
  readonly #pending = new Set<number>();
  #sampling = false;
  #timer: Disposable | undefined;

  constructor(deps: LoadMeterDeps) {
    this.#deps = deps;
  }

  /** As of the last sample. */
  get load(): NodeLoad {
    const { pool, limits, sessions, limitsUsed } = this.#deps;
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
    this.#timer ??= this.#deps.clock.every(SAMPLE_EVERY_MS, () => void this.sample());
    void this.sample();
  }

  stop(): void {
    this.#timer?.[Symbol.dispose]();
  }

  /** To be called once a second. Takes at most half a second. */
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
    const { pool, clock, log } = this.#deps;
    const measure = async (index: number): Promise<void> => {
      const slot = pool.slot(index);
      if (!slot || this.#pending.has(index)) return;
      this.#pending.add(index);
      const { sessions } = slot;
      const used = await pool.cpuTime(index).finally(() => this.#pending.delete(index));
      if (!used) return;
      const now = { ...used, atMs: clock.monotonicMs() };
      const before = this.#cpu.get(index);
      this.#cpu.set(index, now);
      if (before?.pid !== now.pid || now.atMs <= before.atMs) return;
      const cpu = Math.max(0, (now.cpuMs - before.cpuMs) / (now.atMs - before.atMs));
      pool.setMeasured(index, { cpu, sessions });
    };
    const measured = pool.slots.map(({ index }) =>
      // The pool reports a worker that dies meanwhile, or hangs.
      measure(index).catch((error: unknown) => log.debug({ err: error }, 'measuring a worker failed')),
    );
    await this.#inTime(measured);
  }

  async #samplePackets(): Promise<void> {
    const { clock, flows } = this.#deps;
    const readings = this.#packets.readings(flows(), () => clock.monotonicMs());
    // Counters that are gone, or on a hanging worker, give no rate.
    await this.#inTime(readings.map((reading) => reading.catch(() => {})));
    this.#packets.update(flows(), clock.monotonicMs());
  }

  async #inTime(readings: readonly Promise<void>[]): Promise<void> {
    const over = Promise.withResolvers<void>();
    const timer = this.#deps.clock.after(ANSWERS_WITHIN_MS, over.resolve);
    await Promise.race([Promise.all(readings), over.promise]);
    timer[Symbol.dispose]();
  }
}
