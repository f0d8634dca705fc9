import type { MediaKey } from '../../media/media-key.ts';
import type { HopView, PipeView, RouterAt } from './pipe-plan.ts';

/** From how many failures in a row the way to a router counts as closed: its tracks then come through a relay. */
export const CLOSED_AFTER_FAILURES = 2;
/** From how many failures in a row of one pull another relay is looked for. */
const RELAY_FAILED_AFTER = 2;
/** The least time between two searches: with every relay out of reach they would follow each other without a pause. */
const FIND_AGAIN_AFTER_MS = 500;

/** A node that brings the tracks of another one, which this node cannot reach or is not to burden. */
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
  /** Nodes that feed so many that this one is to get their tracks through a relay. */
  readonly crowded: ReadonlySet<string>;
  /** Whether tracks come in through this pipe. */
  readonly isUsed: (oneRouterId: string, otherRouterId: string) => boolean;
  readonly pipe: (oneRouterId: string, otherRouterId: string) => PipeView | undefined;
  readonly hop: (media: MediaKey, into: string) => HopView | undefined;
  readonly nowMs: number;
}

/** How a track of another node comes in. `findAtMs`: a relay is to be looked for then. */
export type Way =
  | { readonly kind: 'straight'; readonly from: RouterAt }
  /** The direct way does not work: it is tried on, beside what comes through a relay. */
  | { readonly kind: 'closed'; readonly from: RouterAt; readonly findAtMs: number | undefined }
  /** The origin feeds enough others. `from`: `undefined` while the relay is being found. */
  | { readonly kind: 'crowded'; readonly from: RouterAt | undefined; readonly findAtMs: number | undefined };

/**
 * Straight from its origin; through a relay while that way is closed, or if the origin feeds many nodes. Pure. Nothing
 * can loop: a relay pulls only from the origin.
 */
export function wayInto(entry: string, media: MediaKey, origin: RouterAt, input: WayInput): Way {
  const straight: Way = { kind: 'straight', from: origin };
  if (input.relayed.has(media)) return straight;
  const direct = input.pipe(origin.routerId, entry);
  if ((direct?.closedTries ?? 0) >= CLOSED_AFTER_FAILURES) return wayRound(entry, media, origin, input);
  if (!input.crowded.has(origin.nodeId)) return straight;
  // A way that works is not left: its viewers would see it.
  if (direct?.state.kind === 'opening' || input.isUsed(origin.routerId, entry)) return straight;
  return wayThroughTree(entry, media, origin, input);
}

function wayRound(entry: string, media: MediaKey, origin: RouterAt, input: WayInput): Way {
  const closed = { kind: 'closed', from: origin } as const;
  const relay = input.relays.get(origin.nodeId);
  switch (relay?.kind) {
    case 'found': {
      const useless = isUseless(relay.at, entry, media, input);
      const findAtMs = useless ? Math.max(input.nowMs, relay.foundAtMs + FIND_AGAIN_AFTER_MS) : undefined;
      return { ...closed, from: useless ? origin : relay.at, findAtMs };
    }
    case 'finding':
      return { ...closed, findAtMs: undefined };
    case 'none':
      return { ...closed, findAtMs: relay.retryAtMs };
    case undefined:
      return { ...closed, findAtMs: input.nowMs };
  }
}

/** Without a relay that works the origin is asked after all: too many copies cost less than none. */
function wayThroughTree(entry: string, media: MediaKey, origin: RouterAt, input: WayInput): Way {
  const crowded = { kind: 'crowded', findAtMs: undefined } as const;
  const relay = input.relays.get(origin.nodeId);
  switch (relay?.kind) {
    case 'found':
      return { ...crowded, from: isUseless(relay.at, entry, media, input) ? origin : relay.at };
    case 'finding':
      return { ...crowded, from: undefined };
    case 'none':
      return { ...crowded, from: origin };
    case undefined:
      return { ...crowded, from: undefined, findAtMs: input.nowMs };
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
