import type { ClientResponse, Grants, JoinRequest, SessionRef } from '@skein/protocol';
import type { SessionLine } from './session-events.ts';
import type { SharedCapabilities } from './shared-capabilities.ts';

/** A session that this gateway holds for a client. */
export interface HeldSession {
  readonly address: SessionRef;
  /** Names this gateway's hold at the node; a higher one is a later hold, perhaps another gateway's. */
  readonly attachment: number;
  readonly line: SessionLine;
}

/** A client as its join described it: needed again whenever it is placed again. */
export type ClientProfile = Omit<JoinRequest, 'identity' | 'role' | 'nodeId' | 'lastEpoch'> & {
  readonly identity: string;
  /** What it was admitted with. */
  readonly grants: Grants;
};

/** What a client is told of a session that it is to take up. */
export type SessionMedia = Omit<ClientResponse<'join'>, 'identity' | 'room'>;

export function profileOf(
  request: JoinRequest,
  identity: string,
  grants: Grants,
  capabilities: SharedCapabilities,
): ClientProfile {
  const { room, name, metadata, autoSubscribe, region, stayId } = request;
  const rtpCapabilities = capabilities.share(request.rtpCapabilities);
  return { room, identity, name, metadata, grants, rtpCapabilities, autoSubscribe, region, stayId };
}

/** The fields of a log line about a session. */
export function logged({ room, identity, sessionId, nodeId }: SessionRef): Record<string, string> {
  return { room, participant: identity, sessionId, nodeId };
}
