import type { Bus } from '@skein/bus';
import { SkeinError, subjects } from '@skein/protocol';
import { livenessService, type RpcClients } from '@skein/rpc';
import { RoundTrips, type Clock } from '@skein/runtime';
import type { ProbeRound, ProbeResult } from './verdict.ts';
import type { KnownNode } from '../nodes/node-watch.ts';

/** How long a node may take to answer a probe: at least, at most, and while its round trip is not known. */
export const PROBE_DEADLINE_MS = { minMs: 300, maxMs: 3000, unknownMs: 1000 } as const;
/** The longest wait for a measured round trip. */
const MEASURE_DEADLINE_MS = 3000;

export interface Probes {
  /** Probes a node over bus and gRPC at once, within the node's deadline. Never rejects. */
  probe(node: KnownNode): Promise<ProbeRound>;
  /** Measures the round trips to a healthy node, and keeps the connection for the next probe. Never rejects. */
  measure(node: KnownNode): Promise<void>;
  /** The longer of the round trips over bus and gRPC, in milliseconds; 0 while unknown. */
  roundTripMs(nodeId: string): number;
  /** Calls `listener` with a node's gRPC address when the open connection to it ends. */
  onConnectionLost(listener: (grpcAddress: string) => void): Disposable;
  /** Forgets the other nodes. */
  keepOnly(nodeIds: ReadonlySet<string>): void;
}

export interface ProbesDeps {
  readonly bus: Bus;
  /** Used for probes only: connections that fail are closed. */
  readonly clients: RpcClients;
  readonly clock: Clock;
}

export function createProbes(deps: ProbesDeps): Probes {
  return new TimedProbes(deps);
}

class TimedProbes implements Probes {
  readonly #deps: ProbesDeps;
  readonly #overBus = new RoundTrips(PROBE_DEADLINE_MS);
  readonly #overRpc = new RoundTrips(PROBE_DEADLINE_MS);
  /** Nodes whose last probe over gRPC had no answer: the connection itself may hang. */
  readonly #silent = new Set<string>();

  constructor(deps: ProbesDeps) {
    this.#deps = deps;
  }

  async probe(node: KnownNode): Promise<ProbeRound> {
    const beganMs = this.#deps.clock.monotonicMs();
    const { nodeId } = node;
    const [bus, rpc] = await Promise.all([
      this.#askBus(nodeId, this.#overBus.deadlineMs(nodeId)),
      this.#askRpc(node, this.#overRpc.deadlineMs(nodeId)),
    ]);
    return { beganMs, endedMs: this.#deps.clock.monotonicMs(), bus, rpc };
  }

  async measure({ nodeId, grpcAddress }: KnownNode): Promise<void> {
    await Promise.all([
      this.#timed(this.#overBus, nodeId, () => this.#pingBus(nodeId, MEASURE_DEADLINE_MS)),
      this.#timed(this.#overRpc, nodeId, () => this.#pingRpc(grpcAddress, MEASURE_DEADLINE_MS)),
    ]);
  }

  roundTripMs(nodeId: string): number {
    return Math.max(this.#overBus.usualMs(nodeId) ?? 0, this.#overRpc.usualMs(nodeId) ?? 0);
  }

  onConnectionLost(listener: (grpcAddress: string) => void): Disposable {
    return this.#deps.clients.onConnectionLost(listener);
  }

  keepOnly(nodeIds: ReadonlySet<string>): void {
    this.#overBus.keepOnly(nodeIds);
    this.#overRpc.keepOnly(nodeIds);
    for (const nodeId of this.#silent) if (!nodeIds.has(nodeId)) this.#silent.delete(nodeId);
  }

  async #askBus(nodeId: string, deadlineMs: number): Promise<ProbeResult> {
    const { bus } = this.#deps;
    const asked = this.#timed(this.#overBus, nodeId, () => this.#pingBus(nodeId, deadlineMs));
    // A bus that hangs makes every node silent, and its client notices only after seconds.
    const [answer, works] = await Promise.all([asked, succeeds(bus.flush({ deadlineMs }))]);
    return works && bus.status.state === 'connected' ? answer : 'notProbed';
  }

  /** Over the open connection; over a new one when the open one may be what fails. */
  async #askRpc({ nodeId, grpcAddress }: KnownNode, deadlineMs: number): Promise<ProbeResult> {
    const { clients, clock } = this.#deps;
    const renewed = this.#silent.delete(nodeId);
    if (renewed) clients.closeChannel(grpcAddress);
    const withinMs = deadlineMs + (renewed ? this.#handshakeMs(nodeId) : 0);
    const endMs = clock.monotonicMs() + withinMs;
    const first = await this.#timed(this.#overRpc, nodeId, () => this.#pingRpc(grpcAddress, withinMs));
    if (first === 'silent') this.#silent.add(nodeId);
    if (first !== 'refused') return first;
    // A broken connection says nothing about who listens, and a refused one waits before it tries again.
    clients.closeChannel(grpcAddress);
    const leftMs = Math.max(1, endMs - clock.monotonicMs());
    const second = await this.#pingRpc(grpcAddress, leftMs);
    if (second === 'refused') clients.closeChannel(grpcAddress);
    return second;
  }

  /** What a new connection adds: the round trips of TCP and HTTP/2, and for a far node a lost SYN, which is sent again after 1 s. */
  #handshakeMs(nodeId: string): number {
    const roundTripMs = this.#overRpc.usualMs(nodeId) ?? 0;
    return 2 * roundTripMs + Math.min(1000, 4 * roundTripMs);
  }

  async #timed(trips: RoundTrips, nodeId: string, ping: () => Promise<ProbeResult>): Promise<ProbeResult> {
    const { clock } = this.#deps;
    const beganMs = clock.monotonicMs();
    const answer = await ping();
    if (answer === 'answered') trips.measured(nodeId, clock.monotonicMs() - beganMs);
    return answer;
  }

  #pingBus(nodeId: string, deadlineMs: number): Promise<ProbeResult> {
    return answerOf(this.#deps.bus.request(subjects.nodePing(nodeId), {}, { deadlineMs }));
  }

  #pingRpc(grpcAddress: string, deadlineMs: number): Promise<ProbeResult> {
    return answerOf(this.#deps.clients.client(livenessService, grpcAddress).ping({}, { deadlineMs }));
  }
}

/** An error from the node itself is an answer too. */
async function answerOf(asked: Promise<unknown>): Promise<ProbeResult> {
  try {
    await asked;
    return 'answered';
  } catch (error) {
    const { code } = SkeinError.from(error);
    if (code === 'DEADLINE_EXCEEDED') return 'silent';
    return code === 'UNAVAILABLE' ? 'refused' : 'answered';
  }
}

function succeeds(running: Promise<unknown>): Promise<boolean> {
  return running.then(
    () => true,
    () => false,
  );
}
