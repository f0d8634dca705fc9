import { opaqueId, roomName } from '@skein/protocol';
import { z } from 'zod';
import type { DrainResponse } from './generated/skein/node/v1/DrainResponse.ts';
import type { FindSessionsResponse } from './generated/skein/node/v1/FindSessionsResponse.ts';
import type { MoveSessionsResponse } from './generated/skein/node/v1/MoveSessionsResponse.ts';
import type { NodeServiceDefinition } from './generated/skein/node/v1/NodeService.ts';
import type { NodeStatus } from './generated/skein/node/v1/NodeStatus.ts';
import type { RoomMedia } from './generated/skein/node/v1/RoomMedia.ts';
import type { RoomNames } from './generated/skein/node/v1/RoomNames.ts';
import { roomMediaChunks, roomNamesChunks } from './node-chunks.ts';
import { chunked, defineService, unary, type Handlers, type ServiceClient } from './service-definition.ts';

/** The longest that a drain may take: one day. */
export const MAX_DRAIN_MS = 86_400_000;

/** The most sessions of one FindSessions request. */
export const MAX_FOUND_SESSIONS = 1000;

/** Control to media node. */
export const nodeService = defineService<NodeServiceDefinition>()('skein.node.v1.NodeService', {
  getStatus: unary({ request: z.object({}), response: z.custom<NodeStatus>() }),
  drain: unary({
    request: z.object({ deadlineMs: z.number().int().min(0).max(MAX_DRAIN_MS) }),
    response: z.custom<DrainResponse>(),
  }),
  moveSessions: unary({
    request: z.object({ count: z.number().int().min(1).max(1000) }),
    response: z.custom<MoveSessionsResponse>(),
  }),
  listRooms: chunked({ request: z.object({}), response: z.custom<RoomNames>() }, roomNamesChunks),
  findSessions: unary({
    request: z.object({ sessionIds: z.array(opaqueId).max(MAX_FOUND_SESSIONS) }),
    response: z.custom<FindSessionsResponse>(),
  }),
  getRoomMedia: chunked(
    {
      request: z.object({ room: roomName, pipesOnly: z.boolean().optional() }),
      response: z.custom<RoomMedia>(),
    },
    roomMediaChunks,
  ),
});

export type NodeServiceHandlers = Handlers<typeof nodeService>;
export type NodeServiceClient = ServiceClient<typeof nodeService>;
