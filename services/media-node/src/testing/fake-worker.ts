import { Emitter } from '@skein/runtime';
import type { MediaWorker, WorkerProcess } from '../media/engine.ts';

/** A worker without media that can hang. */
export interface FakeWorker extends MediaWorker {
  /** Stops answering; its process looks like this. */
  hang(process: WorkerProcess): void;
  /** Answers the pending requests. */
  resume(): void;
  die(): void;
  /** Requests for its CPU time, answered or not. */
  readonly requests: number;
  readonly looks: number;
  readonly ended: 'closed' | 'killed' | undefined;
}

export function fakeWorker(pid: number): FakeWorker {
  const events: MediaWorker['events'] = new Emitter();
  const owed: (() => void)[] = [];
  const lives: WorkerProcess = { state: 'sleeps', cpuMs: 0 };
  const state = { hung: undefined as WorkerProcess | undefined, requests: 0, answered: 0, looks: 0 };
  let ended: FakeWorker['ended'];
  return {
    pid,
    events,
    get requests() {
      return state.requests;
    },
    get looks() {
      return state.looks;
    },
    get ended() {
      return ended;
    },
    hang: (process) => (state.hung = process),
    resume: () => {
      state.hung = undefined;
      for (const answer of owed.splice(0)) answer();
    },
    die: () => events.emit('died', { error: new Error('killed') }),
    createRouter: () => Promise.reject(new Error('not in this test')),
    cpuMs: async () => {
      state.requests++;
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
