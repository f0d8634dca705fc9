import { SkeinError } from '@skein/protocol';
import { Emitter, type Clock, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { CapacityLedger } from '../capacity/ledger.ts';
import { limitedWorker } from '../capacity/limited-worker.ts';
import { blocksSession, shareInUse, type ResourceCounts } from '../capacity/limits.ts';
import type { WorkerUse } from '../load/used-share.ts';
import type { MediaEngine, MediaRouter, MediaWorker, WorkerOptions } from '../media/engine.ts';
import { backoffMs, type Backoff } from '../retry/backoff.ts';
import type { WorkerView } from './worker-choice.ts';
import { WorkerWatch } from './worker-monitor.ts';

type SlotState =
  | { readonly kind: 'starting' }
  | {
      readonly kind: 'running';
      readonly worker: MediaWorker;
      readonly watch: WorkerWatch;
      readonly ledger: CapacityLedger;
      readonly sinceMs: number;
    }
  | { readonly kind: 'waiting'; readonly timer: Disposable }
  | { readonly kind: 'closed' };

/** One core's worker through all its restarts. */
export interface WorkerSlot {
  readonly index: number;
  readonly pid: number;
  readonly restarts: number;
  /** Share of one core, as last measured. */
  cpu: number;
  /** Sessions that were there then. */
  sessionsMeasured: number;
  /** Sessions and routers on it; kept by who makes them. */
  sessions: number;
  routers: number;
}

export interface WorkerPoolParts {
  readonly engine: MediaEngine;
  readonly count: number;
  /** The first worker's; each next worker has the next port. 0 lets the workers choose. */
  readonly listen: WorkerOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Makes the ledger of a worker that starts. */
  readonly ledger: () => CapacityLedger;
  readonly backoff?: Backoff;
}

interface Slot extends WorkerSlot {
  pid: number;
  restarts: number;
  failures: number;
  state: SlotState;
}

/** A worker that runs for this long has come back: its next death counts as the first again. */
const STEADY_AFTER_MS = 30_000;

/** One worker per core, ended when they hang, started again when they die: `baseMs` 100 doubled to `maxMs` 5 000, jittered. */
export class WorkerPool {
  /** `died`: everything on the worker is gone. */
  readonly events = new Emitter<{ died: { readonly index: number } }>();
  readonly #parts: WorkerPoolParts;
  readonly #slots: readonly Slot[];

  constructor(parts: WorkerPoolParts) {
    this.#parts = parts;
    this.#slots = Array.from({ length: parts.count }, (_, index) => ({
      index,
      pid: 0,
      restarts: 0,
      cpu: 0,
      sessionsMeasured: 0,
      sessions: 0,
      routers: 0,
      failures: 0,
      state: { kind: 'starting' },
    }));
  }

  get slots(): readonly WorkerSlot[] {
    return this.#slots;
  }

  slot(index: number): WorkerSlot | undefined {
    return this.#slots[index];
  }

  /** Starts all. Rejects, with none left running, when one cannot start: then none will on this machine. */
  async start(): Promise<void> {
    const started = await Promise.allSettled(this.#slots.map((slot) => this.#startWorker(slot)));
    const failed = started.find((one) => one.status === 'rejected');
    if (!failed) return;
    this.close();
    throw failed.reason;
  }

  /** Makes a router. Fails `UNAVAILABLE` while the worker is not running. */
  async createRouter(index: number): Promise<MediaRouter> {
    const state = this.#slots[index]?.state;
    if (state?.kind !== 'running') throw SkeinError.unavailable('the media worker', undefined, 500);
    return await state.worker.createRouter();
  }

  /**
   * What CPU time a worker has used since its start; `pid` names the start. To be asked about once a second, for a worker
   * that does not answer is found to hang. `undefined`: it is not running. Fails as the engine does.
   */
  async cpuTime(index: number): Promise<{ readonly pid: number; readonly cpuMs: number } | undefined> {
    const state = this.#slots[index]?.state;
    if (state?.kind !== 'running') return undefined;
    return { pid: state.worker.pid, cpuMs: await state.watch.cpuMs() };
  }

  /** `roomSessions`: of the room in question on a worker, as in `WorkerView`. */
  views(roomSessions: (index: number) => number | undefined): readonly WorkerView[] {
    return this.#slots.map(({ index, cpu, sessions, sessionsMeasured, state }) => ({
      index,
      running: state.kind === 'running',
      suspect: state.kind === 'running' && state.watch.suspect,
      full: isFull(sessions, state, roomSessions(index) === undefined),
      ...{ cpu, sessions, sessionsMeasured },
      roomSessions: roomSessions(index),
    }));
  }

  /** What of each worker is in use. */
  get uses(): readonly WorkerUse[] {
    return this.#slots.map(({ cpu, sessions, state }) => ({
      running: state.kind === 'running',
      cpu,
      limitsUsed:
        state.kind === 'running' ? shareInUse(counts(sessions, state.ledger), state.ledger.limits) : 0,
    }));
  }

  close(): void {
    for (const slot of this.#slots) {
      if (slot.state.kind === 'running') end(slot.state);
      if (slot.state.kind === 'waiting') slot.state.timer[Symbol.dispose]();
      slot.state = { kind: 'closed' };
    }
  }

  async #startWorker(slot: Slot): Promise<void> {
    const { engine, listen, clock, log } = this.#parts;
    slot.state = { kind: 'starting' };
    const rtcPort = listen.rtcPort === 0 ? 0 : listen.rtcPort + slot.index;
    const started = await engine.startWorker({ ...listen, rtcPort });
    const ledger = this.#parts.ledger();
    const worker = limitedWorker(started, ledger);
    // It may have been closed while it started.
    if ((slot.state as SlotState).kind === 'closed') return worker.close();
    slot.pid = worker.pid;
    const watch = new WorkerWatch({ worker, clock, log: log.child({ worker: slot.index, pid: worker.pid }) });
    slot.state = { kind: 'running', worker, watch, ledger, sinceMs: clock.monotonicMs() };
    worker.events.on('died', ({ error }) => this.#onDied(slot, error));
  }

  #onDied(slot: Slot, error: Error): void {
    if (slot.state.kind !== 'running') return;
    const { clock, log } = this.#parts;
    slot.state.watch.close();
    if (clock.monotonicMs() - slot.state.sinceMs > STEADY_AFTER_MS) slot.failures = 0;
    log.error(
      { worker: slot.index, pid: slot.pid, sessions: slot.sessions, err: error },
      'a media worker died',
    );
    slot.cpu = slot.sessionsMeasured = 0;
    this.#restartLater(slot);
    this.events.emit('died', { index: slot.index });
  }

  #restartLater(slot: Slot): void {
    const { clock, random, backoff = { baseMs: 100, maxMs: 5000 } } = this.#parts;
    slot.failures++;
    const timer = clock.after(backoffMs(backoff, slot.failures, random), () => void this.#restart(slot));
    slot.state = { kind: 'waiting', timer };
  }

  async #restart(slot: Slot): Promise<void> {
    const { log } = this.#parts;
    try {
      await this.#startWorker(slot);
      slot.restarts++;
      log.warn(
        { worker: slot.index, pid: slot.pid, restarts: slot.restarts },
        'a media worker was started again',
      );
    } catch (error) {
      if (slot.state.kind === 'closed') return;
      log.error({ worker: slot.index, err: error }, 'a media worker could not be started again');
      this.#restartLater(slot);
    }
  }
}

function isFull(sessions: number, state: SlotState, bringsRoom: boolean): boolean {
  if (state.kind !== 'running') return false;
  const { ledger } = state;
  return blocksSession(counts(sessions, ledger), ledger.limits, bringsRoom) !== undefined;
}

/** Sessions are counted from when their seat is taken, before anything is made for them. */
function counts(sessions: number, ledger: CapacityLedger): ResourceCounts {
  return { ...ledger.counts, sessions };
}

/** One that hangs would not hear that it is to end. */
function end({ worker, watch }: Extract<SlotState, { kind: 'running' }>): void {
  if (watch.suspect) worker.kill();
  watch.close();
  worker.close();
}
