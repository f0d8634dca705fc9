import { joinTimes } from './arrivals.ts';
import type { Contradiction, Path } from './problems.ts';
import { LONGEST_MS, type Group, type Scenario } from './schema.ts';

/** Peers of a group that would not come because the run is over by then: a run would pass without them. */
export function latecomers(group: Group, path: Path, { duration, seed }: Scenario): Contradiction[] {
  const times = joinTimes(group, seed);
  const late = times.filter((atMs) => !(atMs < duration)).length;
  if (late === 0) return [];
  const all = `of its ${times.length} peers would`;
  const message = `${late === times.length ? `none ${all}` : `${late} ${all} not`} come before the run ends`;
  return [{ path: [...path, 'join'], message: `${message}; ${advice(group, times, duration)}` }];
}

/** What would let all come. */
function advice({ join }: Group, times: readonly number[], duration: number): string {
  const longer = longerRun(times.at(-1) ?? 0);
  if (join.after >= duration) return `write an earlier after${longer}`;
  if (join.rate === undefined) return `write a shorter over${longer}`;
  if (join.arrivals === 'random') return `write a higher rate${longer}`;
  const leastRate = ((times.length - 1) * 1000) / (duration - join.after);
  // Above it, so that the last one comes before the end and not with it.
  return `write a rate of ${Math.floor(leastRate * 100 + 1) / 100} or more${longer}`;
}

function longerRun(lastMs: number): string {
  const seconds = Math.floor(lastMs / 1000) + 1;
  return seconds * 1000 <= LONGEST_MS ? `, or a duration of ${seconds}s or more` : '';
}
