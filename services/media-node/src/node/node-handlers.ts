import { SkeinError } from '@skein/protocol';
import type { NodeServiceHandlers } from '@skein/rpc';
import { nodeStatus, roomMedia, type ReportDeps } from './node-report.ts';

export interface NodeHandlerDeps extends ReportDeps {
  /** Whether the session is here. */
  readonly hasSession: (sessionId: string) => boolean;
  /** Begins a drain; `0`: with the node's own deadline. Returns the number of sessions. */
  readonly drain: (withinMs: number) => number;
  /** Migrates that many sessions to other nodes. Returns how many were found. */
  readonly migrate: (count: number) => number;
}

/** What control and operators request: this node's state, from its memory, and migrations. */
export function nodeHandlers(deps: NodeHandlerDeps): NodeServiceHandlers {
  return {
    getStatus: async () => nodeStatus(deps),
    listRooms: async () => ({ rooms: deps.rooms.all.map(({ name }) => name) }),
    findSessions: async ({ sessionIds }) => ({ sessionIds: sessionIds.filter((id) => deps.hasSession(id)) }),
    getRoomMedia: async ({ room, pipesOnly }) => {
      const hosted = deps.rooms.get(room);
      if (!hosted)
        throw new SkeinError('ROOM_NOT_FOUND', 'this room is not on this node', {
          details: { room },
        });
      return roomMedia(deps.nodeId, hosted, { pipesOnly: pipesOnly ?? false });
    },
    drain: async ({ deadlineMs }) => ({ sessions: deps.drain(deadlineMs) }),
    moveSessions: async ({ count }) => ({ moving: deps.migrate(count) }),
  };
}
