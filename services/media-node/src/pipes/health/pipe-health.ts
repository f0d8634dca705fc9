/** What one end of a pipe has sent and received since it was made, RTP and RTCP. */
export interface EndCounters {
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** Both ends of a pipe, counted at about the same time. */
export interface PipeSample {
  readonly atMs: number;
  readonly here: EndCounters;
  /** `unanswered`: the other node, or its worker, did not say; `gone`: it has no such end any more. */
  readonly there: EndCounters | 'unanswered' | 'gone';
  /** Whether a track should be coming in: one that is not known to be muted. */
  readonly expecting: boolean;
  /** How long the other node usually takes to answer. Default: no time. */
  readonly usualAnswerMs?: number;
}

interface Direction {
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** When something was last received, or since when it has been watched. */
  readonly heardAtMs: number;
  /** How much came when something last did. */
  readonly heardBps: number;
  /** Whether anything was received since it has been watched. */
  readonly heard: boolean;
  /** Samples in a row in which more was sent and nothing was received. */
  readonly lost: number;
}

/** What is known of a pipe from its samples so far. */
export interface PipeHealth {
  readonly inbound: Direction;
  readonly outbound: Direction;
  /** Samples in a row without an answer. */
  readonly unanswered: number;
}

export type Verdict =
  | { readonly kind: 'unsure' | 'works' }
  /** `cutOff`: the other node is not heard on any way, packets or calls. */
  | { readonly kind: 'broken'; readonly reason: string; readonly cutOff: boolean };

/** How long one direction may be silent although its sender sends. */
export const SILENCE_MS = 1000;
/** And for how many samples, so that a slow node's late samples don't count for more than they show. */
const SILENT_SAMPLES = 3;
/** A voice without pauses has more than this, a voice with pauses and what idle ends say less. */
const STEADY_BPS = 16_000;
/**
 * How long, and for how many questions, packets and answers must be missing together. What came steadily does not stop by
 * itself; a publisher that pauses without a word does, and its node may be busy at the same time.
 */
const MISSED_STEADY = { silenceMs: SILENCE_MS, questions: 2 };
const MISSED_SPARSE = { silenceMs: 2000, questions: 3 };

/**
 * What one more sample says of a pipe. Pure. Silence alone is no evidence: muted tracks send nothing. It counts when the
 * sender says that it has sent meanwhile (ends that are idle send something when they are asked), or when the other
 * node does not answer either although a track should be coming.
 */
export function judge(
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
    // A sample that is cut short by the break itself says little of what came before it.
    const heardBps = Math.max(bps, before.heardBps / 4);
    return { sentBytes: sent, receivedBytes, heardAtMs: atMs, heardBps, heard: true, lost: 0 };
  }
  // Without both counts nothing can be said.
  const lost = receivedBytes !== undefined && sent > before.sentBytes ? before.lost + 1 : before.lost;
  return { ...before, sentBytes: sent, lost };
}

/** Whether the next sample is wanted soon: something is missing that should have come. Pure. */
export function isDoubtful({ inbound, outbound, unanswered }: PipeHealth, sample: PipeSample): boolean {
  const unheard = sample.expecting && unanswered > 0 && inbound.heardAtMs < sample.atMs;
  return unheard || inbound.lost + outbound.lost > 0;
}

function verdictOf(health: PipeHealth, { atMs, there, expecting, usualAnswerMs = 0 }: PipeSample): Verdict {
  const broken = (reason: string, cutOff = false): Verdict => ({ kind: 'broken', reason, cutOff });
  if (there === 'gone') return broken('the other node has no such end any more');
  const { inbound, outbound, unanswered } = health;
  // On a slow line what was sent is seen to arrive that much later.
  const nowMs = atMs - usualAnswerMs;
  const silence = `nothing came in for ${Math.round(atMs - inbound.heardAtMs)} ms`;
  if (isLost(inbound, nowMs)) return broken(silence);
  if (isLost(outbound, nowMs))
    return broken(`nothing arrived at the other node for ${Math.round(atMs - outbound.heardAtMs)} ms`);
  const missed = inbound.heardBps >= STEADY_BPS ? MISSED_STEADY : MISSED_SPARSE;
  if (expecting && unanswered >= missed.questions && nowMs - inbound.heardAtMs >= missed.silenceMs)
    return broken(
      `${silence}, and ${unanswered} questions were not answered, which takes ${Math.round(usualAnswerMs)} ms`,
      true,
    );
  const bothHeard = inbound.heard && outbound.heard && inbound.lost + outbound.lost === 0;
  return { kind: bothHeard && there !== 'unanswered' ? 'works' : 'unsure' };
}

function isLost({ lost, heardAtMs }: Direction, atMs: number): boolean {
  return lost >= SILENT_SAMPLES && atMs - heardAtMs >= SILENCE_MS;
}
