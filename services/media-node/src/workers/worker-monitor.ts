import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { MediaWorker } from '../media/engine.ts';
import { stepSilence, INSPECT_EVERY_MS, newSilence, type WorkerSilence } from './worker-health.ts';

export interface WorkerMonitorDeps {
  readonly worker: MediaWorker;
  readonly clock: Clock;
  /** Names the worker. */
  readonly log: Logger;
}

/**
 * Detects that a worker hangs, and kills it. It uses the request that measures the load once a second, and costs nothing
 * beside it: only a worker that owes an answer is inspected, every `INSPECT_EVERY_MS`.
 */
export class WorkerMonitor {
  readonly #deps: WorkerMonitorDeps;
  /** While an answer is owed. */
  #silence: WorkerSilence | undefined;
  #timer: Disposable | undefined;
  #suspect = false;
  #closed = false;

  constructor(deps: WorkerMonitorDeps) {
    this.#deps = deps;
  }

  /** Whether it has owed an answer for so long that other workers are preferred. */
  get suspect(): boolean {
    return this.#suspect;
  }

  /** The CPU time of the worker in milliseconds; monitors it until it has answered. Fails as the engine does. */
  async cpuMs(): Promise<number> {
    const { worker, clock } = this.#deps;
    if (!this.#silence && !this.#closed) {
      this.#silence = newSilence(clock.monotonicMs(), worker.answered());
      this.#inspectLater();
    }
    const cpuMs = await worker.cpuMs();
    this.#heard();
    return cpuMs;
  }

  close(): void {
    this.#closed = true;
    this.#rest();
  }

  #inspectLater(): void {
    this.#timer = this.#deps.clock.after(INSPECT_EVERY_MS, () => void this.#inspect());
  }

  async #inspect(): Promise<void> {
    const { worker, clock, log } = this.#deps;
    const process = await worker.process();
    // It has answered, or died, meanwhile.
    if (!this.#silence) return;
    const look = { atMs: clock.monotonicMs(), answered: worker.answered(), process };
    const { silence, verdict } = stepSilence(this.#silence, look);
    this.#silence = silence;
    if (verdict.kind === 'waits') {
      this.#suspects(verdict.suspect);
      return this.#inspectLater();
    }
    log.error({ event: 'worker.hangs', reason: verdict.reason }, 'a media worker hangs; killing it');
    worker.kill();
  }

  #suspects(suspect: boolean): void {
    const { worker, log } = this.#deps;
    const was = this.#suspect;
    this.#suspect = suspect;
    if (was || !suspect) return;
    log.warn(
      { event: 'worker.suspected', process: this.#silence?.last.process },
      'a media worker owes an answer',
    );
    // A second request, because the first one may have been lost.
    worker.cpuMs().then(
      () => this.#heard(),
      () => {},
    );
  }

  #heard(): void {
    if (this.#closed) return;
    if (this.#suspect) this.#deps.log.info({ event: 'worker.recovered' }, 'a media worker answers again');
    this.#rest();
  }

  #rest(): void {
    this.#timer?.[Symbol.dispose]();
    this.#silence = undefined;
    this.#suspect = false;
  }
}
