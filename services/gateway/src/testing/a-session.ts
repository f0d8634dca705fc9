import type { HeldSession } from '../media-sessions/session.ts';

/** A session of Ada's; its id and its node are named after its epoch. */
export function aSession(epoch: number): HeldSession {
  return {
    address: { room: 'blue', identity: 'ada', sessionId: `ses_${epoch}`, epoch, nodeId: `node-${epoch}` },
    attachment: 1,
    line: { nodeStart: { startedAtMs: 1, fence: 1 }, start: () => {}, close: () => {} },
  };
}
