import type { MediaKey } from '../media/media-key.ts';
import {
  hopKey,
  pipeKey,
  type HopView,
  type PipeView,
  type Pull,
  type RelayState,
  type RouterAt,
} from '../pipes/model/pipe-model.ts';
import { planPipes, type PipeCommand } from '../pipes/planning/pipe-plan.ts';
import { places, relaysTo, routers, tracks, type Step } from './pipe-plan-steps.ts';

const LINGER_MS = 5000;
const RETRY_MS = 100;
type Pending = Mutable<PipeView> | Mutable<HopView> | { readonly nodeId: string };

type Mutable<View> = { -readonly [Key in keyof View]: View[Key] };

/** A node without media: executes plans, answers late, and throws on whatever must never happen. */
export class World {
  nowMs = 0;
  readonly demand = new Map<MediaKey, Set<string>>();
  readonly tracks = new Map<MediaKey, RouterAt>();
  readonly live = new Set(routers);
  readonly pipes = new Map<string, Mutable<PipeView>>();
  readonly hops = new Map<string, Mutable<HopView> & Pull>();
  /** The routes that replace hops. */
  readonly successors = new Map<string, Pull>();
  readonly relays = new Map<string, RelayState>();
  /** Tracks that others pull through here. */
  readonly relayed = new Set<MediaKey>();
  /** Nodes at their fan-out limit. */
  readonly atFanOutLimit = new Set<string>();
  /** Nodes whose packets do not arrive, whatever they answer. */
  readonly closed = new Set<string>();
  #found = 0;
  #wakeAtMs: number | undefined;

  apply(event: Step): void {
    switch (event.type) {
      case 'demand':
        this.demand.set(event.track, (this.demand.get(event.track) ?? new Set()).add(event.router));
        break;
      case 'release':
        this.demand.get(event.track)?.delete(event.router);
        break;
      case 'place':
        this.tracks.set(event.track, places[event.place] as RouterAt);
        break;
      case 'remove':
        this.tracks.delete(event.track);
        break;
      case 'answer':
        this.#answer(event.nth, event.ok);
        break;
      case 'break':
        this.#dropPipe([...this.pipes.keys()][event.nth % Math.max(1, this.pipes.size)]);
        break;
      case 'close':
        this.closed.add(event.node);
        break;
      case 'heal':
        this.closed.delete(event.node);
        break;
      case 'relayed':
        if (event.on) this.relayed.add(event.track);
        else this.relayed.delete(event.track);
        break;
      case 'fanOutLimit':
        if (event.on) this.atFanOutLimit.add(event.node);
        else this.atFanOutLimit.delete(event.node);
        break;
      case 'routerDies':
        this.#routerDies(event.router);
        break;
      case 'wait':
        this.nowMs += event.ms;
    }
    this.settle();
  }

  /** Plans until there is nothing to do now. */
  settle(): void {
    for (let round = 0; ; round++) {
      must(round < 50, 'a plan comes to rest');
      const plan = planPipes(
        {
          nodeId: 'here',
          hub: [...this.live][0],
          routers: this.live,
          demand: this.demand,
          tracks: this.tracks,
          pipes: [...this.pipes.values()],
          hops: [...this.hops.values()],
          relays: this.relays,
          relayed: this.relayed,
          atFanOutLimit: this.atFanOutLimit,
          lingerMs: LINGER_MS,
        },
        this.nowMs,
      );
      this.#wakeAtMs = plan.wakeAtMs;
      const distinct = new Set(plan.commands.map((command) => JSON.stringify(command)));
      must(distinct.size === plan.commands.length, 'no command stands twice in a plan');
      for (const command of plan.commands) this.#run(command);
      this.#noteIdle();
      this.#check();
      if (plan.commands.length === 0) return;
    }
  }

  /** Follows a track from a router back to its origin; `undefined` when it does not flow there. */
  wayTo(media: MediaKey, router: string): RouterAt | undefined {
    const hop = this.hops.get(hopKey(media, router));
    if (hop?.state.kind !== 'flowing') return undefined;
    const origin = this.tracks.get(media);
    const within = hop.from.nodeId === 'here' && hop.from.routerId !== origin?.routerId;
    return within ? this.wayTo(media, hop.from.routerId) : (hop.relayFrom ?? hop.from);
  }

