import { spreadMsOf } from '../../measure/statistics.ts';
import type { RoundFigures } from './round-figures.ts';
import type { Bounds, GapBound } from './bounds.ts';

/** What of these rounds taken together is beyond a bound, or should have been measured for one and was not, in words. */
export function beyondBounds(rounds: readonly RoundFigures[], bounds: Partial<Bounds>): string[] {
  const { recoverMs, longestGapMs } = bounds;
  return [
    ...(recoverMs ? lateRecoveries(rounds, recoverMs) : []),
    ...(longestGapMs ? longGaps(rounds, 'during', longestGapMs.during) : []),
    ...(longestGapMs ? longGaps(rounds, 'after', longestGapMs.after) : []),
  ];
}

function lateRecoveries(rounds: readonly RoundFigures[], bound: Bounds['recoverMs']): string[] {
  const recoveries = rounds.flatMap((round) => round.recoveries);
  if (recoveries.length === 0) {
    if (rounds.every(({ impact }) => impact === 'possible')) return [];
    return [`recoverMs has a bound, p95 ${bound.p95}, and was not measured`];
  }
  const measured = spreadMsOf(recoveries.map(({ ms }) => ms));
  const late = recoveries.filter(({ ms }) => Math.round(ms) > bound.max).map(({ identity }) => identity);
  return [
    ...(measured.p95 > bound.p95 ? [`recoverMs.p95 is ${measured.p95}, more than ${bound.p95}`] : []),
    ...(late.length > 0
      ? [
          `recoverMs.max is ${measured.max}, more than ${bound.max}, at ${[...new Set(late)].sort().join(', ')}`,
        ]
      : []),
  ];
}

function longGaps(rounds: readonly RoundFigures[], when: 'during' | 'after', bound: GapBound): string[] {
  const gaps = rounds.flatMap((round) => round.gaps);
  if (gaps.length === 0) return [`longestGapMs.${when} has a bound and was not measured`];
  const bounds = typeof bound === 'number' ? { audio: bound, video: bound } : bound;
  return (['audio', 'video'] as const).flatMap((kind) => {
    const lengths = gaps
      .filter((gap) => gap.kind === kind)
      .map(({ duringMs, afterMs }) => (when === 'during' ? duringMs : afterMs));
    const { max } = spreadMsOf(lengths);
    return max > bounds[kind]
      ? [`longestGapMs.${when}.max of ${kind} is ${max}, more than ${bounds[kind]}`]
      : [];
  });
}
