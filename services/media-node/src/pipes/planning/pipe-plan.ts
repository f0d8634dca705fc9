import type { MediaKey } from '../../media/media-key.ts';
import {
  hopKey,
  pipeKey,
  sameRouter,
  type HopView,
  type PipeDemand,
  type PipeState,
  type PipeView,
  type Pull,
  type RelayState,
  type RouterAt,
} from '../model/pipe-model.ts';
import { routeInto, type RouteInput } from './routing.ts';

export interface PipePlanInput extends PipeDemand {
  readonly nodeId: string;
  readonly pipes: readonly PipeView[];
  readonly hops: readonly HopView[];
  /** Relays for nodes that this one cannot reach or must not burden, by those nodes. */
  readonly relays: ReadonlyMap<string, RelayState>;
  /** Tracks that other nodes pull through this one. */
  readonly relayed: ReadonlySet<MediaKey>;
  /** Nodes whose fan-out is full: this one pulls their tracks through a relay. */
  readonly atFanOutLimit: ReadonlySet<string>;
  /** How long an idle pipe stays open for the next demand. */
  readonly lingerMs: number;
}

/** `trial`: opened to find out whether the path works again. */
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
  /** Pulls beside the present route, which is released when this one flows. */
  | ({ readonly type: 'replacePull' } & Pull)
  | { readonly type: 'releaseTrack'; readonly media: MediaKey; readonly into: string }
  /** Finds another relay than the present one, if there is one. */
  | { readonly type: 'findRelay'; readonly nodeId: string }
  | { readonly type: 'forgetRelay'; readonly nodeId: string };

export interface PipePlan {
  readonly commands: readonly PipeCommand[];
  /** When to plan again although nothing has happened: a retry, or the end of a linger. */
  readonly wakeAtMs: number | undefined;
}

interface Wanted {
  readonly hops: Map<string, Pull>;
  /** Pipes to routers whose direct path is down, by key: opened again and again until one works. */
  readonly trials: Map<string, { readonly local: string; readonly peer: RouterAt }>;
  /** When to find a relay, by the unreachable node; `undefined`: one is known, or the search runs. */
  readonly relays: Map<string, number | undefined>;
}

/**
 * Plans the commands after which every demanded track reaches every router that demands it, and nothing else stays.
 * Pure. A track of another node enters this one once, into one router, and is piped from there to the others: one pipe
 * per pair of routers, one copy of a track per pipe. Commands under way are awaited; failed ones are retried when due.
 */
export function planPipes(input: PipePlanInput, nowMs: number): PipePlan {
  const hops = new Map(input.hops.map((hop) => [hopKey(hop.media, hop.into), hop]));
  const pipes = new Map(input.pipes.map((pipe) => [pipe.key, pipe]));
  const running = input.hops.filter(({ state }) => state.kind !== 'failed');
  const used = new Set(running.map(({ from, into }) => pipeKey(from.routerId, into)));
  const context = { input, hops, hopsOf: hopsByMedia(input.hops), pipes, used, nowMs };
  const wanted = wantedBy(context);
  const commands = new Map<string, PipeCommand>();
  const wakes: number[] = [];
  const addStep = (name: string, next: NextStep): void => {
    if (next.command)
      commands.set(next.command.type === 'openPipe' ? `pipe ${next.command.key}` : name, next.command);
    if (next.wakeAtMs !== undefined) wakes.push(next.wakeAtMs);
  };

  for (const [key, hop] of hops) {
    const keep = wanted.hops.get(key);
    if (keep && (sameRoute(keep, hop) || returnsToOrigin(keep, hop, input))) continue;
    commands.set(`hop ${key}`, { type: 'releaseTrack', media: hop.media, into: hop.into });
  }
  const wantedPipes = new Set(wanted.trials.keys());
  for (const [key, hop] of wanted.hops) {
    wantedPipes.add(pipeKey(hop.from.routerId, hop.into));
    addStep(`hop ${key}`, nextStep(hop, hops.get(key), context));
  }
  for (const [key, { local, peer }] of wanted.trials) {
    addStep(`pipe ${key}`, openStep({ key, local, peer, trial: true }, pipes.get(key), nowMs) ?? {});
  }
  for (const pipe of pipes.values()) {
    if (!wantedPipes.has(pipe.key)) addStep(`pipe ${pipe.key}`, closeStep(pipe, input.lingerMs, nowMs));
  }
  for (const [nodeId, findAtMs] of wanted.relays)
    addStep(`relay ${nodeId}`, findStep(nodeId, findAtMs, nowMs));
  for (const nodeId of input.relays.keys()) {
    if (!wanted.relays.has(nodeId)) addStep(`relay ${nodeId}`, { command: { type: 'forgetRelay', nodeId } });
  }
  return { commands: [...commands.values()], wakeAtMs: wakes.length > 0 ? Math.min(...wakes) : undefined };
}

function wantedBy(context: StepContext): Wanted {
  const { input } = context;
  const wanted: Wanted = { hops: new Map(), trials: new Map(), relays: new Map() };
  const want = (pull: Pull): unknown => wanted.hops.set(hopKey(pull.media, pull.into), pull);
  for (const [media, routers] of input.demand) {
    const origin = input.tracks.get(media);
    const demanding = [...routers].filter((router) => input.routers.has(router));
    if (!origin || demanding.length === 0) continue;
    const local = origin.nodeId === input.nodeId;
    if (local && !input.routers.has(origin.routerId)) continue;
    const entry = local ? origin.routerId : entryRouter(context.hopsOf.get(media) ?? [], origin, input);
    if (entry === undefined) continue;
    const entering = local ? undefined : pullInto(entry, media, origin, context, wanted);
    if (entering) want(entering);
    for (const into of demanding) {
      if (into !== entry) want({ media, from: { nodeId: input.nodeId, routerId: entry }, into });
    }
  }
  return wanted;
}

