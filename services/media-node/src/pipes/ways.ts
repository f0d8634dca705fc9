import type { MediaKey } from '../media/media-key.ts';
import type { HopView, PipeView, RouterAt } from './plan.ts';

/** From how many failures in a row the way to a router counts as closed: its tracks then come through a relay. */
export const CLOSED_AFTER_FAILURES = 2;
/** From how many failures in a row of one pull another relay is looked for. */
const RELAY_FAILED_AFTER = 2;
/** The least time between two searches: with every relay out of reach they would follow each other without a pause. */
const FIND_AGAIN_AFTER_MS = 500;

/** A node that brings the tracks of another one that this node cannot reach. */
export type RelayState =
  | { readonly kind: 'finding' }
  /** `at`: the router there through which they come. */
  | { readonly kind: 'found'; readonly at: RouterAt; readonly foundAtMs: number }
  | { readonly kind: 'none'; readonly retryAtMs: number };

export interface WayInput {
  /** By the node whose tracks they bring. */
  readonly relays: ReadonlyMap<string, RelayState>;
  /** Tracks that other nodes pull through this one: they come straight from their origin or not at all. */
  readonly relayed: ReadonlySet<MediaKey>;
  readonly pipe: (oneRouterId: string, otherRouterId: string) => PipeView | undefined;
  readonly hop: (media: MediaKey, into: string) => HopView | undefined;
  readonly nowMs: number;
}

/** How a track of another node comes in. */
export interface Way {
  readonly from: RouterAt;
  /** The direct way is closed: it is tried on, beside what comes through a relay. */
  readonly closed: boolean;
  /** A relay is to be looked for, now or later. */
  readonly findAtMs: number | undefined;
}

/**
 * Straight from its origin; through a relay while that way is closed. Pure. Nothing can loop: a relay pulls only from
 * the origin.
 */
export function wayInto(entry: string, media: MediaKey, origin: RouterAt, input: WayInput): Way {
  const direct = input.pipe(origin.routerId, entry);
  const closed = (direct?.closedTries ?? 0) >= CLOSED_AFTER_FAILURES;
  if (!closed || input.relayed.has(media)) return { from: origin, closed: false, findAtMs: undefined };
  const relay = input.relays.get(origin.nodeId);
  switch (relay?.kind) {
    case 'found': {
      const useless = isUseless(relay.at, entry, media, input);
      const findAtMs = useless ? Math.max(input.nowMs, relay.foundAtMs + FIND_AGAIN_AFTER_MS) : undefined;
      return { from: useless ? origin : relay.at, closed, findAtMs };
    }
    case 'finding':
      return { from: origin, closed, findAtMs: undefined };
    case 'none':
      return { from: origin, closed, findAtMs: relay.retryAtMs };
    case undefined:
      return { from: origin, closed, findAtMs: input.nowMs };
  }
}

function isUseless(at: RouterAt, entry: string, media: MediaKey, { pipe, hop }: WayInput): boolean {
  if (pipe(at.routerId, entry)?.state.kind === 'failed') return true;
  const pull = hop(media, entry);
  return (
    pull?.from.routerId === at.routerId &&
    pull.state.kind === 'failed' &&
    pull.state.failures >= RELAY_FAILED_AFTER
  );
}
