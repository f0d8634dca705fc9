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
  FindSessionsRequestInput as _skein_node_v1_FindSessionsRequestInput,
  FindSessionsRequest as _skein_node_v1_FindSessionsRequest,
} from '../../../skein/node/v1/FindSessionsRequest.ts';
import type {
  FindSessionsResponseInput as _skein_node_v1_FindSessionsResponseInput,
  FindSessionsResponse as _skein_node_v1_FindSessionsResponse,
} from '../../../skein/node/v1/FindSessionsResponse.ts';
import type {
  GetRoomMediaRequestInput as _skein_node_v1_GetRoomMediaRequestInput,
  GetRoomMediaRequest as _skein_node_v1_GetRoomMediaRequest,
} from '../../../skein/node/v1/GetRoomMediaRequest.ts';
import type {
  GetStatusRequestInput as _skein_node_v1_GetStatusRequestInput,
  GetStatusRequest as _skein_node_v1_GetStatusRequest,
} from '../../../skein/node/v1/GetStatusRequest.ts';
import type {
  ListRoomsRequestInput as _skein_node_v1_ListRoomsRequestInput,
  ListRoomsRequest as _skein_node_v1_ListRoomsRequest,
} from '../../../skein/node/v1/ListRoomsRequest.ts';
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
  RoomMediaPartInput as _skein_node_v1_RoomMediaPartInput,
  RoomMediaPart as _skein_node_v1_RoomMediaPart,
} from '../../../skein/node/v1/RoomMediaPart.ts';
import type {
  RoomNamesInput as _skein_node_v1_RoomNamesInput,
  RoomNames as _skein_node_v1_RoomNames,
} from '../../../skein/node/v1/RoomNames.ts';

export interface NodeServiceDefinition {
  Drain: MethodDefinition<
    _skein_node_v1_DrainRequestInput,
    _skein_node_v1_DrainResponseInput,
    _skein_node_v1_DrainRequest,
    _skein_node_v1_DrainResponse
  >;
  FindSessions: MethodDefinition<
    _skein_node_v1_FindSessionsRequestInput,
    _skein_node_v1_FindSessionsResponseInput,
    _skein_node_v1_FindSessionsRequest,
    _skein_node_v1_FindSessionsResponse
  >;
  GetRoomMedia: MethodDefinition<
    _skein_node_v1_GetRoomMediaRequestInput,
    _skein_node_v1_RoomMediaPartInput,
    _skein_node_v1_GetRoomMediaRequest,
    _skein_node_v1_RoomMediaPart
  >;
  GetStatus: MethodDefinition<
    _skein_node_v1_GetStatusRequestInput,
    _skein_node_v1_NodeStatusInput,
    _skein_node_v1_GetStatusRequest,
    _skein_node_v1_NodeStatus
  >;
  ListRooms: MethodDefinition<
    _skein_node_v1_ListRoomsRequestInput,
    _skein_node_v1_RoomNamesInput,
    _skein_node_v1_ListRoomsRequest,
    _skein_node_v1_RoomNames
  >;
  MoveSessions: MethodDefinition<
    _skein_node_v1_MoveSessionsRequestInput,
    _skein_node_v1_MoveSessionsResponseInput,
    _skein_node_v1_MoveSessionsRequest,
    _skein_node_v1_MoveSessionsResponse
  >;
}
