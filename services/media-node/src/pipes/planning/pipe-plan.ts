import type { MediaKey } from '../../media/media-key.ts';
import { wayInto, type RelayState, type WayInput } from './routing.ts';

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
  /** How often in a row nobody answered or nothing came through; 0 once it is known to work. */
  readonly closedTries: number;
}

export type HopState =
  | { readonly kind: 'pulling' }
  | { readonly kind: 'flowing' }
  /** `failures`: how often in a row. */
  | { readonly kind: 'failed'; readonly retryAtMs: number; readonly failures: number };

/** A better way of a track, pulled while the one that it has goes on. */
export type SuccessorState =
  { readonly kind: 'pulling' } | { readonly kind: 'failed'; readonly retryAtMs: number };

/**
 * The way of one epoch of a track through one pipe into one router of this node: a router has it once, and a second time
 * only while it is handed over to a better way.
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
  /** Who brings the tracks of nodes that this one cannot reach, by those nodes. */
  readonly relays: ReadonlyMap<string, RelayState>;
  /** Tracks that other nodes pull through this one. */
  readonly relayed: ReadonlySet<MediaKey>;
  /** Nodes that feed so many that this one is to get their tracks through a relay. */
  readonly crowded: ReadonlySet<string>;
  /** How long an idle pipe is kept for the next need. */
  readonly lingerMs: number;
}

/** `trial`: to see whether it works by now. */
export interface WantedPipe {
  readonly key: string;
  readonly local: string;
  readonly peer: RouterAt;
  readonly trial?: boolean;
}

export type PipeCommand =
  | ({ readonly type: 'openPipe' } & WantedPipe)
  | { readonly type: 'closePipe'; readonly key: string }
  | ({ readonly type: 'pullTrack' } & Pull)
  /** Beside the way that it has, which goes when this one has come. */
  | ({ readonly type: 'replacePull' } & Pull)
  | { readonly type: 'releaseTrack'; readonly media: MediaKey; readonly into: string }
  /** Another one than now, if there is one now. */
  | { readonly type: 'findRelay'; readonly nodeId: string }
  | { readonly type: 'forgetRelay'; readonly nodeId: string };

export type Pull = Omit<HopView, 'state' | 'successor'>;

export interface PipePlan {
  readonly commands: readonly PipeCommand[];
  /** When to plan again though nothing has happened: a retry or the end of a linger. */
  readonly wakeAtMs: number | undefined;
}

interface Wanted {
  readonly hops: Map<string, Pull>;
  /** Pipes to routers whose direct way is closed, by key: opened again and again, until one works. */
  readonly trials: Map<string, { readonly local: string; readonly peer: RouterAt }>;
  /** When to look for a relay, by the node that cannot be reached; `undefined`: one is there, or being looked for. */
  readonly relays: Map<string, number | undefined>;
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
  const hops = new Map(input.hops.map((hop) => [hopKey(hop.media, hop.into), hop]));
  const pipes = new Map(input.pipes.map((pipe) => [pipe.key, pipe]));
  const running = input.hops.filter(({ state }) => state.kind !== 'failed');
  const used = new Set(running.map(({ from, into }) => pipeKey(from.routerId, into)));
  const context = { input, hops, hopsOf: hopsByMedia(input.hops), pipes, used, nowMs };
  const wanted = whatIsWanted(context);
  const commands = new Map<string, PipeCommand>();
  const wakes: number[] = [];
  const doNext = (name: string, next: NextStep): void => {
    if (next.do) commands.set(next.do.type === 'openPipe' ? `pipe ${next.do.key}` : name, next.do);
    if (next.wakeAtMs !== undefined) wakes.push(next.wakeAtMs);
  };

