import { connectBus, type Bus } from '@skein/bus';
import { connectStore, RoomPublisher, type ClusterStore } from '@skein/cluster';
import {
  subjects,
  type NodeRecord,
  type SessionEnvelope,
  type SessionRequest,
  type SessionResponse,
  type TransportOffer,
} from '@skein/protocol';
import { systemClock } from '@skein/runtime';

export interface StandInOptions {
  readonly natsUrl: string;
  readonly redisUrl: string;
  /** How many nodes there seem to be. */
  readonly nodes: number;
  readonly signal: AbortSignal;
}

/** As nodes do. */
const BEAT_MS = 250;

interface Session {
  readonly nodeId: string;
  readonly identity: string;
  readonly epoch: number;
}

/**
 * Media nodes as gateways see them: they beat, and answer on the bus as a node does, but have no media. So a gateway
 * can be measured with more people than this machine's media workers could hold.
 */
export class StandInNodes implements AsyncDisposable {
  readonly #bus: Bus;
  readonly #store: ClusterStore;
  readonly #news: RoomPublisher;
  readonly #beating: Disposable;
  readonly #sessions = new Map<string, Session>();
  /** How many are on each node. */
  readonly #counts = new Map<string, number>();

  private constructor(bus: Bus, store: ClusterStore, nodes: number) {
    this.#bus = bus;
    this.#store = store;
    this.#news = new RoomPublisher({ bus, clock: systemClock });
    const startedAtMs = systemClock.now();
    const ids = Array.from({ length: nodes }, (_, at) => `stand-in-${at + 1}`);
    for (const id of ids)
      bus.serve(subjects.nodeSession(id), (data) => this.#answer(id, data as SessionEnvelope));
    let beat = 0;
    const sayAlive = (): void => {
      beat++;
      for (const id of ids) {
        const sessions = this.#counts.get(id) ?? 0;
        bus.publish(subjects.nodeBeat(id), { ...recordOf(id, startedAtMs), beat, load: loadOf(sessions) });
      }
    };
    sayAlive();
    this.#beating = systemClock.every(BEAT_MS, sayAlive);
  }

  static async start({ natsUrl, redisUrl, nodes, signal }: StandInOptions): Promise<StandInNodes> {
    const bus = await connectBus({ url: natsUrl, name: 'stand-in-nodes', clock: systemClock, signal });
    const store = await connectStore({ url: redisUrl, clock: systemClock, signal });
    return new StandInNodes(bus, store, nodes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#beating[Symbol.dispose]();
    this.#news.close();
    await Promise.all([this.#bus.close(), this.#store.close()]);
  }

  async #answer(nodeId: string, request: SessionEnvelope): Promise<unknown> {
    const { room, sessionId, epoch, method, data } = request;
    switch (method) {
      case 'open': {
        const { identity } = data as SessionRequest<'open'>;
        this.#sessions.set(sessionId, { nodeId, identity, epoch });
        this.#count(nodeId, 1);
        return openAnswer(sessionId);
      }
      case 'close':
      case 'detach':
        await this.#end(room, sessionId);
        return {};
      default:
        return {};
    }
  }

  async #end(room: string, sessionId: string): Promise<void> {
    const session = this.#sessions.get(sessionId);
    if (!session) return;
    this.#sessions.delete(sessionId);
    this.#count(session.nodeId, -1);
    this.#news.publish(room, await this.#store.rooms.leave(room, session, 'left'));
  }

  #count(nodeId: string, change: 1 | -1): void {
    this.#counts.set(nodeId, (this.#counts.get(nodeId) ?? 0) + change);
  }
}

function recordOf(nodeId: string, startedAtMs: number): Omit<NodeRecord, 'beat' | 'load'> {
  const what = { region: 'default', state: 'ready', workers: 1, version: '0' } as const;
  return { nodeId, ...what, grpcAddress: '127.0.0.1:0', startedAtMs };
}

/** Never full, however many there are: what is measured is the gateway. */
function loadOf(sessions: number): NodeRecord['load'] {
  return { packetsPerSecond: 0, busiestWorkerCpu: 0, sessions, used: 0 };
}

function openAnswer(sessionId: string): SessionResponse<'open'> {
  return {
    resumeToken: `${sessionId}.resume`,
    attachment: 1,
    transports: [
      offer('8d0ae0a9-4b0c-4b83-9d65-cf0b1a1b2f01'),
      offer('8d0ae0a9-4b0c-4b83-9d65-cf0b1a1b2f02'),
    ],
    subscriptions: [],
  };
}

/** Of the size of a real one: two candidates, and a fingerprint for each hash that mediasoup offers. */
function offer(id: string): TransportOffer {
  const candidate = { foundation: 'udpcandidate', ip: '127.0.0.1', address: '127.0.0.1', port: 40_000 };
  const hash = (algorithm: 'sha-1' | 'sha-224' | 'sha-256' | 'sha-384' | 'sha-512', bytes: number) => ({
    algorithm,
    value: Array.from({ length: bytes }, () => 'A5').join(':'),
  });
  return {
    id,
    iceParameters: { usernameFragment: 'u'.repeat(32), password: 'p'.repeat(32), iceLite: true },
    iceCandidates: [
      { ...candidate, protocol: 'udp', priority: 1_076_302_079, type: 'host' },
      { ...candidate, protocol: 'tcp', priority: 1_076_276_479, type: 'host', tcpType: 'passive' },
    ],
    dtlsParameters: {
      role: 'auto',
      fingerprints: [
        hash('sha-1', 20),
        hash('sha-224', 28),
        hash('sha-256', 32),
        hash('sha-384', 48),
        hash('sha-512', 64),
      ],
    },
  };
}
