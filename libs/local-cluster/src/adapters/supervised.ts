import { readdirSync, readFileSync } from 'node:fs';
import { systemClock, withDeadline } from '@skein/runtime';
import { LaunchError, type ProcessExit } from '../launch-error.ts';
import { Child, type ChildSpec } from './child.ts';

export type ProcessStatus =
  | { readonly status: 'stopped' }
  | { readonly status: 'starting'; readonly pid: number }
  | { readonly status: 'ready'; readonly pid: number }
  /** It ended, and nobody here asked it to. */
  | { readonly status: 'exited'; readonly exit: ProcessExit };

/** How one kind of process is started, and how it is known to serve. */
export interface Supervision<Ready> {
  readonly spec: ChildSpec;
  readonly readyDeadlineMs: number;
  readonly stopDeadlineMs: number;
  /** Called for each line that the process prints, until it is ready; an answer says that it is. */
  readonly readyLine?: (line: string) => Ready | undefined;
  /** Asked again and again until it answers. */
  readonly probe?: () => Promise<Ready | undefined>;
}

const PROBE_INTERVAL_MS = 20;
const SHOWN_LINES = 15;
const FREEZE_DEADLINE_MS = 2_000;

/** A process that can be started, killed and started again in the same place. */
export class Supervised<Ready> {
  readonly name: string;
  onUnexpectedExit: (exit: ProcessExit) => void = () => {};
  readonly #supervision: Supervision<Ready>;
  #child: Child | undefined;
  #status: ProcessStatus = { status: 'stopped' };

  constructor(supervision: Supervision<Ready>) {
    this.name = supervision.spec.name;
    this.#supervision = supervision;
  }

  get status(): ProcessStatus {
    return this.#status;
  }

  get pid(): number | undefined {
    return this.#child?.exit ? undefined : this.#child?.pid;
  }

  get logFile(): string | undefined {
    return this.#supervision.spec.logFile;
  }

  /** What it printed last, at most 200 lines. */
  lastLines(count?: number): string[] {
    return this.#child?.lastLines(count) ?? [];
  }

  /** Starts it and waits until it serves. Fails `MISSING_PROGRAM`, `EXITED_EARLY` or `NOT_READY`, and leaves nothing then. */
  async start(): Promise<Ready> {
    const { readyByLine, child } = this.#spawn();
    this.#child = child;
    this.#status = { status: 'starting', pid: child.pid };
    void child.exited.then((exit) => this.#onExit(child, exit));
    try {
      const ready = await this.#awaitReady(child, readyByLine);
      this.#status = { status: 'ready', pid: child.pid };
      return ready;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** SIGTERM, then SIGKILL at the deadline. It can be started again. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#status = { status: 'stopped' };
    await child?.stop(this.#supervision.stopDeadlineMs);
  }

  /**
   * Sends SIGTERM and waits until the process has drained and exited. Fails when it has not by
   * `deadlineMs`; the process keeps running then.
   */
  async drain(deadlineMs: number): Promise<ProcessExit> {
    const child = this.#child;
    if (!child) throw new Error(`${this.name} does not run`);
    this.#status = { status: 'stopped' };
    child.signal('SIGTERM');
    return await withDeadline(
      systemClock,
      deadlineMs,
      child.exited,
      () => new Error(`${this.name} has not ended by itself within ${deadlineMs / 1000} s of SIGTERM`),
    );
  }

  /** Ends it at once, as a crash would. It can be started again. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#status = { status: 'stopped' };
    child?.signal(signal);
    await child?.exited;
  }

  /** Stops it if it runs, and starts it in the same place. */
  async restart(): Promise<Ready> {
    await this.stop();
    return await this.start();
  }

  /** It stays alive and answers nothing (SIGSTOP) until `thaw`. Resolves when all of its threads stand still. */
  async freeze(): Promise<void> {
    const child = this.#child;
    child?.signal('SIGSTOP');
    for (const deadline = systemClock.monotonicMs() + FREEZE_DEADLINE_MS; child && !isStopped(child.pid);) {
      if (child.exit || systemClock.monotonicMs() > deadline)
        throw new Error(`${this.name} cannot be frozen`);
      await systemClock.sleep(1);
    }
  }

  thaw(): void {
    this.#child?.signal('SIGCONT');
  }

  #spawn(): { child: Child; readyByLine: Promise<Ready> } {
    let onReady: (ready: Ready) => void = () => {};
    const readyByLine = new Promise<Ready>((resolve) => (onReady = resolve));
    const child = new Child(this.#supervision.spec, (line) => {
      const ready = this.#supervision.readyLine?.(line);
      if (ready !== undefined) onReady(ready);
    });
    return { child, readyByLine };
  }

  async #awaitReady(child: Child, readyByLine: Promise<Ready>): Promise<Ready> {
    const { readyDeadlineMs, probe } = this.#supervision;
    const ended = new AbortController();
    const exitedEarly = child.exited.then((exit) => {
      throw LaunchError.exitedEarly(this.name, exit, child.lastLines(SHOWN_LINES));
    });
    const tooLate = systemClock.sleep(readyDeadlineMs, ended.signal).then(() => {
      throw LaunchError.notReady(this.name, readyDeadlineMs, child.lastLines(SHOWN_LINES));
    });
    try {
      const ready = probe ? poll(probe, ended.signal) : readyByLine;
      return await Promise.race([ready, exitedEarly, tooLate]);
    } finally {
      ended.abort(new Error('no longer waited for'));
    }
  }

  #onExit(child: Child, exit: ProcessExit): void {
    if (child !== this.#child || this.#status.status === 'stopped') return;
    const wasReady = this.#status.status === 'ready';
    this.#status = { status: 'exited', exit };
    if (wasReady) this.onUnexpectedExit(exit);
  }
}

async function poll<Ready>(probe: () => Promise<Ready | undefined>, signal: AbortSignal): Promise<Ready> {
  for (;;) {
    const ready = await probe();
    if (ready !== undefined) return ready;
    await systemClock.sleep(PROBE_INTERVAL_MS, signal);
  }
}

/** Whether every thread of the process is stopped (`T` in proc(5)); the signal reaches them one by one. */
function isStopped(pid: number): boolean {
  if (process.platform !== 'linux') return true;
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.every((thread) =>
    /^State:\tT/m.test(readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8')),
  );
}
