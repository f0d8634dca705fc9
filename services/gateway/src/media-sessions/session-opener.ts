import type { Placed } from '@skein/cluster';
import {
  SkeinError,
  type IceServer,
  type SessionRef,
  type SessionRequest,
  type TransportOffer,
} from '@skein/protocol';
import type { NodeSessions } from './node-client.ts';
import type { ClientProfile, HeldSession, SessionMedia } from './session.ts';
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

/** What a client of this protocol has: one transport for each direction. */
const TRANSPORTS: SessionRequest<'open'>['transports'] = [{ direction: 'send' }, { direction: 'receive' }];

/** Has sessions made at the nodes that they were placed on. */
export class Openings {
  readonly #deps: OpeningDeps;

  constructor(deps: OpeningDeps) {
    this.#deps = deps;
  }

  /** Fails with what the node answers; nothing is held then. */
  async open(
    address: SessionRef,
    profile: ClientProfile,
    { participant, snapshot }: Pick<Placed, 'participant' | 'snapshot'>,
  ): Promise<OpenedSession> {
    const { nodes, lines, iceServers } = this.#deps;
    const { identity, grants, rtpCapabilities, autoSubscribe } = profile;
    // Listened to first: events may come before the answer.
    const line = lines.open(address);
    try {
      const { version: roomVersion } = snapshot;
      const entry = grants.visibility === 'listed' ? undefined : participant;
      const media = { rtpCapabilities, autoSubscribe, transports: TRANSPORTS };
      const asked = { identity, roomVersion, ...media, grants, entry };
      const opened = await nodes.request(address, 'open', asked);
      const { attachment, resumeToken, transports, subscriptions } = opened;
      const [sendTransport, recvTransport] = offersOf(transports);
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

/** Answers come unparsed: a node of an earlier version names no transports. */
function offersOf(transports: readonly TransportOffer[] | undefined): [TransportOffer, TransportOffer] {
  const [send, receive] = transports ?? [];
  if (!send || !receive) throw SkeinError.unavailable('a media node of this version');
  return [send, receive];
}
