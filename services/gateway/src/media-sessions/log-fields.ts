import type { SessionRef } from '@skein/protocol';

/** The fields of a log line about a session. */
export function logFields({ room, identity, sessionId, nodeId }: SessionRef): Record<string, string> {
  return { room, participant: identity, sessionId, nodeId };
}
