// From proto/skein/node/v1/node.proto

import type {
  SessionMediaInput as _skein_node_v1_SessionMediaInput,
  SessionMedia as _skein_node_v1_SessionMedia,
} from '../../../skein/node/v1/SessionMedia.ts';
import type {
  PipeMediaInput as _skein_node_v1_PipeMediaInput,
  PipeMedia as _skein_node_v1_PipeMedia,
} from '../../../skein/node/v1/PipeMedia.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * What one node carries of one room.
 */
export interface RoomMediaInput {
  room?: string;
  nodeId?: string;
  /**
   * Version of the room's state on this node.
   */
  version?: number | string | Long;
  routerIds?: string[];
  sessions?: _skein_node_v1_SessionMediaInput[];
  pipes?: _skein_node_v1_PipeMediaInput[];
}

/**
 * What one node carries of one room.
 */
export interface RoomMedia {
  room: string;
  nodeId: string;
  /**
   * Version of the room's state on this node.
   */
  version: number;
  routerIds: string[];
  sessions: _skein_node_v1_SessionMedia[];
  pipes: _skein_node_v1_PipeMedia[];
}