/** The pull that brings a track of another node to its entry, and what it needs besides; `undefined`: no route yet. */
function pullInto(
  entry: string,
  media: MediaKey,
  origin: RouterAt,
  { input, hops, pipes, used, nowMs }: StepContext,
  wanted: Wanted,
): Pull | undefined {
  const routing: RouteInput = {
    relays: input.relays,
    relayed: input.relayed,
    atFanOutLimit: input.atFanOutLimit,
    isUsed: (one, other) => used.has(pipeKey(one, other)),
    pipe: (one, other) => pipes.get(pipeKey(one, other)),
    hop: (track, into) => hops.get(hopKey(track, into)),
    nowMs,
  };
  const route = routeInto(entry, media, origin, routing);
  if (route.kind === 'pathDown')
    wanted.trials.set(pipeKey(origin.routerId, entry), { local: entry, peer: origin });
  if (route.kind !== 'direct') {
    const earlier = wanted.relays.get(origin.nodeId);
    wanted.relays.set(origin.nodeId, route.findAtMs ?? earlier);
  }
  if (!route.from) return undefined;
  const relayed = !sameRouter(route.from, origin);
  const pull = { media, from: route.from, into: entry, ...(relayed && { relayFrom: origin }) };
  const hop = hops.get(hopKey(media, entry));
  // The relay is needed until the direct route has replaced it.
  if (route.kind === 'direct' && hop && returnsToOrigin(pull, hop, input))
    wanted.relays.set(origin.nodeId, wanted.relays.get(origin.nodeId));
  return pull;
}

/** The router through which a track of another node enters: its present entry, else the hub. */
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

/** An index, because a search through all hops for each track would make the plan quadratic in the room. */
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
  readonly command?: PipeCommand;
  readonly wakeAtMs?: number;
}

interface StepContext {
  readonly input: PipePlanInput;
  readonly hops: ReadonlyMap<string, HopView>;
  readonly hopsOf: ReadonlyMap<MediaKey, readonly HopView[]>;
  readonly pipes: ReadonlyMap<string, PipeView>;
  /** Pipes through which tracks enter. */
  readonly used: ReadonlySet<string>;
  readonly nowMs: number;
}

function nextStep(
  wanted: Pull,
  hop: HopView | undefined,
  { input, hops, pipes, nowMs }: StepContext,
): NextStep {
  if (hop && returnsToOrigin(wanted, hop, input)) return returnStep(wanted, hop, pipes, nowMs);
  if (hop && hop.state.kind !== 'failed') return {};
  if (hop && !sameRoute(hop, wanted)) return {};
  if (hop?.state.kind === 'failed' && hop.state.retryAtMs > nowMs) return { wakeAtMs: hop.state.retryAtMs };
  const key = pipeKey(wanted.from.routerId, wanted.into);
  const opening = openStep({ key, local: wanted.into, peer: wanted.from }, pipes.get(key), nowMs);
  if (opening) return opening;
  return isAt(wanted.media, wanted.from, input, hops) ? { command: { type: 'pullTrack', ...wanted } } : {};
}

/** The next step towards the direct route of a track that still flows through a relay. */
function returnStep(
  wanted: Pull,
  { successor }: HopView,
  pipes: ReadonlyMap<string, PipeView>,
  nowMs: number,
): NextStep {
  if (successor?.kind === 'pulling') return {};
  if (successor?.kind === 'failed' && successor.retryAtMs > nowMs) return { wakeAtMs: successor.retryAtMs };
  const key = pipeKey(wanted.from.routerId, wanted.into);
  const opening = openStep({ key, local: wanted.into, peer: wanted.from }, pipes.get(key), nowMs);
  return opening ?? { command: { type: 'replacePull', ...wanted } };
}

/** The next step towards an open pipe; `undefined` when it is open. */
function openStep(wanted: WantedPipe, pipe: PipeView | undefined, nowMs: number): NextStep | undefined {
  const open: NextStep = { command: { type: 'openPipe', ...wanted } };
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

/** Whether a track is at a router now. Only the other node knows that of its routers; the pull asks it. */
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
  return dueMs <= nowMs ? { command: { type: 'closePipe', key } } : { wakeAtMs: dueMs };
}

function findStep(nodeId: string, atMs: number | undefined, nowMs: number): NextStep {
  if (atMs === undefined) return {};
  return atMs <= nowMs ? { command: { type: 'findRelay', nodeId } } : { wakeAtMs: atMs };
}

function closeDueMs(state: PipeState, lingerMs: number): number | undefined {
  switch (state.kind) {
    case 'opening':
    case 'closing':
      return undefined;
    case 'failed':
      // The clients that lost a track with it are about to subscribe again: its failures are not forgotten yet.
      return state.retryAtMs + lingerMs;
    case 'open':
      return state.idleSinceMs === undefined ? undefined : state.idleSinceMs + lingerMs;
  }
}

/** Whether a track that flows through a relay may return to the direct route; the relay is kept until it has. */
function returnsToOrigin(wanted: Pull, hop: HopView, { relayed }: PipePlanInput): boolean {
  if (hop.state.kind !== 'flowing' || !hop.relayFrom || wanted.relayFrom) return false;
  return sameRouter(hop.relayFrom, wanted.from) && !relayed.has(wanted.media);
}

function sameRoute(one: Pull, other: Pull): boolean {
  if (!one.relayFrom || !other.relayFrom)
    return one.relayFrom === other.relayFrom && sameRouter(one.from, other.from);
  return sameRouter(one.from, other.from) && sameRouter(one.relayFrom, other.relayFrom);
}
