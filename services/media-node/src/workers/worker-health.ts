import type { WorkerProcess } from '../media/engine.ts';

/** A worker that owes an answer, inspected from outside. */
export interface WorkerLook {
  readonly atMs: number;
  /** All requests that it has answered since its start. */
  readonly answered: number;
  /** `undefined`: unknown to the system. */
  readonly process: WorkerProcess | undefined;
}

/** `still`: neither runs nor is runnable, and has used no CPU since the last inspection. `unseen`: cannot be inspected. */
type Pose = 'moves' | 'still' | 'stopped' | 'blocked' | 'unseen';

/** The evidence about a worker since a request that it has not answered. */
export interface WorkerSilence {
  readonly last: WorkerLook;
  readonly silentMs: number;
  readonly pose: Pose;
  /** How long every inspection has found it so. */
  readonly poseMs: number;
  /** CPU time used meanwhile. */
  readonly spentMs: number;
}

export type WorkerVerdict =
  /** `suspect`: other workers are preferred. */
  { readonly kind: 'waits'; readonly suspect: boolean } | { readonly kind: 'hangs'; readonly reason: string };

/** Interval at which a worker that owes an answer is inspected. */
export const INSPECT_EVERY_MS = 200;
const SUSPECT_AFTER_MS = 400;

/** In any pose: no client can join or leave through a worker that answers nothing for this long. */
const SILENT_MS = 10_000;
/**
 * How long a worker that answers nothing may stay in one pose. A stopped process does not continue on its own. A sleeping
 * one is woken by a request: if it still sleeps, it is stuck. One that waits for a disk, as after swapping, may recover.
 * One that moves is busy.
 */
const HANGS_AFTER_MS = { stopped: 600, still: 800, blocked: 3000, unseen: 3000, moves: SILENT_MS } as const;
/**
 * A busy worker serves all its sockets between two answers, which takes some 100 ms of CPU at worst. This is CPU time, so
 * that a worker that gets no core does not count as one in an endless loop.
 */
const LOOPS_SPENT_MS = 2000;

const DESCRIPTIONS = {
  stopped: 'its process is stopped',
  still: 'its process does nothing',
  blocked: 'its process waits for the system',
  unseen: 'its process cannot be looked at',
  moves: 'its process is busy',
} as const satisfies Record<Pose, string>;

/** A worker that has just got a request. */
export function newSilence(atMs: number, answered: number): WorkerSilence {
  return silenceFrom({ atMs, answered, process: undefined });
}

/**
 * The evidence and the verdict after one more inspection of a worker that owes an answer. Pure. A busy worker answers
 * late, but it does answer some request; silence alone is weak evidence, the state of its process is strong evidence.
 */
export function stepSilence(
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
  // A longer time means that this process did not run, and could not have received an answer.
  const passedMs = Math.min(look.atMs - last.atMs, 2 * INSPECT_EVERY_MS);
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
  // Unknown at the first inspection.
  if (!earlier || spentMs > 0 || now.state === 'runs') return 'moves';
  return now.state === 'blocked' ? 'blocked' : 'still';
}

function hangs({ silentMs, pose, poseMs, spentMs }: WorkerSilence): boolean {
  return poseMs >= HANGS_AFTER_MS[pose] || spentMs >= LOOPS_SPENT_MS || silentMs >= SILENT_MS;
}

function hanging({ silentMs, pose, spentMs }: WorkerSilence): WorkerVerdict {
  const spent = spentMs > 0 ? `, with ${spentMs} ms of CPU used` : '';
  return {
    kind: 'hangs',
    reason: `no answer for ${Math.round(silentMs)} ms${spent}, and ${DESCRIPTIONS[pose]}`,
  };
}
