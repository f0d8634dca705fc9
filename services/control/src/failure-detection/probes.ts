import type { Bus } from '@skein/bus';
import { SkeinError, subjects } from '@skein/protocol';
import { livenessService, type RpcClients } from '@skein/rpc';
import { RoundTrips, type Clock } from '@skein/runtime';
import type { Asking, ProbeAnswer } from './verdict.ts';
import type { NodeSight } from '../nodes/node-watch.ts';

/** How long a node may take to answer that it lives: at least, at most, and while its round trip is not known. */
export const PROBE_DEADLINE_MS = { minMs: 300, maxMs: 3000, unknownMs: 1000 } as const;
/** How long a round trip is measured for at most, when no deadline is to follow from it. */
const MEASURE_DEADLINE_MS = 3000;

export interface Probes {
  /** Asks a node whether it lives, both ways at once; ends within the node's deadline. Never rejects. */
  ask(node: NodeSight): Promise<Asking>;
  /** Measures the round trips to a node that is well, and keeps the connection for the next question. Never rejects. */
  measure(node: NodeSight): Promise<void>;
  /** The longer of both ways' round trips, in milliseconds; 0 while unknown. */
  roundTripMs(nodeId: string): number;
  /** Calls `listener` with a node's gRPC address when the open connection to it ends. */
  onConnectionLost(listener: (grpcAddress: string) => void): Disposable;
  /** Forgets the other nodes. */
  keepOnly(nodeIds: ReadonlySet<string>): void;
}

export interface ProbesParts {
  readonly bus: Bus;
  /** For nothing else: connections are closed when nobody is there. */
  readonly clients: RpcClients;
  readonly clock: Clock;
}

export function createProbes(parts: ProbesParts): Probes {
  return new TimedProbes(parts);
}

class TimedProbes implements Probes {
  readonly #parts: ProbesParts;
  readonly #overBus = new RoundTrips(PROBE_DEADLINE_MS);
  readonly #overRpc = new RoundTrips(PROBE_DEADLINE_MS);
  /** Nodes whose last question over gRPC had no answer: the connection may be what hangs. */
  readonly #silent = new Set<string>();

  constructor(parts: ProbesParts) {
    this.#parts = parts;
  }

  async ask(node: NodeSight): Promise<Asking> {
    const beganMs = this.#parts.clock.monotonicMs();
    const { nodeId } = node;
    const [bus, rpc] = await Promise.all([
      this.#askBus(nodeId, this.#overBus.deadlineMs(nodeId)),
      this.#askRpc(node, this.#overRpc.deadlineMs(nodeId)),
    ]);
    return { beganMs, endedMs: this.#parts.clock.monotonicMs(), bus, rpc };
  }

  async measure({ nodeId, grpcAddress }: NodeSight): Promise<void> {
    await Promise.all([
      this.#timed(this.#overBus, nodeId, () => this.#pingBus(nodeId, MEASURE_DEADLINE_MS)),
      this.#timed(this.#overRpc, nodeId, () => this.#pingRpc(grpcAddress, MEASURE_DEADLINE_MS)),
    ]);
  }

  roundTripMs(nodeId: string): number {
    return Math.max(this.#overBus.usualMs(nodeId) ?? 0, this.#overRpc.usualMs(nodeId) ?? 0);
  }

  onConnectionLost(listener: (grpcAddress: string) => void): Disposable {
    return this.#parts.clients.onConnectionLost(listener);
  }

  keepOnly(nodeIds: ReadonlySet<string>): void {
    this.#overBus.keepOnly(nodeIds);
    this.#overRpc.keepOnly(nodeIds);
    for (const nodeId of this.#silent) if (!nodeIds.has(nodeId)) this.#silent.delete(nodeId);
  }

  async #askBus(nodeId: string, deadlineMs: number): Promise<ProbeAnswer> {
    const { bus } = this.#parts;
    const asked = this.#timed(this.#overBus, nodeId, () => this.#pingBus(nodeId, deadlineMs));
    // A bus that hangs makes every node silent, and it takes its client seconds to notice.
    const [answer, works] = await Promise.all([asked, succeeds(bus.flush({ deadlineMs }))]);
    return works && bus.status.state === 'connected' ? answer : 'notAsked';
  }

  /** Over the connection that is there; over a new one when that one may be what fails. */
  async #askRpc({ nodeId, grpcAddress }: NodeSight, deadlineMs: number): Promise<ProbeAnswer> {
    const { clients, clock } = this.#parts;
    const renewed = this.#silent.delete(nodeId);
    if (renewed) clients.closeChannel(grpcAddress);
    const withinMs = deadlineMs + (renewed ? this.#handshakeMs(nodeId) : 0);
    const endMs = clock.monotonicMs() + withinMs;
    const first = await this.#timed(this.#overRpc, nodeId, () => this.#pingRpc(grpcAddress, withinMs));
    if (first === 'silent') this.#silent.add(nodeId);
    if (first !== 'refused') return first;
    // A connection that broke says nothing about who listens, and one that was refused waits before it tries again.
    clients.closeChannel(grpcAddress);
    const leftMs = Math.max(1, endMs - clock.monotonicMs());
    const second = await this.#pingRpc(grpcAddress, leftMs);
    if (second === 'refused') clients.closeChannel(grpcAddress);
    return second;
  }

  /** What a new connection adds: TCP's and HTTP/2's round trips, and for a far node a SYN that is lost, sent again after 1 s. */
  #handshakeMs(nodeId: string): number {
    const roundTripMs = this.#overRpc.usualMs(nodeId) ?? 0;
    return 2 * roundTripMs + Math.min(1000, 4 * roundTripMs);
  }

  async #timed(trips: RoundTrips, nodeId: string, ping: () => Promise<ProbeAnswer>): Promise<ProbeAnswer> {
    const { clock } = this.#parts;
    const beganMs = clock.monotonicMs();
    const answer = await ping();
    if (answer === 'answered') trips.measured(nodeId, clock.monotonicMs() - beganMs);
    return answer;
  }

  #pingBus(nodeId: string, deadlineMs: number): Promise<ProbeAnswer> {
    return answerOf(this.#parts.bus.request(subjects.nodePing(nodeId), {}, { deadlineMs }));
  }

  #pingRpc(grpcAddress: string, deadlineMs: number): Promise<ProbeAnswer> {
    return answerOf(this.#parts.clients.client(livenessService, grpcAddress).ping({}, { deadlineMs }));
  }
}

/** An error that the node itself sent is an answer too. */
async function answerOf(asked: Promise<unknown>): Promise<ProbeAnswer> {
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