  /** Heals everything, answers everything, and lets time pass until nothing is pending. */
  comeToRest(): void {
    this.closed.clear();
    this.atFanOutLimit.clear();
    for (let round = 0; ; round++) {
      must(round < 300, 'the world comes to rest');
      if (!this.#goOn()) return;
    }
  }

  /** Time passes as if nothing else happened. */
  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (let round = 0; this.nowMs < untilMs; round++) {
      must(round < 2000, 'time passes');
      if (!this.#goOn()) return;
    }
  }

  #goOn(): boolean {
    this.settle();
    if (this.#pending().length > 0) this.#answer(0, true);
    else if (this.#wakeAtMs === undefined) return false;
    else this.nowMs = Math.max(this.nowMs, this.#wakeAtMs);
    return true;
  }

  #run(command: PipeCommand): void {
    switch (command.type) {
      case 'openPipe': {
        const present = this.pipes.get(command.key);
        must(present === undefined || present.state.kind === 'failed', 'one pipe per pair');
        must(this.live.has(command.local), 'pipes begin at live routers');
        must(command.key === pipeKey(command.local, command.peer.routerId), 'a pipe is known by its routers');
        this.pipes.set(command.key, {
          ...command,
          state: { kind: 'opening' },
          pathFailures: present?.pathFailures ?? 0,
        });
        return;
      }
      case 'closePipe': {
        const pipe = this.pipes.get(command.key);
        must(this.#through(command.key).length === 0, 'only idle pipes are closed');
        if (pipe?.state.kind === 'open' && pipe.peer.nodeId !== 'here') pipe.state = { kind: 'closing' };
        else this.pipes.delete(command.key);
        return;
      }
      case 'pullTrack': {
        const key = hopKey(command.media, command.into);
        const present = this.hops.get(key);
        must(present === undefined || present.state.kind === 'failed', 'one copy per router');
        const pipe = this.pipes.get(pipeKey(command.from.routerId, command.into));
        must(pipe?.state.kind === 'open', 'tracks are pulled through open pipes');
        this.hops.set(key, { ...command, state: { kind: 'pulling' } });
        return;
      }
      case 'replacePull': {
        const key = hopKey(command.media, command.into);
        const present = this.hops.get(key);
        must(present?.state.kind === 'flowing', 'only what flows is handed over');
        must(present?.successor?.kind !== 'pulling', 'one successor at a time');
        const pipe = this.pipes.get(pipeKey(command.from.routerId, command.into));
        must(pipe?.state.kind === 'open', 'tracks are pulled through open pipes');
        if (present) present.successor = { kind: 'pulling' };
        this.successors.set(key, command);
        return;
      }
      case 'releaseTrack':
        this.hops.delete(hopKey(command.media, command.into));
        return;
      case 'findRelay':
        must(this.relays.get(command.nodeId)?.kind !== 'finding', 'one search at a time');
        this.relays.set(command.nodeId, { kind: 'finding' });
        return;
      case 'forgetRelay':
        this.relays.delete(command.nodeId);
    }
  }

  #check(): void {
    for (const media of tracks) {
      const entries = [...this.hops.values()].filter(
        (hop) => hop.media === media && hop.from.nodeId !== 'here' && hop.state.kind !== 'failed',
      );
      must(entries.length <= 1, `${media} enters the node once`);
      const origin = this.tracks.get(media);
      for (const { from, relayFrom } of entries) {
        const direct = from.nodeId === origin?.nodeId && from.routerId === origin.routerId;
        must(direct === (relayFrom === undefined), 'a relay gets the origin of the track');
        must(relayFrom === undefined || !this.relayed.has(media), `${media} is relayed once at most`);
        must(from.nodeId !== relayFrom?.nodeId, 'nobody relays its own tracks');
      }
    }
  }

  /** The pending operations: pipes, pulls, searches for relays, pipes whose health is unknown. */
  #pending(): readonly Pending[] {
    const waiting = ['opening', 'closing', 'pulling'];
    const pipes = [...this.pipes.values()].filter(
      ({ state, pathFailures, peer }) =>
        waiting.includes(state.kind) ||
        (state.kind === 'open' && (pathFailures > 0 || this.closed.has(peer.nodeId))),
    );
    const hops = [...this.hops.values()].filter(
      ({ state, successor }) => waiting.includes(state.kind) || successor?.kind === 'pulling',
    );
    const relays = [...this.relays].flatMap(([nodeId, { kind }]) => (kind === 'finding' ? [{ nodeId }] : []));
    return [...pipes, ...hops, ...relays];
  }

  #answer(nth: number, ok: boolean): void {
    const pending = this.#pending();
    const one = pending[nth % Math.max(1, pending.length)];
    if (!one) return;
    if ('media' in one) this.#answerPull(one, ok);
    else if ('nodeId' in one) this.#answerSearch(one.nodeId, ok);
    else this.#answerPipe(one, ok);
    this.#loseUnfed();
  }

