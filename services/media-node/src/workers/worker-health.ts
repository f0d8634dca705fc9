import type { WorkerProcess } from '../media/engine.ts';

/** A worker that owes an answer, looked at from outside. */
export interface WorkerLook {
  readonly atMs: number;
  /** Requests that it has answered since its start, whichever. */
  readonly answered: number;
  /** `undefined`: the system does not say. */
  readonly process: WorkerProcess | undefined;
}

/** `still`: neither runs nor wants to, and has used no CPU since the look before. `unseen`: cannot be looked at. */
type Pose = 'moves' | 'still' | 'stopped' | 'blocked' | 'unseen';

/** What is known of a worker since it was asked and did not answer. */
export interface WorkerSilence {
  readonly last: WorkerLook;
  readonly silentMs: number;
  readonly pose: Pose;
  /** For how long it has been found so at every look. */
  readonly poseMs: number;
  /** CPU time that it has used meanwhile. */
  readonly spentMs: number;
}

export type WorkerVerdict =
  /** `suspect`: whoever has a choice takes another worker. */
  { readonly kind: 'waits'; readonly suspect: boolean } | { readonly kind: 'hangs'; readonly reason: string };

/** How often a worker that owes an answer is looked at. */
export const LOOK_EVERY_MS = 200;
const SUSPECT_AFTER_MS = 400;

/** However it looks: nobody can join or leave through a worker that answers nothing for so long. */
const SILENT_MS = 10_000;
/**
 * How long a worker that answers nothing may be found in one pose. A process that is stopped does not go on by itself. One
 * that sleeps is woken by a question: with one before it, it is stuck. What waits for a disk, as after it was swapped out,
 * may come back. One that moves is busy.
 */
const HANGS_AFTER_MS = { stopped: 600, still: 800, blocked: 3000, unseen: 3000, moves: SILENT_MS } as const;
/**
 * A busy worker goes round all its sockets between two answers, which takes some 100 ms of CPU at worst. It is measured in
 * its own time, so that one that gets no core is not taken for one that loops.
 */
const LOOPS_SPENT_MS = 2000;

const SAYS = {
  stopped: 'its process is stopped',
  still: 'its process does nothing',
  blocked: 'its process waits for the system',
  unseen: 'its process cannot be looked at',
  moves: 'its process is busy',
} as const satisfies Record<Pose, string>;

/** Of a worker that has just been asked. */
export function newSilence(atMs: number, answered: number): WorkerSilence {
  return silenceFrom({ atMs, answered, process: undefined });
}

/**
 * What one more look says of a worker that owes an answer. Pure. A busy worker answers late, but answers, this question or
 * those before it; silence alone is weak evidence, what its process does meanwhile is strong.
 */
export function judgeWorker(
  before: WorkerSilence,
  look: WorkerLook,
): { readonly silence: WorkerSilence; readonly verdict: WorkerVerdict } {
  if (look.answered > before.last.answered)
    return { silence: silenceFrom(look), verdict: { kind: 'waits', suspect: false } };
  const silence = listen(before, look);
  const suspect = silence.silentMs >= SUSPECT_AFTER_MS;
  return { silence, verdict: hangs(silence) ? hanging(silence) : { kind: 'waits', suspect } };
}

function silenceFrom(last: WorkerLook): WorkerSilence {
  return { last, silentMs: 0, pose: 'moves', poseMs: 0, spentMs: 0 };
}

function listen({ last, ...before }: WorkerSilence, look: WorkerLook): WorkerSilence {
  // Longer than that it was this process that did not run, and could not have heard an answer.
  const passedMs = Math.min(look.atMs - last.atMs, 2 * LOOK_EVERY_MS);
  const spentMs = last.process && look.process ? Math.max(0, look.process.cpuMs - last.process.cpuMs) : 0;
  const pose = poseOf(last.process, look.process, spentMs);
  return {
    last: look,
    silentMs: before.silentMs + passedMs,
    pose,
    poseMs: pose === before.pose ? before.poseMs + passedMs : passedMs,
    spentMs: before.spentMs + spentMs,
  };
}

function poseOf(earlier: WorkerProcess | undefined, now: WorkerProcess | undefined, spentMs: number): Pose {
  if (!now) return 'unseen';
  if (now.state === 'stopped') return 'stopped';
  // Of the first look it cannot be said.
  if (!earlier || spentMs > 0 || now.state === 'runs') return 'moves';
  return now.state === 'blocked' ? 'blocked' : 'still';
}

function hangs({ silentMs, pose, poseMs, spentMs }: WorkerSilence): boolean {
  return poseMs >= HANGS_AFTER_MS[pose] || spentMs >= LOOPS_SPENT_MS || silentMs >= SILENT_MS;
}

function hanging({ silentMs, pose, spentMs }: WorkerSilence): WorkerVerdict {
  const spent = spentMs > 0 ? `, with ${spentMs} ms of CPU used` : '';
  return { kind: 'hangs', reason: `no answer for ${Math.round(silentMs)} ms${spent}, and ${SAYS[pose]}` };
}
