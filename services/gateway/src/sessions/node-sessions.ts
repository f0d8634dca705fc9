import type { Bus } from '@skein/bus';
import { subjects } from '@skein/protocol';
import type { SessionMethod, SessionRequest, SessionResponse } from '@skein/protocol';
import type { SessionAddress } from './session.ts';

export interface NodeDeadlines {
  /** For a node to make a session: after this, another node is tried. */
  readonly openMs: number;
  /** For any other request. */
  readonly requestMs: number;
}

/**
 * Asks media nodes for what concerns one session. Fails with the node's own error, `UNAVAILABLE` when the node
 * or the bus is away, or `DEADLINE_EXCEEDED`. Answers are passed on as they came: nodes are part of the cluster.
 */
export class NodeSessions {
  readonly #bus: Bus;
  readonly #deadlines: NodeDeadlines;

  constructor(bus: Bus, deadlines: NodeDeadlines) {
    this.#bus = bus;
    this.#deadlines = deadlines;
  }

  async request<Method extends SessionMethod>(
    { room, sessionId, epoch, nodeId }: SessionAddress,
    method: Method,
    data: SessionRequest<Method>,
  ): Promise<SessionResponse<Method>> {
    const { openMs, requestMs } = this.#deadlines;
    const envelope = { room, sessionId, epoch, method, data };
    const deadlineMs = method === 'open' ? openMs : requestMs;
    const answer = await this.#bus.request(subjects.nodeSession(nodeId), envelope, { deadlineMs });
    return answer as SessionResponse<Method>;
  }
}
