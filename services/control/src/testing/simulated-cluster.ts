import type { Bus } from '@skein/bus';
import { createMemoryBus } from '@skein/bus/testing';
import type { ClusterStore } from '@skein/cluster';
import { MemoryStore } from '@skein/cluster/testing';
import {
  nodeDeath,
  SkeinError,
  subjects,
  witnessQuestion,
  type NodeDeath,
  type NodeRecord,
  type WitnessAnswer,
} from '@skein/protocol';
import { seededRandom } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import type { KnownNode } from '../nodes/node-watch.ts';
import { PROBE_DEADLINE_MS } from '../failure-detection/probes.ts';
import { Reconciler } from '../reconciler.ts';
import { HealthySince } from '../leadership/healthy-since.ts';
import { defaultDetection, type ProbeRound } from '../failure-detection/verdict.ts';

export const LEASE_TTL_MS = 700;
export const BEAT_EVERY_MS = 250;

/**
 * What a node is doing: `offBus` has lost the bus only, `cutOff` the store as well, but it answers control's gRPC;
 * `congested` gets no control traffic through, while other nodes still receive its media; `hung` holds its sockets and says
 * nothing.
 */
export type NodeMode = 'up' | 'offBus' | 'cutOff' | 'congested' | 'hung' | 'killed';

export interface FakeNode {
  readonly nodeId: string;
  readonly region: string;
  mode: NodeMode;
  /** When `mode` was set last, by the monotonic clock as all times here but `startedAtMs`. */
  modeSinceMs: number;
  startedAtMs: number;
  fence: number | undefined;
  /** When the store or the bus took its last sign of life; `undefined`: never. */
  heardMs: number | undefined;
  /** When the bus took its last heartbeat, which every control receives. */
  overBusMs: number;
}

/** A cluster in virtual time: nodes that beat, a store and a bus that fail, and controls that watch. */
export class SimulatedCluster {
  readonly clock = new FakeClock();
  readonly nodes = new Map<string, FakeNode>();
  /** Every death that was told, the repeats left out. */
  readonly deaths: (NodeDeath & { atMs: number })[] = [];
  /** Successful evictions, by the control that did them. */
  readonly evictions: { by: string; nodeId: string; atMs: number }[] = [];
  /** Evictions of nodes that had been up for more than a heartbeat. */
  readonly wrongEvictions: string[] = [];
  readonly #hub = createMemoryBus({ clock: this.clock });
  readonly #memory = new MemoryStore({ clock: this.clock });
  readonly #outsider: Bus = this.#hub.connect('test');
  readonly #deadControls = new Set<string>();
  readonly #connectionListeners = new Set<(grpcAddress: string) => void>();
  #bus: 'up' | 'down' = 'up';

