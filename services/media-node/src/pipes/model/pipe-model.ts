import type { MediaKey } from '../../media/media-key.ts';

/** A router and the node it is on. */
export interface RouterAt {
  readonly nodeId: string;
  readonly routerId: string;
}

export type PipeState =
  | { readonly kind: 'opening' }
  /** `idleSinceMs`: since when nothing crosses it in either direction; `undefined` while something does. */
  | { readonly kind: 'open'; readonly idleSinceMs: number | undefined }
  | { readonly kind: 'closing' }
  | { readonly kind: 'failed'; readonly retryAtMs: number };

/** The one link between two routers of a room; at least `local` is on this node. */
export interface PipeView {
  readonly key: string;
  readonly local: string;
  readonly peer: RouterAt;
  readonly state: PipeState;
  /** Failures in a row in which nobody answered or nothing arrived; 0 once the pipe is known to work. */
  readonly pathFailures: number;
}

export type HopState =
  | { readonly kind: 'pulling' }
  | { readonly kind: 'flowing' }
  /** `failures`: in a row. */
  | { readonly kind: 'failed'; readonly retryAtMs: number; readonly failures: number };

/** A better route of a track, pulled while the present one still flows. */
export type SuccessorState =
  { readonly kind: 'pulling' } | { readonly kind: 'failed'; readonly retryAtMs: number };

/**
 * One epoch of a track on its way through one pipe into one router of this node. A router has it once, and twice only
 * during the handover to a better route.
 */
export interface HopView {
  readonly media: MediaKey;
  readonly from: RouterAt;
  readonly into: string;
  /** Where the track is published, when `from` is a relay. */
  readonly relayFrom?: RouterAt | undefined;
  readonly state: HopState;
  readonly successor?: SuccessorState | undefined;
}

export type Pull = Omit<HopView, 'state' | 'successor'>;

/** A node that forwards the tracks of another one, which this node cannot reach or must not burden. */
export type RelayState =
  | { readonly kind: 'finding' }
  /** `at`: the router there that the tracks are pulled from. */
  | { readonly kind: 'found'; readonly at: RouterAt; readonly foundAtMs: number }
  | { readonly kind: 'none'; readonly retryAtMs: number };

/** What the planner needs of the room. */
export interface PipeDemand {
  /** The router through which tracks of other nodes enter this one, unless they have an entry already. */
  readonly hub: string | undefined;
  /** This node's live routers of the room. */
  readonly routers: ReadonlySet<string>;
  /** Routers of this node whose subscriptions need the track. */
  readonly demand: ReadonlyMap<MediaKey, ReadonlySet<string>>;
  /** Where each track of the room is published, and the earlier epochs that are still received. */
  readonly tracks: ReadonlyMap<MediaKey, RouterAt>;
}

/** A path counts as down after this many failures in a row: its tracks are then pulled through a relay. */
export const PATH_DOWN_AFTER_FAILURES = 2;

/** Names a pipe by its pair of routers, the same from both ends. */
export function pipeKey(oneRouterId: string, otherRouterId: string): string {
  return [oneRouterId, otherRouterId].toSorted().join('~');
}

/** Names a hop. */
export function hopKey(media: MediaKey, into: string): string {
  return `${into}/${media}`;
}

export function sameRouter(one: RouterAt, other: RouterAt): boolean {
  return one.nodeId === other.nodeId && one.routerId === other.routerId;
}
