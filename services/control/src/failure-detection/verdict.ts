import type { Heard } from './witnesses.ts';

/** When a node is suspected and what it takes to declare it dead. All in milliseconds. */
export interface DetectionPolicy {
  /** Silence after which a node is suspected and probed. Several heartbeats: one that is missed is no evidence. */
  readonly suspectAfterMs: number;
  /** Silence after which its pipe peers are asked whether they hear it, so that their answers are in when the probes end. */
  readonly askWitnessesAfterMs: number;
  /** A process has ended when bus and gRPC both refused twice, this far apart. Its lease need not run out then. */
  readonly refusedForMs: number;
  /** Store and bus must have answered without a break for this long: after an outage, nodes reconnect too. */
  readonly healthyForMs: number;
  /** Older probes and lease readings do not count. */
  readonly evidenceLifeMs: number;
  /**
   * How long a node that its peers still hear may be unreachable for control before it is evicted anyway: its clients
   * cannot mute, publish or subscribe.
   */
  readonly heardByOthersForMs: number;
}

export const defaultDetection: DetectionPolicy = {
  suspectAfterMs: 600,
  askWitnessesAfterMs: 400,
  refusedForMs: 50,
  healthyForMs: 2000,
  evidenceLifeMs: 3000,
  heardByOthersForMs: 10_000,
};

/** The result of one probe over one path. */
export type ProbeResult =
  | 'answered'
  /** Nothing listens there. */
  | 'refused'
  | 'silent'
  /** The probe was not sent, which says nothing about the node. */
  | 'notProbed';

/** One probe over the bus and one over gRPC, at the same time. */
export interface ProbeRound {
  readonly beganMs: number;
  readonly endedMs: number;
  readonly bus: ProbeResult;
  readonly rpc: ProbeResult;
}

/** The strongest answer of the nodes that have a pipe to it. */
export interface WitnessReport {
  readonly beganMs: number;
  readonly heard: Heard;
}

export interface Evidence {
  /** Control's open connection to the node ended a moment ago, as it does when a process ends. The node is probed at once. */
  readonly connectionLost: boolean;
  /** Since when the store has answered without a break. */
  readonly storeHealthySinceMs: number | undefined;
  readonly busHealthySinceMs: number | undefined;
  /** The last successful reading of the leases, and whether the node's was among them. */
  readonly lease: { readonly held: boolean; readonly atMs: number } | undefined;
  /** In order; the last two count. */
  readonly probeRounds: readonly ProbeRound[];
  /** The last one. */
  readonly witnessReport: WitnessReport | undefined;
}

/** Why a suspect is not declared dead yet. */
export type SuspectReason =
  | 'heardLately'
  | 'storeUnstable'
  | 'busUnstable'
  | 'notProbed'
  | 'answers'
  | 'probedOnce'
  | 'leaseNotRead'
  | 'leaseHeld'
  | 'witnessesNotAsked'
  | 'heardByOthers'
  /** Dead by all evidence, but too many nodes are missing at once: their evidence must stand for longer. */
  | 'manyMissing';

export type Verdict =
  | { readonly kind: 'alive' }
  | { readonly kind: 'suspect'; readonly reason: SuspectReason }
  /** `crashed`: its process has ended, whatever its lease says. */
  | { readonly kind: 'dead'; readonly reason: string; readonly crashed: boolean };

/**
 * Whether a node is dead, by what is known at `now` (milliseconds of one monotonic clock). A node is dead when it is silent,
 * its lease has run out in a store that answers, two probes over a working bus and over gRPC had no answer (one, if
 * both refused), and no peer hears it. A node that peers hear is dead only after `heardByOthersForMs`. A node whose
 * connection was lost is suspected at once; when bus and gRPC both refuse twice, its process has ended, and neither silence
 * nor lease matter.
 */
