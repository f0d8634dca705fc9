/** When a node is suspected and what it takes to declare it dead. */
export const patience = {
  /** Without a sign of life for this long, a node is asked. Some beats: one that is missed is no evidence. */
  suspectAfterMs: 600,
  /** Store and bus must have answered without a break for this long: until then nodes too may be on their way back. */
  steadyForMs: 2000,
  /** Older answers, and older readings of the leases, say nothing any more. */
  evidenceLifeMs: 3000,
} as const;

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
  readonly bus: ProbeAnswer;
  readonly rpc: ProbeAnswer;
}

export interface Evidence {
  /** Since when the store has answered without a break. */
  readonly storeSteadySinceMs: number | undefined;
  readonly busSteadySinceMs: number | undefined;
  /** The last successful reading of the leases, and whether the node's was among them. */
  readonly lease: { readonly held: boolean; readonly atMs: number } | undefined;
  /** In order; the last two count. */
  readonly askings: readonly Asking[];
}

/** Why a node that is not heard is not declared dead. */
export type Doubt =
  'storeUnsteady' | 'busUnsteady' | 'notAsked' | 'answers' | 'askedOnce' | 'leaseNotRead' | 'leaseHeld';

export type Verdict =
  | { readonly state: 'alive' }
  | { readonly state: 'suspect'; readonly doubt: Doubt }
  | { readonly state: 'dead'; readonly reason: string };

/**
 * Whether a node is dead, from what is known at `now` (milliseconds, one monotonic clock for all). Dead takes all of:
 * no sign of life, a lease that has run out in a store that answers, and no answer over a bus that works nor over gRPC,
 * twice, or once if both say that nobody is there.
 */
export function judge(lastHeardMs: number, evidence: Evidence, now: number): Verdict {
  const unheardMs = now - lastHeardMs;
  if (unheardMs < patience.suspectAfterMs) return { state: 'alive' };
  const doubt = doubtOf(lastHeardMs, evidence, now);
  if (doubt) return { state: 'suspect', doubt };
  const last = evidence.askings.at(-1);
  const reason = `not heard for ${Math.round(unheardMs)} ms, lease run out, bus ${last?.bus}, gRPC ${last?.rpc}`;
  return { state: 'dead', reason };
}

function doubtOf(lastHeardMs: number, evidence: Evidence, now: number): Doubt | undefined {
  const { storeSteadySinceMs, busSteadySinceMs, lease, askings } = evidence;
  if (!isSteady(storeSteadySinceMs, now)) return 'storeUnsteady';
  if (!isSteady(busSteadySinceMs, now)) return 'busUnsteady';
  const counts = (atMs: number, since: number): boolean =>
    atMs > lastHeardMs && atMs >= since && now - atMs <= patience.evidenceLifeMs;
  const [last, before] = askings.filter(({ beganMs }) => counts(beganMs, busSteadySinceMs)).toReversed();
  const doubt = doubtOfAskings(last, before);
  if (doubt) return doubt;
  if (!lease || !counts(lease.atMs, storeSteadySinceMs)) return 'leaseNotRead';
  return lease.held ? 'leaseHeld' : undefined;
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

function isSteady(sinceMs: number | undefined, now: number): sinceMs is number {
  return sinceMs !== undefined && now - sinceMs > patience.steadyForMs;
}
