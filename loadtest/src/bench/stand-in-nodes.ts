import { connectBus, type Bus } from '@skein/bus';
import { connectStore, publishChanges, type ClusterStore } from '@skein/cluster';
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

const BEAT_MS = 500;

/**
 * Media nodes as gateways see them: they beat, and answer on the bus as a node does, but have no media. So a gateway
 * can be measured with more people than this machine's media workers could hold.
 */
export class StandInNodes implements AsyncDisposable {
  readonly #bus: Bus;
  readonly #store: ClusterStore;
  readonly #beating: Disposable;
  readonly #sessions = new Map<string, { readonly identity: string; readonly epoch: number }>();

  private constructor(bus: Bus, store: ClusterStore, nodes: number) {
    this.#bus = bus;
    this.#store = store;
    const startedAtMs = systemClock.now();
    const ids = Array.from({ length: nodes }, (_, at) => `stand-in-${at + 1}`);
    for (const id of ids)
      bus.serve(subjects.nodeSession(id), (data) => this.#answer(data as SessionEnvelope));
    let beat = 0;
    const sayAlive = (): void => {
      beat++;
      for (const id of ids) bus.publish(subjects.nodeBeat(id), recordOf(id, startedAtMs, beat));
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
    await Promise.all([this.#bus.close(), this.#store.close()]);
  }

  async #answer({ room, sessionId, epoch, method, data }: SessionEnvelope): Promise<unknown> {
    switch (method) {
      case 'open': {
        const { identity } = data as SessionRequest<'open'>;
        this.#sessions.set(sessionId, { identity, epoch });
        return openAnswer(sessionId);
      }
      case 'close':
      case 'detach': {
        const session = this.#sessions.get(sessionId);
        this.#sessions.delete(sessionId);
        if (!session) return {};
        const { changes } = await this.#store.rooms.leave(room, session, 'left');
        publishChanges(this.#bus, room, changes);
        return {};
      }
      default:
        return {};
    }
  }
}

/** Never full, however many there are: what is measured is the gateway. */
function recordOf(nodeId: string, startedAtMs: number, beat: number): NodeRecord {
  return {
    ...{ nodeId, region: 'default', state: 'ready', grpcAddress: '127.0.0.1:0', workers: 1, version: '0' },
    ...{ startedAtMs, beat },
    load: { packetsPerSecond: 0, busiestWorkerCpu: 0, sessions: 0, used: 0 },
  };
}

function openAnswer(sessionId: string): SessionResponse<'open'> {
  return {
    resumeToken: `${sessionId}.resume`,
    attachment: 1,
    sendTransport: offer('8d0ae0a9-4b0c-4b83-9d65-cf0b1a1b2f01'),
    recvTransport: offer('8d0ae0a9-4b0c-4b83-9d65-cf0b1a1b2f02'),
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
