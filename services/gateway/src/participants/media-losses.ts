/** Rebuilds in a row for a client that lost the path to its media. After that its own network is at fault. */
export const MEDIA_REBUILDS = 4;
/** Older losses no longer count. */
export const REMEMBERED_MS = 300_000;
/** Wait before each rebuild, jittered by half: all clients of a node that lost its network lose it together. */
const WAITS_MS = [300, 2000, 4000, 8000] as const;

/** The media path between a client and its node is dead, although both answer. */
export interface MediaLoss {
  readonly nodeId: string;
  readonly atMs: number;
}

/** How to open the next session of a client that lost the path to its media. */
export interface MediaRebuild {
  readonly kind: 'rebuild';
  readonly afterMs: number;
  /** Nodes that the client did not reach, the latest one last. */
  readonly avoidedNodeIds: readonly string[];
}

export type AfterMediaLoss = MediaRebuild | { readonly kind: 'giveUp' };

/** One client's recent media losses. Holds at most one more than `MEDIA_REBUILDS`. */
export class MediaLosses {
  #losses: readonly MediaLoss[] = [];

  get count(): number {
    return this.#losses.length;
  }

  /** What to do about one more. */
  add(loss: MediaLoss): AfterMediaLoss {
    const counting = this.#losses.filter(({ atMs }) => loss.atMs - atMs < REMEMBERED_MS);
    this.#losses = [...counting.slice(-MEDIA_REBUILDS), loss];
    const afterMs = WAITS_MS[this.count - 1];
    if (afterMs === undefined) return { kind: 'giveUp' };
    return { kind: 'rebuild', afterMs, avoidedNodeIds: this.#losses.map(({ nodeId }) => nodeId) };
  }
}
