import { z } from 'zod';
import { epoch, identity, opaqueId, roomName } from './fields.ts';

/**
 * Names one session of one participant on one media node. A participant keeps `room` and `identity` for as long as it
 * stays; each placement gives it a higher `epoch`, and `sessionId` and `nodeId` of its own. Places that know some of the
 * facts already take the others: `Pick<SessionRef, 'identity' | 'epoch'>`.
 */
export const sessionRef = z.object({
  room: roomName,
  identity,
  sessionId: opaqueId,
  epoch,
  nodeId: opaqueId,
});
export type SessionRef = Readonly<z.infer<typeof sessionRef>>;
