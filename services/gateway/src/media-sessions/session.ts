import type { ClientRequest, ClientResponse } from '@skein/protocol';
import type { SessionLine } from './session-events.ts';
import type { SharedCapabilities } from './shared-capabilities.ts';

/** One participant's life on one media node, as this gateway addresses it. */
export interface SessionAddress {
  readonly room: string;
  readonly identity: string;
  readonly sessionId: string;
  readonly epoch: number;
  readonly nodeId: string;
}

/** A session that this gateway holds for a client. */
export interface HeldSession {
  readonly address: SessionAddress;
  /** Names this gateway's hold at the node; a higher one is a later hold, perhaps another gateway's. */
  readonly attachment: number;
  readonly line: SessionLine;
}

/** A client as its join described it: needed again whenever it is placed again. */
export type ClientProfile = Pick<
  ClientRequest<'join'>,
  'room' | 'name' | 'metadata' | 'role' | 'rtpCapabilities' | 'autoSubscribe' | 'region' | 'stayId'
> & { readonly identity: string };

/** What a client is told of a session that it is to take up. */
export type SessionMedia = Omit<ClientResponse<'join'>, 'identity' | 'room'>;

export function profileOf(
  request: ClientRequest<'join'>,
  identity: string,
  capabilities: SharedCapabilities,
): ClientProfile {
  const { room, name, metadata, role, autoSubscribe, region, stayId } = request;
  const rtpCapabilities = capabilities.share(request.rtpCapabilities);
  return { room, identity, name, metadata, role, rtpCapabilities, autoSubscribe, region, stayId };
}

/** The fields of a log line about a session. */
export function logged({ room, identity, sessionId, nodeId }: SessionAddress): Record<string, string> {
  return { room, participant: identity, sessionId, nodeId };
}