  #answerPull(hop: Mutable<HopView>, ok: boolean): void {
    const key = hopKey(hop.media, hop.into);
    const { media, from, into } = this.successors.get(key) ?? hop;
    if (hop.successor?.kind === 'pulling') {
      this.successors.delete(key);
      if (ok) this.hops.set(key, { media, from, into, state: { kind: 'flowing' } });
      else hop.successor = { kind: 'failed', retryAtMs: this.nowMs + RETRY_MS };
      return;
    }
    hop.state = ok
      ? { kind: 'flowing' }
      : { kind: 'failed', retryAtMs: this.nowMs + RETRY_MS, failures: this.#found % 4 };
  }

  #answerSearch(nodeId: string, ok: boolean): void {
    const candidates = relaysTo[nodeId] ?? [];
    const at = candidates[this.#found++ % candidates.length];
    this.relays.set(
      nodeId,
      ok && at
        ? { kind: 'found', at, foundAtMs: this.nowMs }
        : { kind: 'none', retryAtMs: this.nowMs + 10 * RETRY_MS },
    );
  }

  #answerPipe(pipe: Mutable<PipeView>, ok: boolean): void {
    const idle = { kind: 'open', idleSinceMs: this.nowMs } as const;
    switch (pipe.state.kind) {
      case 'opening':
        // It opens though nothing will come through, or it is refused.
        pipe.state = ok ? idle : { kind: 'failed', retryAtMs: this.nowMs + RETRY_MS };
        return;
      case 'open':
        if (!this.closed.has(pipe.peer.nodeId)) pipe.pathFailures = 0;
        else this.#findBroken(pipe);
        return;
      case 'closing':
        // It is closed, or the other end refuses.
        if (ok) this.#dropPipe(pipe.key);
        else pipe.state = idle;
        return;
      case 'failed':
    }
  }

  #findBroken(pipe: Mutable<PipeView>): void {
    this.#loseThrough(pipe.key);
    pipe.pathFailures++;
    pipe.state = { kind: 'failed', retryAtMs: this.nowMs + RETRY_MS * 2 ** Math.min(pipe.pathFailures, 5) };
  }

  #dropPipe(key: string | undefined): void {
    if (key === undefined) return;
    this.#loseThrough(key);
    this.pipes.delete(key);
    this.#loseUnfed();
  }

  #routerDies(router: string): void {
    if (this.live.size === 1 || !this.live.delete(router)) return;
    for (const [key, pipe] of this.pipes) {
      if (pipe.local === router || pipe.peer.routerId === router) this.#dropPipe(key);
    }
    for (const [media, place] of this.tracks) if (place.routerId === router) this.tracks.delete(media);
  }

  /** A hop within the node ends when its track is no longer where it comes from. */
  #loseUnfed(): void {
    for (const hop of this.hops.values()) {
      if (hop.from.nodeId !== 'here' || hop.state.kind === 'failed') continue;
      const origin = this.tracks.get(hop.media);
      const fed =
        origin?.routerId === hop.from.routerId || this.hops.has(hopKey(hop.media, hop.from.routerId));
      if (!fed) hop.state = { kind: 'failed', retryAtMs: this.nowMs + RETRY_MS, failures: 1 };
    }
  }

  #loseThrough(key: string): void {
    for (const hop of this.#successorsThrough(key)) {
      this.successors.delete(hop);
      const present = this.hops.get(hop);
      if (present) present.successor = undefined;
    }
    for (const [hop] of this.#through(key)) this.hops.delete(hop);
  }

  #successorsThrough(key: string): readonly string[] {
    return [...this.successors].flatMap(([hop, { from, into }]) =>
      this.hops.get(hop)?.successor?.kind === 'pulling' && pipeKey(from.routerId, into) === key ? [hop] : [],
    );
  }

  #through(key: string): readonly [string, HopView][] {
    return [...this.hops].filter(
      ([, hop]) => hop.state.kind !== 'failed' && pipeKey(hop.from.routerId, hop.into) === key,
    );
  }

  #noteIdle(): void {
    for (const pipe of this.pipes.values()) {
      if (pipe.state.kind !== 'open') continue;
      const idle = this.#through(pipe.key).length + this.#successorsThrough(pipe.key).length === 0;
      pipe.state = { kind: 'open', idleSinceMs: idle ? (pipe.state.idleSinceMs ?? this.nowMs) : undefined };
    }
  }
}

function must(holds: boolean, rule: string): void {
  if (!holds) throw new Error(`this must hold: ${rule}`);
}
