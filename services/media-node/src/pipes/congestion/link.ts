/** What one end of a pipe knows of the link to the other one. The counters never fall. */
export interface LinkSample {
  readonly atMs: number;
  readonly sentBytes: number;
  /** Of these, what the other end has reported as missing; each packet once, repeated or not. */
  readonly missedBytes: number;
  /** Latest round trip. The same number as before is the same measurement. */
  readonly rttMs: number | undefined;
}

/** `clear`: all layers are sent. `limited`: the first `rungs` of the ladder are. */
export type LinkPhase =
  | { readonly kind: 'clear'; readonly sinceMs: number; readonly holdMs: number }
  | { readonly kind: 'limited'; readonly rungs: number; readonly sinceMs: number; readonly holdMs: number }
  /** More rungs than `provenRungs`, which worked; `sinceMs`: since they were granted. */
  | {
      readonly kind: 'probing';
      readonly rungs: number;
      readonly provenRungs: number;
      readonly sinceMs: number;
      readonly holdMs: number;
    };

/** All that is known of one link. */
export interface LinkState {
  readonly last: LinkSample;
  readonly phase: LinkPhase;
  /** The shortest round trip, which slowly forgets. */
  readonly baseRttMs: number | undefined;
  /** Measurements in a row that were far longer than that. */
  readonly longTrips: number;
  /** The sample before showed loss. */
  readonly suspicious: boolean;
  /** Since when nothing has argued against more layers. */
  readonly cleanSinceMs: number;
}

export interface LinkVerdict {
  readonly state: LinkState;
  /** Layers are given up or granted. */
  readonly change: { readonly excessBps: number } | { readonly rungs: number | 'all' } | undefined;
  /** When to look again. */
  readonly nextInMs: number;
}

export const LINK = {
  /** More than a line loses that has room; below, retransmission is enough. */
  lossGivesWay: 0.1,
  /** With more than this nothing is added. */
  lossHolds: 0.05,
  /** A queue of this length that two measurements in a row see is one that does not drain. */
  queueMs: 200,
  /** Of what arrived: room for what waits, for retransmissions, and for key frames. */
  share: 0.85,
  clearEveryMs: 500,
  limitedEveryMs: 250,
  /** Loss is looked at again before anything is given up, and long enough after it to be measured by itself. */
  confirmMs: 200,
  /** What was sent before a change is reported until then. */
  settleMs: 500,
  probeMs: 1000,
  holdMs: 2000,
  maxHoldMs: 4000,
  /** A relapse within this time makes the next wait longer. */
  relapseMs: 10_000,
  /** Below, a sample says nothing. */
  minSentBytes: 2000,
} as const;

/** Before anything is known. */
export function newLink(sample: LinkSample): LinkState {
  return {
    last: sample,
    phase: { kind: 'clear', sinceMs: sample.atMs - LINK.relapseMs, holdMs: LINK.holdMs },
    baseRttMs: sample.rttMs,
    longTrips: 0,
    suspicious: false,
    cleanSinceMs: sample.atMs,
  };
}

/**
 * What one more sample says. Layers are given up when two samples in a row lose more than `lossGivesWay` (one, of layers that
 * are only tried), or two round trips are longer than usual by `queueMs`; by as much as did not arrive, and a margin. They come back one by one, then
 * in doubling numbers, after `holdMs` without loss; longer after a probe that failed. `rungCount`: of the ladder now. Pure.
 */
export function stepLink(before: LinkState, sample: LinkSample, rungCount: number): LinkVerdict {
  // A track that has left took its counters along.
  if (sample.sentBytes < before.last.sentBytes || sample.missedBytes < before.last.missedBytes)
    return { state: { ...before, last: sample }, change: undefined, nextInMs: LINK.limitedEveryMs };
  const measured = { ...before, last: sample, ...roundTrip(before, sample) };
  const { atMs } = sample;
  const { phase } = before;
  const settleMs = { clear: 0, limited: LINK.settleMs, probing: LINK.settleMs / 2 }[phase.kind];
  if (atMs - phase.sinceMs < settleMs)
    return look({ ...measured, cleanSinceMs: atMs, suspicious: false, longTrips: 0 });
  const seconds = Math.max(0.001, (atMs - before.last.atMs) / 1000);
  const sent = sample.sentBytes - before.last.sentBytes;
  const missed = Math.min(sent, sample.missedBytes - before.last.missedBytes);
  const loss = sent < LINK.minSentBytes ? 0 : missed / sent;
  const queueing = measured.longTrips >= 2;
  const suspicious = loss > LINK.lossGivesWay;
  const clean = loss <= LINK.lossHolds && measured.longTrips === 0;
  const state = { ...measured, suspicious, cleanSinceMs: clean ? before.cleanSinceMs : atMs };
  // A layer that was only tried goes at the first sign.
  if ((suspicious && (before.suspicious || phase.kind === 'probing')) || queueing) {
    const arrivedBps = ((sent - missed) * 8) / seconds;
    return giveWay(state, (sent * 8) / seconds - LINK.share * arrivedBps);
  }
  return grow(state, rungCount);
}

