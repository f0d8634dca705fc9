import { SkeinError } from '@skein/protocol';
import { backoff, Emitter, type Backoff, type BackoffOptions, type Clock, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { CapacityLedger } from '../capacity/ledger.ts';
import { limitedWorker } from '../capacity/limited-worker.ts';
import { blocksSession, shareInUse, type ResourceCounts, type SessionNeeds } from '../capacity/limits.ts';
import type { MediaEngine, MediaRouter, MediaWorker, WorkerOptions } from '../media/engine.ts';
import type { WorkerView } from './worker-choice.ts';
import { WorkerMonitor } from './worker-monitor.ts';

type SlotState =
  | { readonly kind: 'starting' }
  | {
      readonly kind: 'running';
      readonly worker: MediaWorker;
      readonly monitor: WorkerMonitor;
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
  readonly cpu: number;
  /** The sessions at that measurement. */
  readonly sessionsMeasured: number;
  readonly sessions: number;
  readonly routers: number;
}

/** How much of a worker is in use. */
export interface WorkerUse {
  readonly running: boolean;
  /** Share of its core. */
  readonly cpu: number;
  /** The highest share of one of its hard limits in use. */
  readonly limitsUsed: number;
}

export interface WorkerPoolDeps {
  readonly engine: MediaEngine;
  readonly count: number;
  /** Of the first worker; each further worker has the next port. 0 lets the workers choose. */
  readonly listen: WorkerOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Creates the ledger of a worker that starts. */
  readonly ledger: () => CapacityLedger;
  /** Between restarts of a worker. Default: 100 ms doubled to 5 s. */
  readonly backoff?: Pick<BackoffOptions, 'firstMs' | 'maxMs'>;
}

interface Slot extends Writable<WorkerSlot> {
  failures: number;
  state: SlotState;
}

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** A worker that has run for this long is healthy: its next death counts as the first again. */
const HEALTHY_AFTER_MS = 30_000;

/** One worker per core. Kills workers that hang, and restarts those that died, with backoff. */
export class WorkerPool {
  /** `died`: a worker has died, with everything on it. */
  readonly events = new Emitter<{ died: { readonly index: number } }>();
  readonly #deps: WorkerPoolDeps;
  readonly #backoff: Backoff;
  readonly #slots: readonly Slot[];

  constructor(deps: WorkerPoolDeps) {
    this.#deps = deps;
    const { random, backoff: growth = { firstMs: 100, maxMs: 5000 } } = deps;
    this.#backoff = backoff({ ...growth, jitter: 0.2, random });
    this.#slots = Array.from({ length: deps.count }, (_, index) => ({
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

  /** Starts all workers. Rejects, with none left running, when one fails to start: then none can on this machine. */
  async start(): Promise<void> {
    const started = await Promise.allSettled(this.#slots.map((slot) => this.#startWorker(slot)));
    const failed = started.find((one) => one.status === 'rejected');
    if (!failed) return;
    this.close();
    throw failed.reason;
  }

  /** Counts one more session on a worker until disposed. */
  addSession(index: number): Disposable {
    return this.#count(index, 'sessions');
  }

  /** Counts one more router on a worker until disposed. */
  addRouter(index: number): Disposable {
    return this.#count(index, 'routers');
  }

  /** Notes the CPU share of a worker, and how many sessions it had when that was measured. */
  setMeasured(index: number, { cpu, sessions }: { readonly cpu: number; readonly sessions: number }): void {
    const slot = this.#slots[index];
    if (slot) [slot.cpu, slot.sessionsMeasured] = [cpu, sessions];
  }

  /** Creates a router. Fails `UNAVAILABLE` while the worker is not running. */
  async createRouter(index: number): Promise<MediaRouter> {
    const state = this.#slots[index]?.state;
    if (state?.kind !== 'running') throw SkeinError.unavailable('the media worker', undefined, 500);
    return await state.worker.createRouter();
  }

  /**
   * The CPU time of a worker since its start; `pid` names the start. To be called about once a second, because hanging
   * workers are detected by the missing answer. `undefined`: it is not running. Fails as the engine does.
   */
  async cpuTime(index: number): Promise<{ readonly pid: number; readonly cpuMs: number } | undefined> {
    const state = this.#slots[index]?.state;
    if (state?.kind !== 'running') return undefined;
    return { pid: state.worker.pid, cpuMs: await state.monitor.cpuMs() };
  }

  /** `roomSessions`: of the room in question on a worker, as in `WorkerView`. `transports`: of the session to place. */
  views(roomSessions: (index: number) => number | undefined, transports: number): readonly WorkerView[] {
    return this.#slots.map(({ index, cpu, sessions, sessionsMeasured, state }) => ({
      index,
      running: state.kind === 'running',
      suspect: state.kind === 'running' && state.monitor.suspect,
      full: isFull(sessions, state, { transports, bringsRoom: roomSessions(index) === undefined }),
      ...{ cpu, sessions, sessionsMeasured },
      roomSessions: roomSessions(index),
    }));
  }

  /** How much of each worker is in use. */
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

  #count(index: number, what: 'sessions' | 'routers'): Disposable {
    const slot = this.#slots[index];
    if (slot) slot[what]++;
    let counted = true;
    return {
      [Symbol.dispose]: () => {
        if (slot && counted) slot[what]--;
        counted = false;
      },
    };
  }

  async #startWorker(slot: Slot): Promise<void> {
    const { engine, listen, clock, log } = this.#deps;
    slot.state = { kind: 'starting' };
    const rtcPort = listen.rtcPort === 0 ? 0 : listen.rtcPort + slot.index;
    const started = await engine.startWorker({ ...listen, rtcPort });
    const ledger = this.#deps.ledger();
    const worker = limitedWorker(started, ledger);
    // The pool may have been closed meanwhile.
    if ((slot.state as SlotState).kind === 'closed') return worker.close();
    slot.pid = worker.pid;
    const monitor = new WorkerMonitor({
      worker,
      clock,
      log: log.child({ worker: slot.index, pid: worker.pid }),
    });
    slot.state = { kind: 'running', worker, monitor, ledger, sinceMs: clock.monotonicMs() };
    worker.events.on('died', ({ error }) => this.#onDied(slot, error));
  }

  #onDied(slot: Slot, error: Error): void {
    if (slot.state.kind !== 'running') return;
    const { clock, log } = this.#deps;
    slot.state.monitor.close();
    if (clock.monotonicMs() - slot.state.sinceMs > HEALTHY_AFTER_MS) slot.failures = 0;
    log.error(
      { event: 'worker.died', worker: slot.index, pid: slot.pid, sessions: slot.sessions, err: error },
      'a media worker died',
    );
    slot.cpu = slot.sessionsMeasured = 0;
    this.#restartLater(slot);
    this.events.emit('died', { index: slot.index });
  }

  #restartLater(slot: Slot): void {
    slot.failures++;
    const timer = this.#deps.clock.after(this.#backoff(slot.failures), () => void this.#restart(slot));
    slot.state = { kind: 'waiting', timer };
  }

  async #restart(slot: Slot): Promise<void> {
    const { log } = this.#deps;
    try {
      await this.#startWorker(slot);
      slot.restarts++;
      log.warn(
        { event: 'worker.restarted', worker: slot.index, pid: slot.pid, restarts: slot.restarts },
        'a media worker was restarted',
      );
    } catch (error) {
      if (slot.state.kind === 'closed') return;
      log.error(
        { event: 'worker.restart-failed', worker: slot.index, err: error },
        'restarting a media worker failed',
      );
      this.#restartLater(slot);
    }
  }
}

function isFull(sessions: number, state: SlotState, needs: SessionNeeds): boolean {
  if (state.kind !== 'running') return false;
  const { ledger } = state;
  return blocksSession(counts(sessions, ledger), ledger.limits, needs) !== undefined;
}

/** Sessions count from the moment their slot is taken, before anything is created for them. */
function counts(sessions: number, ledger: CapacityLedger): ResourceCounts {
  return { ...ledger.counts, sessions };
}

/** A hanging worker would not react to a request to close. */
function end({ worker, monitor }: Extract<SlotState, { kind: 'running' }>): void {
  if (monitor.suspect) worker.kill();
  monitor.close();
  worker.close();
}
