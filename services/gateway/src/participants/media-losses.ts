/** A client that lost the way to its media has another session made so many times in a row. Then it is its own network. */
export const MEDIA_REBUILDS = 4;
/** What is longer ago does not count any more. */
export const REMEMBERED_MS = 300_000;
/** Waits before each of them, jittered by half: all clients of a node whose network is gone lose it together. */
const WAITS_MS = [300, 2000, 4000, 8000] as const;

/** Nothing comes through between a client and its node, although both can be asked. */
export interface MediaLoss {
  readonly nodeId: string;
  readonly atMs: number;
}

export interface MediaRebuild {
  readonly do: 'rebuild';
  readonly afterMs: number;
  /** Nodes that the client did not get through to, the last one last. */
  readonly shunnedNodeIds: readonly string[];
}

export type AfterMediaLoss = MediaRebuild | { readonly do: 'giveUp' };

/** What one client has lost lately. Holds at most one more than `MEDIA_REBUILDS`. */
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
    if (afterMs === undefined) return { do: 'giveUp' };
    return { do: 'rebuild', afterMs, shunnedNodeIds: this.#losses.map(({ nodeId }) => nodeId) };
  }
}
