import type { Placed } from '@skein/cluster';
import type { IceServer } from '@skein/protocol';
import type { NodeSessions } from './node-client.ts';
import type { ClientProfile, HeldSession, SessionAddress, SessionMedia } from './session.ts';
import type { SessionLines } from './session-events.ts';

export interface OpenedSession {
  readonly session: HeldSession;
  readonly media: SessionMedia;
}

export interface OpeningDeps {
  readonly nodes: NodeSessions;
  readonly lines: SessionLines;
  readonly iceServers: readonly IceServer[];
}

/** Has sessions made at the nodes that they were placed on. */
export class Openings {
  readonly #deps: OpeningDeps;

  constructor(deps: OpeningDeps) {
    this.#deps = deps;
  }

  /** Fails with what the node answers; nothing is held then. */
  async open(
    address: SessionAddress,
    profile: ClientProfile,
    { participant, snapshot }: Pick<Placed, 'participant' | 'snapshot'>,
  ): Promise<OpenedSession> {
    const { nodes, lines, iceServers } = this.#deps;
    const { identity, role, rtpCapabilities, autoSubscribe } = profile;
    // Listened to first: events may come before the answer.
    const line = lines.open(address);
    try {
      const { version: roomVersion } = snapshot;
      const viewer = role === 'viewer' ? participant : undefined;
      const asked = { identity, roomVersion, rtpCapabilities, autoSubscribe, viewer };
      const opened = await nodes.request(address, 'open', asked);
      const { attachment, resumeToken, sendTransport, recvTransport, subscriptions } = opened;
      const { sessionId, epoch, nodeId } = address;
      return {
        session: { address, attachment, line },
        media: {
          ...{ sessionId, epoch, nodeId, resumeToken },
          ...{ sendTransport, recvTransport, subscriptions, iceServers: [...iceServers] },
        },
      };
    } catch (error) {
      line.close();
      throw error;
    }
  }
}
