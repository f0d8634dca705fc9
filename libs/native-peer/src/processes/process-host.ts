import type { Clock } from '@skein/runtime';
import { Histogram } from '../measures/histogram.ts';
import type { PeerReport, PeerState, ToolHealth } from '../measures/peer-measures.ts';
import { PeerError } from '../engine/errors.ts';
import type { PeerEvent, PeerPlan } from '../peers/peer.ts';
import { NativePeer } from '../peers/native-peer.ts';
import type { IncomingStreams } from '../engine/incoming-streams.ts';
import type { PeerWorld } from '../engine/world.ts';
import type { CommandMessage, PeerCommand, PeerCommands, ProcessMessage } from './messages.ts';

/** What the process uses of the machine, summed since its start. */
export interface OwnUse {
  readonly cpuMs: number;
  readonly rssBytes: number;
}

export interface ProcessHostDeps {
  readonly world: PeerWorld;
  readonly clock: Clock;
  readonly ownUse: () => OwnUse;
  readonly send: (message: ProcessMessage) => void;
}

const REPORT_EVERY_MS = 1000;
const LOOP_PROBE_MS = 20;

type Handlers = {
  [Command in PeerCommand]: (
    request: PeerCommands[Command]['request'],
  ) => PeerCommands[Command]['response'] | Promise<PeerCommands[Command]['response']>;
};

/** The peers of one process: carries out commands, reports every second. */
export class ProcessHost {
  readonly #deps: ProcessHostDeps;
  readonly #peers = new Map<string, NativePeer>();
  readonly #loopDelayMs = new Histogram();
  readonly #timers: Disposable[] = [];
  #lastReport: { readonly atMs: number; readonly cpuMs: number };
  readonly #handlers: Handlers = {
    join: (plan) => this.#join(plan),
    publish: async ({ peerId, tracks }) => (await this.#peer(peerId).publish(tracks), null),
    unpublish: async ({ peerId, sources }) => (await this.#peer(peerId).unpublish(sources), null),
    preferLayers: async ({ peerId, layers }) => (await this.#peer(peerId).preferLayers(layers), null),
    leave: async ({ peerId }) => {
      const peer = this.#peers.get(peerId);
      this.#takeLast(peerId);
      await peer?.leave();
      return null;
    },
    vanish: ({ peerId }) => {
      const peer = this.#peers.get(peerId);
      this.#takeLast(peerId);
      peer?.vanish();
      return null;
    },
    hold: ({ held }) => {
      for (const peer of this.#peers.values()) peer.hold(held);
      return null;
    },
    report: () => this.report(),
  };

  constructor(deps: ProcessHostDeps) {
    this.#deps = deps;
    const { clock, ownUse, send } = deps;
    this.#lastReport = { atMs: clock.monotonicMs(), cpuMs: ownUse().cpuMs };
    let expectedMs = clock.monotonicMs() + LOOP_PROBE_MS;
    this.#timers.push(
      clock.every(REPORT_EVERY_MS, () => send({ type: 'report', report: this.report() })),
      clock.every(LOOP_PROBE_MS, () => {
        const nowMs = clock.monotonicMs();
        this.#loopDelayMs.record(nowMs - expectedMs);
        expectedMs = nowMs + LOOP_PROBE_MS;
      }),
    );
  }

  async handle({ id, command, request }: CommandMessage): Promise<void> {
    const { send } = this.#deps;
    try {
      const handler = this.#handlers[command] as (request: unknown) => unknown;
      send({ type: 'answer', id, response: await handler(request) });
    } catch (thrown) {
      const { code, message } = PeerError.from(thrown);
      send({ type: 'failure', id, code, message });
    }
  }

  report(): PeerReport {
    const { world, clock } = this.#deps;
    const state = this.#takeState();
    return { atMs: clock.now(), measures: world.meter.take(), state, tool: this.#takeHealth() };
  }

  /** All leave. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) timer[Symbol.dispose]();
    await Promise.all([...this.#peers.values()].map((peer) => peer.leave()));
    this.#peers.clear();
  }

  async #join(plan: PeerPlan): Promise<PeerCommands['join']['response']> {
    if (this.#peers.has(plan.peerId))
      throw new PeerError('INVALID_ARGUMENT', `${plan.peerId} is there already`);
    const peer = new NativePeer(plan, this.#deps.world);
    this.#peers.set(plan.peerId, peer);
    peer.events.on('event', (event: PeerEvent) => {
      if (event.type === 'lost') this.#peers.delete(plan.peerId);
      this.#deps.send({ type: 'event', event });
    });
    try {
      return await peer.join();
    } catch (error) {
      this.#peers.delete(plan.peerId);
      throw error;
    }
  }

  #peer(peerId: string): NativePeer {
    const peer = this.#peers.get(peerId);
    if (!peer) throw new PeerError('NO_SUCH_PEER', `there is no peer ${peerId}`);
    return peer;
  }

  #takeLast(peerId: string): void {
    for (const receiving of this.#peers.get(peerId)?.receiving ?? []) receiving.take();
    this.#peers.delete(peerId);
  }

  #takeState(): PeerState {
    const layers: Record<string, number> = {};
    let flowing = 0;
    let subscriptions = 0;
    let publishing = 0;
    for (const peer of this.#peers.values()) {
      if (peer.publishing) publishing++;
      for (const receiving of peer.receiving) {
        flowing += receiving.take();
        subscriptions += receiving.size;
        countLayers(receiving, layers);
      }
    }
    return { peers: this.#peers.size, publishing, subscriptions, flowing, layers };
  }

  #takeHealth(): ToolHealth {
    const { clock, ownUse } = this.#deps;
    const use = ownUse();
    const nowMs = clock.monotonicMs();
    const before = this.#lastReport;
    this.#lastReport = { atMs: nowMs, cpuMs: use.cpuMs };
    return {
      cpuMs: use.cpuMs - before.cpuMs,
      intervalMs: nowMs - before.atMs,
      loopDelayMs: this.#loopDelayMs.take(),
      rssBytes: use.rssBytes,
    };
  }
}

function countLayers(receiving: IncomingStreams, layers: Record<string, number>): void {
  for (const { subscription, layer } of receiving.all) {
    if (subscription.kind !== 'video') continue;
    const name = layer === undefined ? 'none' : String(layer);
    layers[name] = (layers[name] ?? 0) + 1;
  }
}
