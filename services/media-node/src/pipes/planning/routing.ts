import type { MediaKey } from '../../media/media-key.ts';
import {
  PATH_DOWN_AFTER_FAILURES,
  type HopView,
  type PipeView,
  type RelayState,
  type RouterAt,
} from '../model/pipe-model.ts';

/** Another relay is found after this many failures in a row of one pull. */
const RELAY_FAILED_AFTER = 2;
/** Minimum time between two searches: with every relay out of reach they would follow each other without a pause. */
const FIND_AGAIN_AFTER_MS = 500;

export interface RouteInput {
  /** By the node whose tracks they forward. */
  readonly relays: ReadonlyMap<string, RelayState>;
  /** Tracks that other nodes pull through this one: they come directly from their origin or not at all. */
  readonly relayed: ReadonlySet<MediaKey>;
  /** Nodes whose fan-out is full: this one pulls their tracks through a relay. */
  readonly atFanOutLimit: ReadonlySet<string>;
  /** Whether tracks enter through this pipe. */
  readonly isUsed: (oneRouterId: string, otherRouterId: string) => boolean;
  readonly pipe: (oneRouterId: string, otherRouterId: string) => PipeView | undefined;
  readonly hop: (media: MediaKey, into: string) => HopView | undefined;
  readonly nowMs: number;
}

/** The route by which a track of another node enters. `findAtMs`: when to find a relay. */
export type Route =
  | { readonly kind: 'direct'; readonly from: RouterAt }
  /** The direct path is retried beside the relay. */
  | { readonly kind: 'pathDown'; readonly from: RouterAt; readonly findAtMs: number | undefined }
  /** `from`: `undefined` until the relay is found. */
  | {
      readonly kind: 'atFanOutLimit';
      readonly from: RouterAt | undefined;
      readonly findAtMs: number | undefined;
    };

/**
 * Directly from the origin; through a relay while the direct path is down, or when the origin's fan-out is full. Pure.
 * Routes cannot loop, because a relay pulls only from the origin.
 */
export function routeInto(entry: string, media: MediaKey, origin: RouterAt, input: RouteInput): Route {
  const direct: Route = { kind: 'direct', from: origin };
  if (input.relayed.has(media)) return direct;
  const pipe = input.pipe(origin.routerId, entry);
  if ((pipe?.pathFailures ?? 0) >= PATH_DOWN_AFTER_FAILURES)
    return routeAroundPath(entry, media, origin, input);
  if (!input.atFanOutLimit.has(origin.nodeId)) return direct;
  // A working route stays: its viewers would notice the change.
  if (pipe?.state.kind === 'opening' || input.isUsed(origin.routerId, entry)) return direct;
  return routeThroughTree(entry, media, origin, input);
}

function routeAroundPath(entry: string, media: MediaKey, origin: RouterAt, input: RouteInput): Route {
  const pathDown = { kind: 'pathDown', from: origin } as const;
  const relay = input.relays.get(origin.nodeId);
  switch (relay?.kind) {
    case 'found': {
      const failed = hasFailed(relay.at, entry, media, input);
      const findAtMs = failed ? Math.max(input.nowMs, relay.foundAtMs + FIND_AGAIN_AFTER_MS) : undefined;
      return { ...pathDown, from: failed ? origin : relay.at, findAtMs };
    }
    case 'finding':
      return { ...pathDown, findAtMs: undefined };
    case 'none':
      return { ...pathDown, findAtMs: relay.retryAtMs };
    case undefined:
      return { ...pathDown, findAtMs: input.nowMs };
  }
}

/** Without a working relay the track is pulled from the origin after all: too many copies are better than none. */
function routeThroughTree(entry: string, media: MediaKey, origin: RouterAt, input: RouteInput): Route {
  const atFanOutLimit = { kind: 'atFanOutLimit', findAtMs: undefined } as const;
  const relay = input.relays.get(origin.nodeId);
  switch (relay?.kind) {
    case 'found':
      return { ...atFanOutLimit, from: hasFailed(relay.at, entry, media, input) ? origin : relay.at };
    case 'finding':
      return { ...atFanOutLimit, from: undefined };
    case 'none':
      return { ...atFanOutLimit, from: origin };
    case undefined:
      return { ...atFanOutLimit, from: undefined, findAtMs: input.nowMs };
  }
}

function hasFailed(relay: RouterAt, entry: string, media: MediaKey, { pipe, hop }: RouteInput): boolean {
  if (pipe(relay.routerId, entry)?.state.kind === 'failed') return true;
  const pull = hop(media, entry);
  return (
    pull?.from.routerId === relay.routerId &&
    pull.state.kind === 'failed' &&
    pull.state.failures >= RELAY_FAILED_AFTER
  );
}
