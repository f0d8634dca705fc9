import type { MediaKey } from '../media/media-key.ts';

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

/** The one link between two routers of a room, of which at least `local` is on this node. */
export interface PipeView {
  readonly key: string;
  readonly local: string;
  readonly peer: RouterAt;
  readonly state: PipeState;
}

export type HopState =
  | { readonly kind: 'pulling' }
  | { readonly kind: 'flowing' }
  | { readonly kind: 'failed'; readonly retryAtMs: number };

/** The way of one epoch of a track through one pipe into one router of this node: a router has it once. */
export interface HopView {
  readonly media: MediaKey;
  readonly from: RouterAt;
  readonly into: string;
  readonly state: HopState;
}

export interface PipePlanInput {
  readonly nodeId: string;
  /** The router through which tracks of other nodes enter this one, unless they have an entry already. */
  readonly hub: string | undefined;
  /** This node's live routers of the room. */
  readonly routers: ReadonlySet<string>;
  /** Routers of this node whose subscriptions need it. */
  readonly needs: ReadonlyMap<MediaKey, ReadonlySet<string>>;
  /** Where each track of the room is published, and the earlier epochs that are still received. */
  readonly tracks: ReadonlyMap<MediaKey, RouterAt>;
  readonly pipes: readonly PipeView[];
  readonly hops: readonly HopView[];
  /** How long an idle pipe is kept for the next need. */
  readonly lingerMs: number;
}

export type PipeCommand =
  | { readonly type: 'openPipe'; readonly key: string; readonly local: string; readonly peer: RouterAt }
  | { readonly type: 'closePipe'; readonly key: string }
  | { readonly type: 'pullTrack'; readonly media: MediaKey; readonly from: RouterAt; readonly into: string }
  | { readonly type: 'releaseTrack'; readonly media: MediaKey; readonly into: string };

export interface PipePlan {
  readonly commands: readonly PipeCommand[];
  /** When to plan again though nothing has happened: a retry or the end of a linger. */
  readonly wakeAtMs: number | undefined;
}

interface WantedHop {
  readonly media: MediaKey;
  readonly from: RouterAt;
  readonly into: string;
}

/** Names a pipe by its pair of routers, the same from both ends. */
export function pipeKey(oneRouterId: string, otherRouterId: string): string {
  return [oneRouterId, otherRouterId].toSorted().join('~');
}

/** Names a hop. */
export function hopKey(media: MediaKey, into: string): string {
  return `${into}/${media}`;
}

/**
 * What to do so that every needed track reaches every router that needs it, and nothing else stays. Pure. A track of
 * another node enters this one once, into one router, and goes on from there to the others; one pipe per pair of
 * routers, one copy of a track per pipe. What is under way is waited for; what failed is tried again when it is due.
 */
export function planPipes(input: PipePlanInput, nowMs: number): PipePlan {
  const wanted = wantedHops(input);
  const hops = new Map(input.hops.map((hop) => [hopKey(hop.media, hop.into), hop]));
  const pipes = new Map(input.pipes.map((pipe) => [pipe.key, pipe]));
  const commands = new Map<string, PipeCommand>();
  const wakes: number[] = [];

  for (const [key, hop] of hops) {
    const keep = wanted.get(key);
    if (keep && sameRouter(keep.from, hop.from)) continue;
    commands.set(`hop ${key}`, { type: 'releaseTrack', media: hop.media, into: hop.into });
  }
  const wantedPipes = new Set<string>();
  for (const [key, hop] of wanted) {
    wantedPipes.add(pipeKey(hop.from.routerId, hop.into));
    const next = nextStep(hop, hops.get(key), { input, hops, pipes, nowMs });
    if (next.do) commands.set(next.do.type === 'openPipe' ? `pipe ${next.do.key}` : `hop ${key}`, next.do);
    if (next.wakeAtMs !== undefined) wakes.push(next.wakeAtMs);
  }
  for (const pipe of pipes.values()) {
    if (wantedPipes.has(pipe.key)) continue;
    const dueMs = closeDueMs(pipe.state, input.lingerMs);
    if (dueMs === undefined) continue;
    if (dueMs <= nowMs) commands.set(`pipe ${pipe.key}`, { type: 'closePipe', key: pipe.key });
    else wakes.push(dueMs);
  }
  return { commands: [...commands.values()], wakeAtMs: wakes.length > 0 ? Math.min(...wakes) : undefined };
}

