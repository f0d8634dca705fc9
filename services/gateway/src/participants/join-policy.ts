import type { ErrorCode, SkeinError } from '@skein/protocol';

/** Nodes that a join tries; then it fails with the last one's error. */
export const JOIN_ATTEMPTS = 3;

/** Errors of a node that another node may not have: it is away, too slow, or full. */
const NODE_SPECIFIC: ReadonlySet<ErrorCode> = new Set([
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'TOO_MANY_REQUESTS',
  'LIMIT_EXCEEDED',
  'NO_NODE_AVAILABLE',
]);

/** Whether to place a join that failed at its node on another one. `attempt` counts from 1. */
export function triesElsewhere(failure: SkeinError, attempt: number, hasPreferredNode: boolean): boolean {
  return !hasPreferredNode && attempt < JOIN_ATTEMPTS && NODE_SPECIFIC.has(failure.code);
}
