import { opaqueId, roomName, text } from '@skein/protocol';
import { z } from 'zod';
import type { ControlServiceDefinition } from './generated/skein/control/v1/ControlService.ts';
import type { DrainNodeResponse } from './generated/skein/control/v1/DrainNodeResponse.ts';
import type { RebalanceResponse } from './generated/skein/control/v1/RebalanceResponse.ts';
import type { ListNodesResponse } from './generated/skein/control/v1/ListNodesResponse.ts';
import type { ListRoomsResponse } from './generated/skein/control/v1/ListRoomsResponse.ts';
import type { Room } from './generated/skein/control/v1/Room.ts';
import { MAX_DRAIN_MS } from './node-service.ts';
import { nodesChunks, roomChunks, roomsChunks } from './control-chunks.ts';
import { chunked, defineService, unary, type Handlers, type ServiceClient } from './service-definition.ts';

/** Rooms on one page of ListRooms: the default and the most. */
export const MAX_PAGE_SIZE = 1000;

const listRoomsRequest = z.object({
  /** 0: the default. */
  pageSize: z.number().int().min(0).max(MAX_PAGE_SIZE, `must be at most ${MAX_PAGE_SIZE}`),
  /** Empty: the first page. */
  pageToken: text(1024),
});

/** Operators and your application's backend. */
export const controlService = defineService<ControlServiceDefinition>()('skein.control.v1.ControlService', {
  listNodes: chunked({ request: z.object({}), response: z.custom<ListNodesResponse>() }, nodesChunks),
  listRooms: chunked({ request: listRoomsRequest, response: z.custom<ListRoomsResponse>() }, roomsChunks),
  drainNode: unary({
    request: z.object({ nodeId: opaqueId, deadlineMs: z.number().int().min(0).max(MAX_DRAIN_MS) }),
    response: z.custom<DrainNodeResponse>(),
  }),
  rebalance: unary({ request: z.object({}), response: z.custom<RebalanceResponse>() }),
  getRoom: chunked({ request: z.object({ room: roomName }), response: z.custom<Room>() }, roomChunks),
});

export type ControlServiceHandlers = Handlers<typeof controlService>;
export type ControlServiceClient = ServiceClient<typeof controlService>;
