import { lengthOf, NOTED_MS, type Gap } from '../clients/gaps.ts';
import type { ClientView, TrackGaps } from '../clients/client-report.ts';
import type { GapSample, RecoverySample } from './round-figures.ts';
import type { Recovery } from './bounds.ts';

/** Gaps up to this are within the noise of a machine whose few cores run browsers and cluster; longer ones were felt. */
export const NOTICEABLE_GAP_MS = 250;

/** What one person received of one track of another. */
export interface ReceivedGaps extends TrackGaps {
  readonly receiver: string;
}

/** When things happened in a round; milliseconds since 1970. */
export interface RoundTimes {
  readonly faultAtMs: number;
  /** When the fault began to be taken back: a node started again, a link healed. Absent: nothing was taken back. */
  readonly healingAtMs?: number | undefined;
  /** When it had been taken back. */
  readonly healedAtMs?: number | undefined;
  /** When everybody had received everybody for some seconds without a break. Absent: that did not come. */
  readonly steadyAtMs?: number | undefined;
  readonly toMs: number;
}

/**
 * The longest gap of each receiver and track, before and after healing. `during`: of those that began before the fault was
 * taken back (where nothing is taken back: before media was steady again), whole. `after`: of the time since then.
 */
export function gapSamples(received: readonly ReceivedGaps[], times: RoundTimes): GapSample[] {
  const { faultAtMs, healingAtMs, steadyAtMs, toMs } = times;
  const borderMs = healingAtMs ?? steadyAtMs ?? toMs;
  return received.map(({ receiver, identity, kind, gaps }) => ({
    ...{ receiver, publisher: identity, kind },
    duringMs: longest(
      gaps.filter((gap) => endOf(gap, toMs) > faultAtMs && begunBy(gap, borderMs)),
      toMs,
    ),
    afterMs: longest(
      gaps
        .filter((gap) => endOf(gap, toMs) > borderMs)
        .map((gap) => (begunBy(gap, borderMs) ? { ...gap, fromMs: borderMs } : gap)),
      toMs,
    ),
  }));
}

/**
 * How long each receiver was without a track, from the fault (`healing`: from when it had been taken back) to the end of the
 * *last* gap over `NOTICEABLE_GAP_MS` by the time media was steady: what flaps has not recovered. Those who felt nothing are left out.
 */
export function mediaRecoveries(
  recovers: 'media' | 'healing',
  received: readonly ReceivedGaps[],
  times: RoundTimes,
): RecoverySample[] {
  const { faultAtMs, healedAtMs, steadyAtMs, toMs } = times;
  const brokenAtMs = recovers === 'healing' ? (healedAtMs ?? faultAtMs) : faultAtMs;
  const untilMs = steadyAtMs ?? toMs;
  return received.flatMap(({ receiver, gaps }) => {
    const last = gaps
      .filter((gap) => lengthOf(gap, toMs) > NOTICEABLE_GAP_MS)
      .findLast((gap) => endOf(gap, toMs) > brokenAtMs && begunBy(gap, untilMs));
    return last ? [{ identity: receiver, ms: endOf(last, toMs) - brokenAtMs }] : [];
  });
}

/** From the fault until each client that lost its gateway was connected for the last time. */
export function signalingRecoveries(
  views: readonly Pick<ClientView, 'identity' | 'connectionLog'>[],
  { faultAtMs, toMs }: Pick<RoundTimes, 'faultAtMs' | 'toMs'>,
): RecoverySample[] {
  return views.flatMap(({ identity, connectionLog }) => {
    const lost = connectionLog.findLastIndex(({ state, atMs }) => atMs >= faultAtMs && state !== 'connected');
    if (lost < 0) return [];
    const back = connectionLog.slice(lost).find(({ state }) => state === 'connected');
    return [{ identity, ms: (back?.atMs ?? toMs) - faultAtMs }];
  });
}

export function recoveries(
  recovers: Exclude<Recovery, 'service'>,
  measured: {
    readonly received: readonly ReceivedGaps[];
    readonly views: readonly ClientView[];
    readonly times: RoundTimes;
  },
): RecoverySample[] {
  const { received, views, times } = measured;
  return recovers === 'signaling'
    ? signalingRecoveries(views, times)
    : mediaRecoveries(recovers, received, times);
}

/** What somebody publishes and another one has no gaps of, not even short ones: nobody looked. */
export function unmeasured(
  views: readonly Pick<ClientView, 'identity' | 'published'>[],
  received: readonly Pick<ReceivedGaps, 'receiver' | 'trackId'>[],
): string[] {
  const measured = new Set(received.map(({ receiver, trackId }) => `${receiver} ${trackId}`));
  return views.flatMap(({ identity, published }) =>
    views
      .filter((receiver) => receiver.identity !== identity)
      .flatMap((receiver) => published.map((trackId) => ({ receiver: receiver.identity, trackId })))
      .filter(({ receiver, trackId }) => !measured.has(`${receiver} ${trackId}`))
      .map(({ receiver, trackId }) => `nothing was measured at ${receiver} of ${trackId} of ${identity}`),
  );
}

/** Gaps that were felt and had not ended at the end of the round. */
export function openGaps(
  received: readonly ReceivedGaps[],
  toMs: number,
): (ReceivedGaps & { forMs: number })[] {
  return received.flatMap((track) => {
    const last = track.gaps.at(-1);
    const forMs = last && last.toMs === undefined ? lengthOf(last, toMs) : 0;
    return forMs > NOTICEABLE_GAP_MS ? [{ ...track, forMs }] : [];
  });
}

/** The longest gaps that were felt, in words, for people who look for the reason. */
export function describeWorst(
  received: readonly ReceivedGaps[],
  { faultAtMs, toMs }: Pick<RoundTimes, 'faultAtMs' | 'toMs'>,
  most: number,
): string[] {
  return received
    .flatMap((track) => track.gaps.map((gap) => ({ track, gap })))
    .filter(({ gap }) => lengthOf(gap, toMs) > NOTICEABLE_GAP_MS && endOf(gap, toMs) > faultAtMs)
    .toSorted((one, other) => lengthOf(other.gap, toMs) - lengthOf(one.gap, toMs))
    .slice(0, most)
    .map(({ track: { receiver, identity, kind, swappedAtMs }, gap }) => {
      const [from, to] = [gap.fromMs - faultAtMs, endOf(gap, toMs) - faultAtMs].map(Math.round);
      const swaps = swappedAtMs.map((atMs) => Math.round(atMs - faultAtMs)).join(', ') || 'never';
      return `${receiver} had no ${kind} of ${identity} from ${from} to ${to} ms after the fault (swapped: ${swaps})`;
    });
}

/** Whether something was overdue by then: the last arrival before a gap is no sign of one. */
function begunBy({ fromMs }: Gap, atMs: number): boolean {
  return fromMs + NOTED_MS < atMs;
}

function endOf({ toMs }: Gap, endMs: number): number {
  return toMs ?? endMs;
}

function longest(gaps: readonly Gap[], endMs: number): number {
  return Math.max(0, ...gaps.map((gap) => lengthOf(gap, endMs)));
}
