import type { Placed } from '@skein/cluster';
import {
  type IceServer,
  type SessionRef,
  type SessionRequest,
  SkeinError,
  type TransportOffer,
} from '@skein/protocol';
import type { AdmittedClient } from './admitted-client.ts';
import type { NodeClient } from './node-client.ts';
import type { SessionEvents } from './session-events.ts';
import type { SessionHandle, SessionSetup } from './session.ts';

export interface OpenedSession {
  readonly session: SessionHandle;
  readonly setup: SessionSetup;
}

export interface SessionOpenerDeps {
  readonly nodes: NodeClient;
  readonly events: SessionEvents;
  readonly iceServers: readonly IceServer[];
}

/** A client of this protocol has one transport for each direction. */
const TRANSPORTS: SessionRequest<'open'>['transports'] = [{ direction: 'send' }, { direction: 'receive' }];

/** Opens sessions on the nodes that they were placed on. */
export class SessionOpener {
  readonly #deps: SessionOpenerDeps;

  constructor(deps: SessionOpenerDeps) {
    this.#deps = deps;
  }

  /** Fails with the node's error; nothing is held then. */
  async open(
    ref: SessionRef,
    client: AdmittedClient,
    { participant, snapshot }: Pick<Placed, 'participant' | 'snapshot'>,
  ): Promise<OpenedSession> {
    const { nodes, events, iceServers } = this.#deps;
    const { identity, grants, rtpCapabilities, autoSubscribe } = client;
    // Subscribed first: events may arrive before the answer.
    const subscription = events.subscribe(ref);
    try {
      const { version: roomVersion } = snapshot;
      const entry = grants.visibility === 'listed' ? undefined : participant;
      const media = { rtpCapabilities, autoSubscribe, transports: TRANSPORTS };
      const asked = { identity, roomVersion, ...media, grants, entry };
      const opened = await nodes.request(ref, 'open', asked);
      const { attachment, resumeToken, transports, subscriptions } = opened;
      const [sendTransport, recvTransport] = offersOf(transports);
      const { sessionId, epoch, nodeId } = ref;
      return {
        session: { ref, attachment, events: subscription },
        setup: {
          ...{ sessionId, epoch, nodeId, resumeToken },
          ...{ sendTransport, recvTransport, subscriptions, iceServers: [...iceServers] },
        },
      };
    } catch (error) {
      subscription.close();
      throw error;
    }
  }
}

/** Answers are unchecked: a node of an earlier version names no transports. */
function offersOf(transports: readonly TransportOffer[] | undefined): [TransportOffer, TransportOffer] {
  const [send, receive] = transports ?? [];
  if (!send || !receive) throw SkeinError.unavailable('a media node of this version');
  return [send, receive];
}
