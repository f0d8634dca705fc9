import { Emitter } from '@skein/runtime';
import type { MediaWorker, WorkerProcess } from '../media/engine.ts';

/** For tests: a worker without media that can hang. */
export interface TestWorker extends MediaWorker {
  /** From now on it answers nothing, and its process looks like this. */
  hang(process: WorkerProcess): void;
  /** Answers what it owes. */
  goOn(): void;
  die(): void;
  /** What was asked for its CPU time, answered or not. */
  readonly asked: number;
  readonly looks: number;
  readonly ended: 'closed' | 'killed' | undefined;
}

export function testWorker(pid: number): TestWorker {
  const events: MediaWorker['events'] = new Emitter();
  const owed: (() => void)[] = [];
  const lives: WorkerProcess = { state: 'sleeps', cpuMs: 0 };
  const state = { hung: undefined as WorkerProcess | undefined, asked: 0, answered: 0, looks: 0 };
  let ended: TestWorker['ended'];
  return {
    pid,
    events,
    get asked() {
      return state.asked;
    },
    get looks() {
      return state.looks;
    },
    get ended() {
      return ended;
    },
    hang: (process) => (state.hung = process),
    goOn: () => {
      state.hung = undefined;
      for (const answer of owed.splice(0)) answer();
    },
    die: () => events.emit('died', { error: new Error('killed') }),
    createRouter: () => Promise.reject(new Error('not in this test')),
    cpuMs: async () => {
      state.asked++;
      if (state.hung) await new Promise<void>((resolve) => owed.push(resolve));
      state.answered++;
      return 0;
    },
    answered: () => state.answered,
    process: async () => {
      state.looks++;
      return state.hung ?? lives;
    },
    kill: () => {
      ended = 'killed';
      events.emit('died', { error: new Error('killed') });
    },
    close: () => (ended ??= 'closed'),
  };
}