  for (const [key, hop] of hops) {
    const keep = wanted.hops.get(key);
    if (keep && (sameWay(keep, hop) || comesBack(keep, hop, input))) continue;
    commands.set(`hop ${key}`, { type: 'releaseTrack', media: hop.media, into: hop.into });
  }
  const wantedPipes = new Set(wanted.trials.keys());
  for (const [key, hop] of wanted.hops) {
    wantedPipes.add(pipeKey(hop.from.routerId, hop.into));
    doNext(`hop ${key}`, nextStep(hop, hops.get(key), context));
  }
  for (const [key, { local, peer }] of wanted.trials) {
    doNext(`pipe ${key}`, openStep({ key, local, peer, trial: true }, pipes.get(key), nowMs) ?? {});
  }
  for (const pipe of pipes.values()) {
    if (!wantedPipes.has(pipe.key)) doNext(`pipe ${pipe.key}`, closeStep(pipe, input.lingerMs, nowMs));
  }
  for (const [nodeId, findAtMs] of wanted.relays)
    doNext(`relay ${nodeId}`, findStep(nodeId, findAtMs, nowMs));
  for (const nodeId of input.relays.keys()) {
    if (!wanted.relays.has(nodeId)) doNext(`relay ${nodeId}`, { do: { type: 'forgetRelay', nodeId } });
  }
  return { commands: [...commands.values()], wakeAtMs: wakes.length > 0 ? Math.min(...wakes) : undefined };
}

function whatIsWanted(context: StepContext): Wanted {
  const { input } = context;
  const wanted: Wanted = { hops: new Map(), trials: new Map(), relays: new Map() };
  const want = (pull: Pull): unknown => wanted.hops.set(hopKey(pull.media, pull.into), pull);
  for (const [media, routers] of input.needs) {
    const origin = input.tracks.get(media);
    const needing = [...routers].filter((router) => input.routers.has(router));
    if (!origin || needing.length === 0) continue;
    const local = origin.nodeId === input.nodeId;
    if (local && !input.routers.has(origin.routerId)) continue;
    const entry = local ? origin.routerId : entryRouter(context.hopsOf.get(media) ?? [], origin, input);
    if (entry === undefined) continue;
    const entering = local ? undefined : enter(entry, media, origin, context, wanted);
    if (entering) want(entering);
    for (const into of needing) {
      if (into !== entry) want({ media, from: { nodeId: input.nodeId, routerId: entry }, into });
    }
  }
  return wanted;
}

/** How a track of another node comes in at its entry, and what that takes besides; `undefined`: that is being found out. */
function enter(
  entry: string,
  media: MediaKey,
  origin: RouterAt,
  { input, hops, pipes, used, nowMs }: StepContext,
  wanted: Wanted,
): Pull | undefined {
  const ways: WayInput = {
    relays: input.relays,
    relayed: input.relayed,
    crowded: input.crowded,
    isUsed: (one, other) => used.has(pipeKey(one, other)),
    pipe: (one, other) => pipes.get(pipeKey(one, other)),
    hop: (track, into) => hops.get(hopKey(track, into)),
    nowMs,
  };
  const way = wayInto(entry, media, origin, ways);
  if (way.kind === 'closed')
    wanted.trials.set(pipeKey(origin.routerId, entry), { local: entry, peer: origin });
  if (way.kind !== 'straight') {
    const earlier = wanted.relays.get(origin.nodeId);
    wanted.relays.set(origin.nodeId, way.findAtMs ?? earlier);
  }
  if (!way.from) return undefined;
  const relayed = !sameRouter(way.from, origin);
  const pull = { media, from: way.from, into: entry, ...(relayed && { relayFrom: origin }) };
  const hop = hops.get(hopKey(media, entry));
  // The relay is needed until the direct way has taken over.
  if (way.kind === 'straight' && hop && comesBack(pull, hop, input))
    wanted.relays.set(origin.nodeId, wanted.relays.get(origin.nodeId));
  return pull;
}

/** The router through which a track of another node comes in: the one that it has already, else the hub. */
function entryRouter(
  hops: readonly HopView[],
  origin: RouterAt,
  { nodeId, hub, routers, relays }: PipePlanInput,
): string | undefined {
  const relay = relays.get(origin.nodeId);
  let entry = hub;
  for (const hop of hops) {
    if (hop.from.nodeId === nodeId || !routers.has(hop.into)) continue;
    const relayed = relay?.kind === 'found' && sameRouter(hop.from, relay.at);
    if (relayed || sameRouter(hop.from, origin)) entry = hop.into;
  }
  return entry;
}

/** Looked up for each needed track: a search through all hops would make the plan grow with the square of the room. */
function hopsByMedia(hops: readonly HopView[]): ReadonlyMap<MediaKey, readonly HopView[]> {
  const byMedia = new Map<MediaKey, HopView[]>();
  for (const hop of hops) {
    const known = byMedia.get(hop.media);
    if (known) known.push(hop);
    else byMedia.set(hop.media, [hop]);
  }
  return byMedia;
}

interface NextStep {
  readonly do?: PipeCommand;
  readonly wakeAtMs?: number;
}

