import type { ErrorCode, SkeinError } from '@skein/protocol';

/** A join tries this many nodes, then answers with the last one's error. */
export const JOIN_ATTEMPTS = 3;

/** What a node answers that another node may do better: it is away, too slow, or has no room. */
const ELSEWHERE: ReadonlySet<ErrorCode> = new Set([
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'TOO_MANY_REQUESTS',
  'LIMIT_EXCEEDED',
  'NO_NODE_AVAILABLE',
]);

/** Whether a join that failed at its node is placed once more, on another one. `attempt` counts from 1. */
export function triesElsewhere(failure: SkeinError, attempt: number, nodeWasWished: boolean): boolean {
  return !nodeWasWished && attempt < JOIN_ATTEMPTS && ELSEWHERE.has(failure.code);
}
