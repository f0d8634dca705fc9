import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { MediaWorker } from '../media/engine.ts';
import { judgeWorker, LOOK_EVERY_MS, newSilence, type WorkerSilence } from './worker-health.ts';

export interface WorkerWatchParts {
  readonly worker: MediaWorker;
  readonly clock: Clock;
  /** Says which worker it is. */
  readonly log: Logger;
}

/**
 * Finds out that a worker hangs, and ends it, which makes it one of those that died. It costs nothing beside the question
 * that is asked anyway, once a second, to measure the load: only a worker that owes an answer is looked at, every `LOOK_EVERY_MS`.
 */
export class WorkerWatch {
  readonly #parts: WorkerWatchParts;
  /** While an answer is owed. */
  #silence: WorkerSilence | undefined;
  #timer: Disposable | undefined;
  #suspect = false;
  #closed = false;

  constructor(parts: WorkerWatchParts) {
    this.#parts = parts;
  }

  /** Whether it has owed an answer for so long that another worker is to be preferred. */
  get suspect(): boolean {
    return this.#suspect;
  }

  /** Asks for the CPU time that the worker has used, in milliseconds, and watches until it has answered. Fails as the engine does. */
  async cpuMs(): Promise<number> {
    const { worker, clock } = this.#parts;
    if (!this.#silence && !this.#closed) {
      this.#silence = newSilence(clock.monotonicMs(), worker.answered());
      this.#lookLater();
    }
    const cpuMs = await worker.cpuMs();
    this.#heard();
    return cpuMs;
  }

  close(): void {
    this.#closed = true;
    this.#rest();
  }

  #lookLater(): void {
    this.#timer = this.#parts.clock.after(LOOK_EVERY_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    const { worker, clock, log } = this.#parts;
    const process = await worker.process();
    // It has answered, or died, meanwhile.
    if (!this.#silence) return;
    const look = { atMs: clock.monotonicMs(), answered: worker.answered(), process };
    const { silence, verdict } = judgeWorker(this.#silence, look);
    this.#silence = silence;
    if (verdict.kind === 'waits') {
      this.#suspects(verdict.suspect);
      return this.#lookLater();
    }
    log.error({ reason: verdict.reason }, 'a media worker hangs; ending it');
    worker.kill();
  }

  #suspects(suspect: boolean): void {
    const { worker, log } = this.#parts;
    const was = this.#suspect;
    this.#suspect = suspect;
    if (was || !suspect) return;
    log.warn({ process: this.#silence?.last.process }, 'a media worker owes an answer');
    // A second question, for the first one may be what was lost.
    worker.cpuMs().then(
      () => this.#heard(),
      () => {},
    );
  }

  #heard(): void {
    if (this.#closed) return;
    if (this.#suspect) this.#parts.log.info({}, 'the media worker answers again');
    this.#rest();
  }

  #rest(): void {
    this.#timer?.[Symbol.dispose]();
    this.#silence = undefined;
    this.#suspect = false;
  }
}