interface StepContext {
  readonly input: PipePlanInput;
  readonly hops: ReadonlyMap<string, HopView>;
  readonly hopsOf: ReadonlyMap<MediaKey, readonly HopView[]>;
  readonly pipes: ReadonlyMap<string, PipeView>;
  /** Pipes through which tracks come in. */
  readonly used: ReadonlySet<string>;
  readonly nowMs: number;
}

function nextStep(
  wanted: Pull,
  hop: HopView | undefined,
  { input, hops, pipes, nowMs }: StepContext,
): NextStep {
  if (hop && comesBack(wanted, hop, input)) return comeBackStep(wanted, hop, pipes, nowMs);
  if (hop && hop.state.kind !== 'failed') return {};
  if (hop && !sameWay(hop, wanted)) return {};
  if (hop?.state.kind === 'failed' && hop.state.retryAtMs > nowMs) return { wakeAtMs: hop.state.retryAtMs };
  const key = pipeKey(wanted.from.routerId, wanted.into);
  const opening = openStep({ key, local: wanted.into, peer: wanted.from }, pipes.get(key), nowMs);
  if (opening) return opening;
  return isAt(wanted.media, wanted.from, input, hops) ? { do: { type: 'pullTrack', ...wanted } } : {};
}

/** What it takes to have a track straight that flows through a relay meanwhile. */
function comeBackStep(
  wanted: Pull,
  { successor }: HopView,
  pipes: ReadonlyMap<string, PipeView>,
  nowMs: number,
): NextStep {
  if (successor?.kind === 'pulling') return {};
  if (successor?.kind === 'failed' && successor.retryAtMs > nowMs) return { wakeAtMs: successor.retryAtMs };
  const key = pipeKey(wanted.from.routerId, wanted.into);
  const opening = openStep({ key, local: wanted.into, peer: wanted.from }, pipes.get(key), nowMs);
  return opening ?? { do: { type: 'replacePull', ...wanted } };
}

/** What it takes to have a pipe open; `undefined` when it is. */
function openStep(wanted: WantedPipe, pipe: PipeView | undefined, nowMs: number): NextStep | undefined {
  const open: NextStep = { do: { type: 'openPipe', ...wanted } };
  switch (pipe?.state.kind) {
    case undefined:
      return open;
    case 'opening':
    case 'closing':
      return {};
    case 'failed':
      return pipe.state.retryAtMs > nowMs ? { wakeAtMs: pipe.state.retryAtMs } : open;
    case 'open':
      return undefined;
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

function closeStep({ key, state }: PipeView, lingerMs: number, nowMs: number): NextStep {
  const dueMs = closeDueMs(state, lingerMs);
  if (dueMs === undefined) return {};
  return dueMs <= nowMs ? { do: { type: 'closePipe', key } } : { wakeAtMs: dueMs };
}

function findStep(nodeId: string, atMs: number | undefined, nowMs: number): NextStep {
  if (atMs === undefined) return {};
  return atMs <= nowMs ? { do: { type: 'findRelay', nodeId } } : { wakeAtMs: atMs };
}

function closeDueMs(state: PipeState, lingerMs: number): number | undefined {
  switch (state.kind) {
    case 'opening':
    case 'closing':
      return undefined;
    case 'failed':
      // Whoever lost a track by it is about to ask for it again: what is known of the way is not forgotten yet.
      return state.retryAtMs + lingerMs;
    case 'open':
      return state.idleSinceMs === undefined ? undefined : state.idleSinceMs + lingerMs;
  }
}

/** Whether a track that flows through a relay may come straight again: it is not let go of before it does. */
function comesBack(wanted: Pull, hop: HopView, { relayed }: PipePlanInput): boolean {
  if (hop.state.kind !== 'flowing' || !hop.relayFrom || wanted.relayFrom) return false;
  return sameRouter(hop.relayFrom, wanted.from) && !relayed.has(wanted.media);
}

function sameWay(one: Pull, other: Pull): boolean {
  if (!one.relayFrom || !other.relayFrom)
    return one.relayFrom === other.relayFrom && sameRouter(one.from, other.from);
  return sameRouter(one.from, other.from) && sameRouter(one.relayFrom, other.relayFrom);
}

function sameRouter(one: RouterAt, other: RouterAt): boolean {
  return one.nodeId === other.nodeId && one.routerId === other.routerId;
}
