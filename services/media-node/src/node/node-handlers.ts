import { SkeinError } from '@skein/protocol';
import type { NodeServiceHandlers } from '@skein/rpc';
import { nodeStatus, roomMedia, type ReportParts } from './node-report.ts';

export interface NodeHandlerParts extends ReportParts {
  /** Whether it has this session. */
  readonly holds: (sessionId: string) => boolean;
  /** Begins to empty the node, `0`: within its own deadline; how many sessions it has. */
  readonly drain: (withinMs: number) => number;
  /** Asks so many sessions to move elsewhere; how many there were to ask. */
  readonly move: (count: number) => number;
}

/** What control and operators ask of this node: what it holds, from its memory, and to let go of sessions. */
export function nodeHandlers(parts: NodeHandlerParts): NodeServiceHandlers {
  return {
    getStatus: async () => nodeStatus(parts),
    listRooms: async () => ({ rooms: parts.rooms.all.map(({ name }) => name) }),
    findSessions: async ({ sessionIds }) => ({ sessionIds: sessionIds.filter((id) => parts.holds(id)) }),
    getRoomMedia: async ({ room, pipesOnly }) => {
      const host = parts.rooms.get(room);
      if (!host)
        throw new SkeinError('ROOM_NOT_FOUND', 'this node carries nothing of this room', {
          details: { room },
        });
      return roomMedia(parts.nodeId, host, { pipesOnly: pipesOnly ?? false });
    },
    drain: async ({ deadlineMs }) => ({ sessions: parts.drain(deadlineMs) }),
    moveSessions: async ({ count }) => ({ moving: parts.move(count) }),
  };
}
