import type { Heard } from './witnesses.ts';

/** When a node is suspected and what it takes to declare it dead. All in milliseconds. */
export interface DetectionPolicy {
  /** Without a sign of life for this long, a node is asked. Some beats: one that is missed is no evidence. */
  readonly suspectAfterMs: number;
  /** Without one for this long, the nodes that have a pipe to it are asked whether they hear it, so that their answer is there in time. */
  readonly askWitnessesAfterMs: number;
  /** A process has ended when both ways to it refused twice, this far apart: then its lease need not run out. */
  readonly refusedForMs: number;
  /** Store and bus must have answered without a break for this long: until then nodes too may be on their way back. */
  readonly steadyForMs: number;
  /** Older answers, and older readings of the leases, say nothing any more. */
  readonly evidenceLifeMs: number;
  /**
   * How long a node that other nodes still hear may be out of control's reach before it is evicted all the same: nobody
   * can mute, publish or subscribe there.
   */
  readonly heardByOthersForMs: number;
}

export const defaultDetection: DetectionPolicy = {
  suspectAfterMs: 600,
  askWitnessesAfterMs: 400,
  refusedForMs: 50,
  steadyForMs: 2000,
  evidenceLifeMs: 3000,
  heardByOthersForMs: 10_000,
};

/** What came of asking a node one way. */
export type ProbeAnswer =
  | 'answered'
  /** Said at once: nobody is there. */
  | 'refused'
  | 'silent'
  /** The question did not get out; that says nothing about the node. */
  | 'notAsked';

/** One round of questions, over the bus and over gRPC at the same time. */
export interface Asking {
  readonly beganMs: number;
  readonly endedMs: number;
  readonly bus: ProbeAnswer;
  readonly rpc: ProbeAnswer;
}

/** What the nodes that have a pipe to it said when they were asked whether they hear it. */
export interface Testimony {
  readonly beganMs: number;
  readonly heard: Heard;
}

export interface Evidence {
  /** Control's open connection to the node ended a moment ago, as it does when a process ends: grounds to probe it at once. */
  readonly connectionLost: boolean;
  /** Since when the store has answered without a break. */
  readonly storeSteadySinceMs: number | undefined;
  readonly busSteadySinceMs: number | undefined;
  /** The last successful reading of the leases, and whether the node's was among them. */
  readonly lease: { readonly held: boolean; readonly atMs: number } | undefined;
  /** In order; the last two count. */
  readonly askings: readonly Asking[];
  /** The last one. */
  readonly testimony: Testimony | undefined;
}

/** Why a node that is not heard is not declared dead. */
export type Doubt =
  | 'heardLately'
  | 'storeUnsteady'
  | 'busUnsteady'
  | 'notAsked'
  | 'answers'
  | 'askedOnce'
  | 'leaseNotRead'
  | 'leaseHeld'
  | 'witnessesNotAsked'
  | 'heardByOthers'
  /** Dead by all evidence, but too many nodes are missing at once: they get a second, longer look. */
  | 'manyMissing';

export type Verdict =
  | { readonly state: 'alive' }
  | { readonly state: 'suspect'; readonly doubt: Doubt }
  /** `crashed`: its process has ended, whatever its lease says. */
  | { readonly state: 'dead'; readonly reason: string; readonly crashed: boolean };

/**
 * Whether a node is dead, from what is known at `now` (milliseconds, one monotonic clock for all). Dead takes all of:
 * no sign of life, a lease that has run out in a store that answers, no answer over a bus that works nor over gRPC,
 * twice, or once if both say that nobody is there, and no other node that hears it. A node that others hear is dead only
 * after `heardByOthersForMs`. A node whose connection was lost is suspected at once; when bus and gRPC both refuse twice,
 * its process has ended, and neither silence nor lease matter.
 */
