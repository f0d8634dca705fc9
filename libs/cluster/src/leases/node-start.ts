/**
 * Names one start of a node. `fence` is the number of its lease, which rises with each start; absent or 0 while it is not
 * known, as in a heartbeat that was sent before the first renewal was answered. `startedAtMs` is the node's own wall clock: it
 * tells two starts apart, and says nothing about which one is later, since a node may come back on a host whose clock is slow.
 */
export interface NodeStart {
  readonly startedAtMs: number;
  readonly fence?: number | undefined;
}

/** `unknown`: they differ, and one of them has no lease yet. */
export type StartOrder = 'earlier' | 'same' | 'later' | 'unknown';

/** How `one` stands to `other`: by the fences where both are known. Pure. */
export function orderOfStarts(one: NodeStart, other: NodeStart): StartOrder {
  if (one.fence && other.fence) {
    if (one.fence === other.fence) return 'same';
    return one.fence > other.fence ? 'later' : 'earlier';
  }
  return one.startedAtMs === other.startedAtMs ? 'same' : 'unknown';
}

/**
 * Whether the record of `heard` may replace the known one of the node. Of two starts without an order, the one that holds a
 * lease counts, and of two without a lease the one heard of last.
 */
export function supersedes(heard: NodeStart, known: NodeStart): boolean {
  switch (orderOfStarts(heard, known)) {
    case 'later':
      return true;
    case 'unknown':
      return !known.fence;
    case 'same':
    case 'earlier':
      return false;
  }
}

/** Whether the death of `dead` says that `one` is dead: it is that start or an earlier one. */
export function isOver(one: NodeStart, dead: NodeStart): boolean {
  const order = orderOfStarts(one, dead);
  return order === 'same' || order === 'earlier';
}
