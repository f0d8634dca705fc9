import { roomName } from '@skein/protocol';
import { z } from 'zod';
import type { NodeServiceDefinition } from './generated/skein/node/v1/NodeService.ts';
import type { NodeStatus } from './generated/skein/node/v1/NodeStatus.ts';
import type { RoomMedia } from './generated/skein/node/v1/RoomMedia.ts';
import { defineService, unary, type Handlers, type ServiceClient } from './service-definition.ts';

/** Control to media node. */
export const nodeService = defineService<NodeServiceDefinition>()('skein.node.v1.NodeService', {
  getStatus: unary({ request: z.object({}), response: z.custom<NodeStatus>() }),
  getRoomMedia: unary({ request: z.object({ room: roomName }), response: z.custom<RoomMedia>() }),
});

export type NodeServiceHandlers = Handlers<typeof nodeService>;
export type NodeServiceClient = ServiceClient<typeof nodeService>;