export function judge(
  lastHeardMs: number,
  evidence: Evidence,
  now: number,
  policy: DetectionPolicy = defaultDetection,
): Verdict {
  const unheardMs = now - lastHeardMs;
  if (unheardMs < policy.suspectAfterMs && !evidence.connectionLost) return { kind: 'alive' };
  const pending = reasonOf(lastHeardMs, evidence, now, policy);
  if (pending) return { kind: 'suspect', reason: pending };
  const last = evidence.probeRounds.at(-1);
  const crashed = hasCrashed(lastHeardMs, evidence, now, policy);
  const heard = evidence.witnessReport?.heard;
  const reason = [
    `not heard for ${Math.round(unheardMs)} ms`,
    crashed ? 'process ended' : 'lease run out',
    `bus ${last?.bus}`,
    `gRPC ${last?.rpc}`,
    heard === 'nobodyAsked' ? 'no node has a pipe to it' : `other nodes: ${heard}`,
  ].join(', ');
  return { kind: 'dead', reason, crashed };
}

function reasonOf(
  lastHeardMs: number,
  evidence: Evidence,
  now: number,
  policy: DetectionPolicy,
): SuspectReason | undefined {
  const { storeHealthySinceMs, busHealthySinceMs, lease, probeRounds, witnessReport } = evidence;
  if (!isHealthy(storeHealthySinceMs, now, policy)) return 'storeUnstable';
  if (!isHealthy(busHealthySinceMs, now, policy)) return 'busUnstable';
  const counts = (atMs: number, since: number): boolean =>
    atMs > lastHeardMs && atMs >= since && now - atMs <= policy.evidenceLifeMs;
  const [last, before] = lastInARow(
    probeRounds.filter(({ beganMs }) => beganMs > lastHeardMs && beganMs >= busHealthySinceMs),
    now,
    policy,
  );
  const reason = reasonOfProbes(last, before);
  if (reason) return reason;
  if (!hasCrashed(lastHeardMs, evidence, now, policy)) {
    if (now - lastHeardMs < policy.suspectAfterMs) return 'heardLately';
    if (!lease || !counts(lease.atMs, storeHealthySinceMs)) return 'leaseNotRead';
    if (lease.held) return 'leaseHeld';
  }
  if (!witnessReport || !counts(witnessReport.beganMs, busHealthySinceMs)) return 'witnessesNotAsked';
  const isHeard = witnessReport.heard === 'media' || witnessReport.heard === 'control';
  return isHeard && now - lastHeardMs < policy.heardByOthersForMs ? 'heardByOthers' : undefined;
}

/**
 * Whether nothing listens at the node's addresses any more: NATS has no subscriber and the gRPC port refuses. A process
 * that hangs keeps both, and packet loss makes both silent.
 */
function hasCrashed(
  lastHeardMs: number,
  { probeRounds, busHealthySinceMs }: Evidence,
  now: number,
  policy: DetectionPolicy,
): boolean {
  if (busHealthySinceMs === undefined) return false;
  const refused = lastInARow(
    probeRounds.filter(({ beganMs }) => beganMs > lastHeardMs && beganMs >= busHealthySinceMs),
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

/** The last rounds, the latest first, each within the evidence's life of the next one, so that slow probes of far nodes count. */
function lastInARow(
  probeRounds: readonly ProbeRound[],
  now: number,
  { evidenceLifeMs }: DetectionPolicy,
): readonly ProbeRound[] {
  const found: ProbeRound[] = [];
  for (const round of probeRounds.toReversed()) {
    if ((found.at(-1)?.beganMs ?? now) - round.endedMs > evidenceLifeMs) break;
    found.push(round);
  }
  return found;
}

function reasonOfProbes(
  last: ProbeRound | undefined,
  before: ProbeRound | undefined,
): SuspectReason | undefined {
  if (!last || last.bus === 'notProbed' || last.rpc === 'notProbed') return 'notProbed';
  if (last.bus === 'answered' || last.rpc === 'answered') return 'answers';
  if (last.bus === 'refused' && last.rpc === 'refused') return undefined;
  return before && isUnanswered(before) ? undefined : 'probedOnce';
}

function isUnanswered({ bus, rpc }: ProbeRound): boolean {
  return [bus, rpc].every((answer) => answer === 'refused' || answer === 'silent');
}

function isHealthy(
  sinceMs: number | undefined,
  now: number,
  { healthyForMs }: DetectionPolicy,
): sinceMs is number {
  return sinceMs !== undefined && now - sinceMs > healthyForMs;
}