function wantedHops(input: PipePlanInput): ReadonlyMap<string, WantedHop> {
  const wanted = new Map<string, WantedHop>();
  const want = (media: MediaKey, from: RouterAt, into: string): void => {
    wanted.set(hopKey(media, into), { media, from, into });
  };
  for (const [media, routers] of input.needs) {
    const origin = input.tracks.get(media);
    const needing = [...routers].filter((router) => input.routers.has(router));
    if (!origin || needing.length === 0) continue;
    const local = origin.nodeId === input.nodeId;
    if (local && !input.routers.has(origin.routerId)) continue;
    const entry = local ? origin.routerId : entryRouter(media, origin, input);
    if (entry === undefined) continue;
    if (!local) want(media, origin, entry);
    for (const router of needing) {
      if (router !== entry) want(media, { nodeId: input.nodeId, routerId: entry }, router);
    }
  }
  return wanted;
}

/** The router through which a track of another node comes in: the one that it has already, else the hub. */
function entryRouter(
  media: MediaKey,
  origin: RouterAt,
  { nodeId, hub, routers, hops }: PipePlanInput,
): string | undefined {
  let entry = hub;
  for (const hop of hops) {
    if (hop.media !== media || hop.from.nodeId === nodeId) continue;
    if (sameRouter(hop.from, origin) && routers.has(hop.into)) entry = hop.into;
  }
  return entry;
}

interface NextStep {
  readonly do?: PipeCommand;
  readonly wakeAtMs?: number;
}

interface StepContext {
  readonly input: PipePlanInput;
  readonly hops: ReadonlyMap<string, HopView>;
  readonly pipes: ReadonlyMap<string, PipeView>;
  readonly nowMs: number;
}

function nextStep(wanted: WantedHop, hop: HopView | undefined, context: StepContext): NextStep {
  const { input, hops, pipes, nowMs } = context;
  if (hop && hop.state.kind !== 'failed') return {};
  if (hop && !sameRouter(hop.from, wanted.from)) return {};
  if (hop?.state.kind === 'failed' && hop.state.retryAtMs > nowMs) return { wakeAtMs: hop.state.retryAtMs };
  const key = pipeKey(wanted.from.routerId, wanted.into);
  const pipe = pipes.get(key);
  if (!pipe) return { do: { type: 'openPipe', key, local: wanted.into, peer: wanted.from } };
  switch (pipe.state.kind) {
    case 'opening':
    case 'closing':
      return {};
    case 'failed':
      if (pipe.state.retryAtMs > nowMs) return { wakeAtMs: pipe.state.retryAtMs };
      return { do: { type: 'openPipe', key, local: wanted.into, peer: wanted.from } };
    case 'open':
      if (!isAt(wanted.media, wanted.from, input, hops)) return {};
      return { do: { type: 'pullTrack', media: wanted.media, from: wanted.from, into: wanted.into } };
  }
}

/** Whether a track can be had from a router now. Of another node's routers only that node knows: it is asked. */
function isAt(
  media: MediaKey,
  at: RouterAt,
  input: PipePlanInput,
  hops: ReadonlyMap<string, HopView>,
): boolean {
  if (at.nodeId !== input.nodeId) return true;
  const origin = input.tracks.get(media);
  if (origin && sameRouter(origin, at)) return true;
  return hops.get(hopKey(media, at.routerId))?.state.kind === 'flowing';
}

function closeDueMs(state: PipeState, lingerMs: number): number | undefined {
  switch (state.kind) {
    case 'opening':
    case 'closing':
      return undefined;
    case 'failed':
      return 0;
    case 'open':
      return state.idleSinceMs === undefined ? undefined : state.idleSinceMs + lingerMs;
  }
}

function sameRouter(one: RouterAt, other: RouterAt): boolean {
  return one.nodeId === other.nodeId && one.routerId === other.routerId;
}
