// From proto/skein/node/v1/node.proto

import type { MethodDefinition } from '@grpc/proto-loader';
import type {
  DrainRequestInput as _skein_node_v1_DrainRequestInput,
  DrainRequest as _skein_node_v1_DrainRequest,
} from '../../../skein/node/v1/DrainRequest.ts';
import type {
  DrainResponseInput as _skein_node_v1_DrainResponseInput,
  DrainResponse as _skein_node_v1_DrainResponse,
} from '../../../skein/node/v1/DrainResponse.ts';
import type {
  GetRoomMediaRequestInput as _skein_node_v1_GetRoomMediaRequestInput,
  GetRoomMediaRequest as _skein_node_v1_GetRoomMediaRequest,
} from '../../../skein/node/v1/GetRoomMediaRequest.ts';
import type {
  GetStatusRequestInput as _skein_node_v1_GetStatusRequestInput,
  GetStatusRequest as _skein_node_v1_GetStatusRequest,
} from '../../../skein/node/v1/GetStatusRequest.ts';
import type {
  MoveSessionsRequestInput as _skein_node_v1_MoveSessionsRequestInput,
  MoveSessionsRequest as _skein_node_v1_MoveSessionsRequest,
} from '../../../skein/node/v1/MoveSessionsRequest.ts';
import type {
  MoveSessionsResponseInput as _skein_node_v1_MoveSessionsResponseInput,
  MoveSessionsResponse as _skein_node_v1_MoveSessionsResponse,
} from '../../../skein/node/v1/MoveSessionsResponse.ts';
import type {
  NodeStatusInput as _skein_node_v1_NodeStatusInput,
  NodeStatus as _skein_node_v1_NodeStatus,
} from '../../../skein/node/v1/NodeStatus.ts';
import type {
  RoomMediaInput as _skein_node_v1_RoomMediaInput,
  RoomMedia as _skein_node_v1_RoomMedia,
} from '../../../skein/node/v1/RoomMedia.ts';

export interface NodeServiceDefinition {
  Drain: MethodDefinition<
    _skein_node_v1_DrainRequestInput,
    _skein_node_v1_DrainResponseInput,
    _skein_node_v1_DrainRequest,
    _skein_node_v1_DrainResponse
  >;
  GetRoomMedia: MethodDefinition<
    _skein_node_v1_GetRoomMediaRequestInput,
    _skein_node_v1_RoomMediaInput,
    _skein_node_v1_GetRoomMediaRequest,
    _skein_node_v1_RoomMedia
  >;
  GetStatus: MethodDefinition<
    _skein_node_v1_GetStatusRequestInput,
    _skein_node_v1_NodeStatusInput,
    _skein_node_v1_GetStatusRequest,
    _skein_node_v1_NodeStatus
  >;
  MoveSessions: MethodDefinition<
    _skein_node_v1_MoveSessionsRequestInput,
    _skein_node_v1_MoveSessionsResponseInput,
    _skein_node_v1_MoveSessionsRequest,
    _skein_node_v1_MoveSessionsResponse
  >;
}
