import type { Bus } from '@skein/bus';
import type { NodeDirectory } from '@skein/cluster';
import {
  type SessionMethod,
  type SessionRef,
  type SessionRequest,
  type SessionResponse,
  subjects,
} from '@skein/protocol';

export interface NodeDeadlines {
  /** For a node to open a session; after this, another node is tried. */
  readonly openMs: number;
  /** For a node to confirm a session that is resumed. Default 2 s: it only looks it up. */
  readonly attachMs?: number;
  /** For any other request. */
  readonly requestMs: number;
}

const DEFAULT_ATTACH_MS = 2000;

/**
 * Sends requests about one session to its media node. Fails with the node's own error, `UNAVAILABLE` when the node or the
 * bus is away, or `DEADLINE_EXCEEDED`. Answers are passed on unchecked: nodes are part of the cluster.
 */
export class NodeClient {
  readonly #bus: Bus;
  readonly #directory: Pick<NodeDirectory, 'record'>;
  readonly #deadlines: NodeDeadlines;

  constructor(bus: Bus, directory: Pick<NodeDirectory, 'record'>, deadlines: NodeDeadlines) {
    this.#bus = bus;
    this.#directory = directory;
    this.#deadlines = deadlines;
  }

  async request<Method extends SessionMethod>(
    { room, sessionId, epoch, nodeId }: Omit<SessionRef, 'identity'>,
    method: Method,
    data: SessionRequest<Method>,
  ): Promise<SessionResponse<Method>> {
    const envelope = { room, sessionId, epoch, method, data };
    const deadlineMs = this.#deadlineOf(method);
    // Addressed to the process that holds the node's lease, even while an earlier one with the same id still runs.
    const subject = subjects.nodeSession(nodeId, this.#directory.record(nodeId)?.instance);
    const answer = await this.#bus.request(subject, envelope, { deadlineMs });
    return answer as SessionResponse<Method>;
  }

  #deadlineOf(method: SessionMethod): number {
    const { openMs, attachMs = DEFAULT_ATTACH_MS, requestMs } = this.#deadlines;
    if (method === 'open') return openMs;
    return method === 'attach' ? attachMs : requestMs;
  }
}