  constructor() {
    this.#outsider.subscribe(subjects.anyNodeDead, (data) => {
      const death = nodeDeath.parse(data);
      const told = this.deaths.some(
        ({ nodeId, startedAtMs }) => nodeId === death.nodeId && startedAtMs === death.startedAtMs,
      );
      if (!told) this.deaths.push({ ...death, atMs: this.clock.monotonicMs() });
    });
    this.#outsider.subscribe(subjects.witnessQuestion, (data) => this.#testify(data));
    this.clock.every(BEAT_EVERY_MS, () => {
      for (const node of this.nodes.values()) this.#beat(node);
    });
  }

  /** Calls `listener` for each notice of a death, the repeats too. */
  onDeathNotice(listener: () => void): void {
    this.#outsider.subscribe(subjects.anyNodeDead, listener);
  }

  startNode(nodeId: string, region = 'eu'): FakeNode {
    const startedAtMs = this.clock.now();
    const modeSinceMs = this.clock.monotonicMs();
    const node: FakeNode = { nodeId, region, mode: 'up', modeSinceMs, startedAtMs, ...nothingYet };
    this.nodes.set(nodeId, node);
    this.#beat(node);
    return node;
  }

  setMode(nodeId: string, mode: NodeMode): void {
    const node = this.node(nodeId);
    if (node.mode === mode) return;
    if (node.mode === 'killed') {
      this.startNode(nodeId, node.region).mode = mode;
      return;
    }
    node.mode = mode;
    node.modeSinceMs = this.clock.monotonicMs();
    if (mode === 'killed') this.loseConnection(nodeId);
  }

  /** Ends control's connection to a node, as its process' end does, or a device in between. */
  loseConnection(nodeId: string): void {
    for (const listener of this.#connectionListeners) listener(addressOf(nodeId));
  }

  node(nodeId: string): FakeNode {
    const node = this.nodes.get(nodeId);
    if (!node) throw new Error(`no node ${nodeId}`);
    return node;
  }

  setStore(state: 'up' | 'down'): void {
    this.#memory.failure = state === 'down' ? SkeinError.unavailable('the store') : undefined;
  }

  emptyStore(): void {
    this.#memory.lose();
  }

  setBus(state: 'up' | 'down'): void {
    this.#bus = state;
    this.#hub.setDown(state === 'down');
  }

  startControl(holderId: string): Reconciler {
    const bus = this.#hub.connect(holderId);
    const control = new Reconciler({
      ...{ bus, holderId, clock: this.clock, log: silentLogger },
      storeHealth: new HealthySince(),
      busHealth: new HealthySince(),
      store: this.#storeFor(holderId),
      probes: {
        probe: (node) => this.#probe(node),
        measure: async () => {},
        roundTripMs: () => 0,
        keepOnly: () => {},
        onConnectionLost: (listener) => {
          this.#connectionListeners.add(listener);
          return { [Symbol.dispose]: () => this.#connectionListeners.delete(listener) };
        },
      },
      nodeAt: () => ({ listRooms: notProbed, findSessions: notProbed }),
      random: seededRandom(holderId.length),
    });
    control.start();
    return control;
  }

  /** It does nothing any more, and gives nothing back. */
  killControl(holderId: string): void {
    this.#deadControls.add(holderId);
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 25) await this.clock.advance(Math.min(25, ms - passed));
  }

  #beat(node: FakeNode): void {
    if (node.mode !== 'up' && node.mode !== 'offBus') return;
    const overBus = node.mode === 'up' && this.#bus === 'up';
    if (this.#isStoreUp) this.#renew(node);
    if (overBus) this.#outsider.publish(subjects.nodeBeat(node.nodeId), recordOf(node));
    if (this.#isStoreUp || overBus) node.heardMs = this.clock.monotonicMs();
    if (overBus) node.overBusMs = this.clock.monotonicMs();
  }

  get #isStoreUp(): boolean {
    return this.#memory.failure === undefined;
  }

  #renew(node: FakeNode): void {
    const { nodes } = this.#memory.inside;
    try {
      node.fence = nodes.renew(recordOf(node), { fence: node.fence, ttlMs: LEASE_TTL_MS });
    } catch (error) {
      if (SkeinError.from(error).code !== 'STALE_EPOCH') throw error;
      node.startedAtMs = this.clock.now();
      node.fence = nodes.renew(recordOf(node), { fence: undefined, ttlMs: LEASE_TTL_MS });
    }
  }

  #storeFor(holderId: string): ClusterStore {
    const beforeCall = (): void => {
      if (this.#deadControls.has(holderId)) throw SkeinError.unavailable('the store');
    };
    const store = this.#memory.connect({ beforeCall });
    /** Renewals that this control has read: one that an emptied store lost before that is known to nobody. */
    const readMs = new Map<string, number>();
    const { nodes } = store;
    const reached = this.#memory.connect({ beforeCall }).nodes;
    nodes.read = async (query) => {
      const reading = await reached.read(query);
      for (const { record, leaseAgeMs } of this.#memory.inside.nodes.list())
        readMs.set(record.nodeId, this.clock.monotonicMs() - leaseAgeMs);
      return reading;
    };
    nodes.evict = async (nodeId, fence, leaderFence, options) => {
      const isDead = await reached.evict(nodeId, fence, leaderFence, options);
      if (isDead) this.#evicted(holderId, nodeId, readMs.get(nodeId));
      return isDead;
    };
    return store;
  }

  #evicted(by: string, nodeId: string, readMs = -Infinity): void {
    const now = this.clock.monotonicMs();
    const { mode, modeSinceMs, overBusMs } = this.node(nodeId);
    const knownMs = Math.max(overBusMs, readMs);
    const witnesses = [...this.nodes.values()].filter((one) => one.nodeId !== nodeId && one.mode === 'up');
    const outOfReach =
      mode === 'congested' &&
      (witnesses.length === 0 || now - knownMs >= defaultDetection.heardByOthersForMs);
    const lives = mode !== 'hung' && mode !== 'killed' && !outOfReach;
    // A node that wakes up in the last moment is fenced; that is what the fence is for.
    if (lives && now - modeSinceMs > BEAT_EVERY_MS) this.wrongEvictions.push(`${nodeId} at ${now}`);
    this.evictions.push({ by, nodeId, atMs: now });
  }

  /** Every node that is up has a pipe to every other one. */
  #testify(data: unknown): void {
    const { questionId, askerId, nodeId, listenMs } = witnessQuestion.parse(data);
    for (const { nodeId: witnessId, mode } of this.nodes.values()) {
      if (witnessId === nodeId || mode !== 'up') continue;
      const answer = (): WitnessAnswer => ({ questionId, witnessId, heard: HEARD[this.node(nodeId).mode] });
      this.clock.after(listenMs, () => this.#outsider.publish(subjects.witnessAnswer(askerId), answer()));
    }
  }

  async #probe({ nodeId }: KnownNode): Promise<ProbeRound> {
    const beganMs = this.clock.monotonicMs();
    const { mode } = this.node(nodeId);
    if (mode === 'hung' || mode === 'congested') await this.clock.sleep(PROBE_DEADLINE_MS.minMs);
    const answers = {
      up: { bus: 'answered', rpc: 'answered' },
      offBus: { bus: 'refused', rpc: 'answered' },
      cutOff: { bus: 'refused', rpc: 'answered' },
      congested: { bus: 'silent', rpc: 'silent' },
      hung: { bus: 'silent', rpc: 'silent' },
      killed: { bus: 'refused', rpc: 'refused' },
    } as const;
    const { bus, rpc } = answers[mode];
    return { beganMs, endedMs: this.clock.monotonicMs(), bus: this.#bus === 'down' ? 'notProbed' : bus, rpc };
  }
}

const HEARD: Readonly<Record<NodeMode, WitnessAnswer['heard']>> = {
  ...{ up: 'media', offBus: 'media', cutOff: 'media', congested: 'media' },
  ...{ hung: 'silent', killed: 'silent' },
};

const nothingYet = { fence: undefined, heardMs: undefined, overBusMs: -Infinity };

function addressOf(nodeId: string): string {
  return `${nodeId}:7100`;
}

function notProbed(): Promise<never> {
  return Promise.reject(new Error('not asked in this cluster'));
}

function recordOf({ nodeId, region, startedAtMs, fence }: FakeNode): NodeRecord {
  return {
    ...{
      nodeId,
      region,
      fence,
      state: 'ready',
      grpcAddress: addressOf(nodeId),
      workers: 1,
      version: '0.1.0',
    },
    ...{ startedAtMs, beat: 1 },
    load: { packetsPerSecond: 0, busiestWorkerCpu: 0, sessions: 0, used: 0 },
  };
}
