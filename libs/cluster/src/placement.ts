import type { NodeRecord } from '@skein/protocol';
import type { Random } from '@skein/runtime';
import type { PlacementCandidates } from './room-store.ts';

/** A node as one gateway sees it: its last beat, and what was assigned to it since. */
export interface NodeView {
  readonly record: NodeRecord;
  readonly lastSeenMs: number;
  /** Sessions assigned since that beat, by anyone as far as known. */
  readonly assignedSinceBeat: number;
}

export interface PlacementPolicy {
  /** Projected load above which a node takes no more sessions. Default 0.9. */
  readonly maxUsed: number;
  /** A node not heard from for this long is not chosen. Default 3000. */
  readonly staleAfterMs: number;
}

export type { PlacementCandidates, Random };
