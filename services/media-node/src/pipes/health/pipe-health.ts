import type { EndCounters } from '../../media/engine.ts';

/** Both ends of a pipe, counted at about the same time. */
export interface PipeSample {
  readonly atMs: number;
  readonly here: EndCounters;
  /** `unanswered`: the other node, or its worker, did not answer; `gone`: it has no such end any more. */
  readonly there: EndCounters | 'unanswered' | 'gone';
  /** Whether a track should be arriving: one that is not known to be muted. */
  readonly expecting: boolean;
  /** The other node's usual answer time. Default: 0. */
  readonly usualAnswerMs?: number;
}

interface Direction {
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** When something was last received, or when monitoring began. */
  readonly heardAtMs: number;
  /** The rate when something was last received. */
  readonly heardBps: number;
  /** Whether anything was received since monitoring began. */
  readonly heard: boolean;
  /** Samples in a row in which bytes were sent and none was received. */
  readonly lost: number;
}

/** The health of a pipe by its samples so far. */
export interface PipeHealth {
  readonly inbound: Direction;
  readonly outbound: Direction;
  /** Samples in a row without an answer. */
  readonly unanswered: number;
}

export type Verdict =
  | { readonly kind: 'unsure' | 'works' }
  /** `cutOff`: neither packets nor answers arrive from the other node. */
  | { readonly kind: 'broken'; readonly reason: string; readonly cutOff: boolean };

/** Maximum silence of one direction while its sender sends. */
export const SILENCE_MS = 1000;
/** Minimum number of silent samples, so that a slow node's late samples do not count too much. */
const SILENT_SAMPLES = 3;
/** Continuous speech has more than this; speech with pauses, and the probes of idle ends, have less. */
const STEADY_BPS = 16_000;
/**
 * How long, and for how many probes, packets and answers must be missing together. A steady stream does not stop without
 * a cause; a publisher may pause without notice, and its node may be busy at the same time.
 */
const MISSED_STEADY = { silenceMs: SILENCE_MS, probes: 2 };
const MISSED_SPARSE = { silenceMs: 2000, probes: 3 };

/**
 * The health of a pipe after one more sample. Pure. Silence alone is no evidence, because muted tracks send nothing. It
 * counts when the sender reports that it has sent meanwhile (idle ends send probe packets when they are counted), or when
 * the other node does not answer either although a track should be arriving.
 */
export function stepHealth(
  before: PipeHealth | undefined,
  sample: PipeSample,
): { readonly health: PipeHealth; readonly verdict: Verdict } {
  const { atMs, here, there } = sample;
  const known = typeof there === 'object' ? there : undefined;
  const health: PipeHealth = {
    inbound: listen(before?.inbound, atMs, known?.sentBytes, here.receivedBytes),
    outbound: listen(before?.outbound, atMs, here.sentBytes, known?.receivedBytes),
    unanswered: there === 'unanswered' ? (before?.unanswered ?? 0) + 1 : 0,
  };
  return { health, verdict: verdictOf(health, sample) };
}

function listen(
  before: Direction | undefined,
  atMs: number,
  sentBytes: number | undefined,
  receivedBytes: number | undefined,
): Direction {
  if (!before) {
    const counted = { sentBytes: sentBytes ?? 0, receivedBytes: receivedBytes ?? 0 };
    return { ...counted, heardAtMs: atMs, heardBps: 0, heard: counted.receivedBytes > 0, lost: 0 };
  }
  const sent = sentBytes ?? before.sentBytes;
  if (receivedBytes !== undefined && receivedBytes > before.receivedBytes) {
    const bps = ((receivedBytes - before.receivedBytes) * 8000) / Math.max(1, atMs - before.heardAtMs);
    // A sample that is cut short by the break itself shows little of the rate before it.
    const heardBps = Math.max(bps, before.heardBps / 4);
    return { sentBytes: sent, receivedBytes, heardAtMs: atMs, heardBps, heard: true, lost: 0 };
  }
  // No conclusion without both counts.
  const lost = receivedBytes !== undefined && sent > before.sentBytes ? before.lost + 1 : before.lost;
  return { ...before, sentBytes: sent, lost };
}

/** Whether the next sample is wanted soon, because expected packets are missing. Pure. */
export function isSuspect({ inbound, outbound, unanswered }: PipeHealth, sample: PipeSample): boolean {
  const unheard = sample.expecting && unanswered > 0 && inbound.heardAtMs < sample.atMs;
  return unheard || inbound.lost + outbound.lost > 0;
}

function verdictOf(health: PipeHealth, { atMs, there, expecting, usualAnswerMs = 0 }: PipeSample): Verdict {
  const broken = (reason: string, cutOff = false): Verdict => ({ kind: 'broken', reason, cutOff });
  if (there === 'gone') return broken('the other node has dropped its end');
  const { inbound, outbound, unanswered } = health;
  // On a slow line packets arrive that much later.
  const nowMs = atMs - usualAnswerMs;
  const silence = `nothing arrived for ${Math.round(atMs - inbound.heardAtMs)} ms`;
  if (isLost(inbound, nowMs)) return broken(silence);
  if (isLost(outbound, nowMs))
    return broken(`nothing arrived at the other node for ${Math.round(atMs - outbound.heardAtMs)} ms`);
  const missed = inbound.heardBps >= STEADY_BPS ? MISSED_STEADY : MISSED_SPARSE;
  if (expecting && unanswered >= missed.probes && nowMs - inbound.heardAtMs >= missed.silenceMs)
    return broken(
      `${silence}, and ${unanswered} probes were not answered, which takes ${Math.round(usualAnswerMs)} ms`,
      true,
    );
  const bothHeard = inbound.heard && outbound.heard && inbound.lost + outbound.lost === 0;
  return { kind: bothHeard && there !== 'unanswered' ? 'works' : 'unsure' };
}

function isLost({ lost, heardAtMs }: Direction, atMs: number): boolean {
  return lost >= SILENT_SAMPLES && atMs - heardAtMs >= SILENCE_MS;
}