/** The state after layers were given up as far as `rungs`. */
export function limitedTo(state: LinkState, rungs: number): LinkState {
  return { ...state, phase: { ...state.phase, kind: 'limited', rungs, sinceMs: state.last.atMs } };
}

function roundTrip(
  { last, baseRttMs, longTrips }: LinkState,
  { rttMs }: LinkSample,
): Pick<LinkState, 'baseRttMs' | 'longTrips'> {
  if (rttMs === undefined || rttMs === last.rttMs) return { baseRttMs, longTrips };
  // A route that has become longer is found out in a minute or two.
  const base = Math.min(rttMs, (baseRttMs ?? rttMs) * 1.02 + 1);
  return { baseRttMs: base, longTrips: rttMs - base > LINK.queueMs ? longTrips + 1 : 0 };
}

function giveWay(state: LinkState, excessBps: number): LinkVerdict {
  const { phase, last } = state;
  const calm = { ...state, suspicious: false, longTrips: 0, cleanSinceMs: last.atMs };
  const relapse =
    phase.kind === 'probing' || (phase.kind === 'clear' && last.atMs - phase.sinceMs < LINK.relapseMs);
  const holdMs = relapse ? Math.min(phase.holdMs * 2, LINK.maxHoldMs) : phase.holdMs;
  if (phase.kind === 'probing')
    return {
      ...look({ ...calm, phase: { kind: 'limited', rungs: phase.provenRungs, sinceMs: last.atMs, holdMs } }),
      change: { rungs: phase.provenRungs },
    };
  return { ...look({ ...calm, phase: { ...phase, holdMs } }), change: { excessBps } };
}

function grow(state: LinkState, rungCount: number): LinkVerdict {
  const { phase, last, cleanSinceMs } = state;
  const { atMs } = last;
  switch (phase.kind) {
    case 'clear': {
      // What it took to get here is forgotten.
      const calm = atMs - phase.sinceMs >= LINK.relapseMs && phase.holdMs !== LINK.holdMs;
      return look(calm ? { ...state, phase: { ...phase, holdMs: LINK.holdMs } } : state);
    }
    case 'limited':
      return atMs - Math.max(cleanSinceMs, phase.sinceMs) < phase.holdMs
        ? look(state)
        : probe(state, phase.rungs, 1, rungCount);
    case 'probing':
      return atMs - Math.max(cleanSinceMs, phase.sinceMs + LINK.settleMs) < LINK.probeMs - LINK.settleMs
        ? look(state)
        : probe(state, phase.rungs, 2 * (phase.rungs - phase.provenRungs), rungCount);
  }
}

/** `rungs` work: grants `more`, or finds that all are granted. */
function probe(state: LinkState, rungs: number, more: number, rungCount: number): LinkVerdict {
  const { phase, last } = state;
  const { holdMs } = phase;
  if (rungs >= rungCount)
    return {
      ...look({ ...state, phase: { kind: 'clear', sinceMs: last.atMs, holdMs } }),
      change: { rungs: 'all' },
    };
  const granted = Math.min(rungCount, rungs + Math.max(1, more));
  const probing = {
    kind: 'probing',
    rungs: granted,
    provenRungs: rungs,
    sinceMs: last.atMs,
    holdMs,
  } as const;
  return { ...look({ ...state, phase: probing }), change: { rungs: granted } };
}

function look(state: LinkState): LinkVerdict {
  const nextInMs = state.suspicious
    ? LINK.confirmMs
    : state.phase.kind === 'clear'
      ? LINK.clearEveryMs
      : LINK.limitedEveryMs;
  return { state, change: undefined, nextInMs };
}