export function judge(
  lastHeardMs: number,
  evidence: Evidence,
  now: number,
  policy: DetectionPolicy = defaultDetection,
): Verdict {
  const unheardMs = now - lastHeardMs;
  if (unheardMs < policy.suspectAfterMs && !evidence.connectionLost) return { state: 'alive' };
  const doubt = doubtOf(lastHeardMs, evidence, now, policy);
  if (doubt) return { state: 'suspect', doubt };
  const last = evidence.askings.at(-1);
  const crashed = hasCrashed(lastHeardMs, evidence, now, policy);
  const heard = evidence.testimony?.heard;
  const reason = [
    `not heard for ${Math.round(unheardMs)} ms`,
    crashed ? 'process ended' : 'lease run out',
    `bus ${last?.bus}`,
    `gRPC ${last?.rpc}`,
    heard === 'nobodyAsked' ? 'no node has a pipe to it' : `other nodes: ${heard}`,
  ].join(', ');
  return { state: 'dead', reason, crashed };
}

function doubtOf(
  lastHeardMs: number,
  evidence: Evidence,
  now: number,
  policy: DetectionPolicy,
): Doubt | undefined {
  const { storeSteadySinceMs, busSteadySinceMs, lease, askings, testimony } = evidence;
  if (!isSteady(storeSteadySinceMs, now, policy)) return 'storeUnsteady';
  if (!isSteady(busSteadySinceMs, now, policy)) return 'busUnsteady';
  const counts = (atMs: number, since: number): boolean =>
    atMs > lastHeardMs && atMs >= since && now - atMs <= policy.evidenceLifeMs;
  const [last, before] = lastInARow(
    askings.filter(({ beganMs }) => beganMs > lastHeardMs && beganMs >= busSteadySinceMs),
    now,
    policy,
  );
  const doubt = doubtOfAskings(last, before);
  if (doubt) return doubt;
  if (!hasCrashed(lastHeardMs, evidence, now, policy)) {
    if (now - lastHeardMs < policy.suspectAfterMs) return 'heardLately';
    if (!lease || !counts(lease.atMs, storeSteadySinceMs)) return 'leaseNotRead';
    if (lease.held) return 'leaseHeld';
  }
  if (!testimony || !counts(testimony.beganMs, busSteadySinceMs)) return 'witnessesNotAsked';
  const isHeard = testimony.heard === 'media' || testimony.heard === 'control';
  return isHeard && now - lastHeardMs < policy.heardByOthersForMs ? 'heardByOthers' : undefined;
}

/**
 * Whether nobody listens at the node's addresses any more: NATS knows no subscriber, the gRPC port refuses. A process that
 * hangs keeps both, and packets that are lost make both silent.
 */
function hasCrashed(
  lastHeardMs: number,
  { askings, busSteadySinceMs }: Evidence,
  now: number,
  policy: DetectionPolicy,
): boolean {
  if (busSteadySinceMs === undefined) return false;
  const refused = lastInARow(
    askings.filter(({ beganMs }) => beganMs > lastHeardMs && beganMs >= busSteadySinceMs),
    now,
    policy,
  ).slice(0, 2);
  const [last, before] = refused;
  return (
    last !== undefined &&
    before !== undefined &&
    refused.every(({ bus, rpc }) => bus === 'refused' && rpc === 'refused') &&
    last.beganMs - before.beganMs >= policy.refusedForMs
  );
}

/** The last askings, the latest first, each not long before the next one: that far away nodes take their time is no reason to forget. */
function lastInARow(
  askings: readonly Asking[],
  now: number,
  { evidenceLifeMs }: DetectionPolicy,
): readonly Asking[] {
  const found: Asking[] = [];
  for (const asking of askings.toReversed()) {
    if ((found.at(-1)?.beganMs ?? now) - asking.endedMs > evidenceLifeMs) break;
    found.push(asking);
  }
  return found;
}

function doubtOfAskings(last: Asking | undefined, before: Asking | undefined): Doubt | undefined {
  if (!last || last.bus === 'notAsked' || last.rpc === 'notAsked') return 'notAsked';
  if (last.bus === 'answered' || last.rpc === 'answered') return 'answers';
  if (last.bus === 'refused' && last.rpc === 'refused') return undefined;
  return before && isUnanswered(before) ? undefined : 'askedOnce';
}

function isUnanswered({ bus, rpc }: Asking): boolean {
  return [bus, rpc].every((answer) => answer === 'refused' || answer === 'silent');
}

function isSteady(
  sinceMs: number | undefined,
  now: number,
  { steadyForMs }: DetectionPolicy,
): sinceMs is number {
  return sinceMs !== undefined && now - sinceMs > steadyForMs;
}
