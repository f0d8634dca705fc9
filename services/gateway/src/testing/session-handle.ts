import type { OpenedSession } from '../media-sessions/session-opener.ts';
import type { SessionHandle, SessionSetup } from '../media-sessions/session.ts';

/** A session of Ada's; its id and its node are named after its epoch. */
export function aSession(epoch: number): SessionHandle {
  return {
    ref: { room: 'blue', identity: 'ada', sessionId: `ses_${epoch}`, epoch, nodeId: `node-${epoch}` },
    attachment: 1,
    events: { nodeStart: { startedAtMs: 1, fence: 1 }, start: () => {}, close: () => {} },
  };
}

/** The same session as its node opened it. */
export function opened(session: SessionHandle): OpenedSession {
  return { session, setup: { sessionId: session.ref.sessionId } as SessionSetup };
}
