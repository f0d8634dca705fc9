// From proto/skein/control/v1/control.proto

import type { MethodDefinition } from '@grpc/proto-loader';
import type {
  DrainNodeRequestInput as _skein_control_v1_DrainNodeRequestInput,
  DrainNodeRequest as _skein_control_v1_DrainNodeRequest,
} from '../../../skein/control/v1/DrainNodeRequest.ts';
import type {
  DrainNodeResponseInput as _skein_control_v1_DrainNodeResponseInput,
  DrainNodeResponse as _skein_control_v1_DrainNodeResponse,
} from '../../../skein/control/v1/DrainNodeResponse.ts';
import type {
  GetRoomRequestInput as _skein_control_v1_GetRoomRequestInput,
  GetRoomRequest as _skein_control_v1_GetRoomRequest,
} from '../../../skein/control/v1/GetRoomRequest.ts';
import type {
  ListNodesRequestInput as _skein_control_v1_ListNodesRequestInput,
  ListNodesRequest as _skein_control_v1_ListNodesRequest,
} from '../../../skein/control/v1/ListNodesRequest.ts';
import type {
  ListNodesResponseInput as _skein_control_v1_ListNodesResponseInput,
  ListNodesResponse as _skein_control_v1_ListNodesResponse,
} from '../../../skein/control/v1/ListNodesResponse.ts';
import type {
  ListRoomsRequestInput as _skein_control_v1_ListRoomsRequestInput,
  ListRoomsRequest as _skein_control_v1_ListRoomsRequest,
} from '../../../skein/control/v1/ListRoomsRequest.ts';
import type {
  ListRoomsResponseInput as _skein_control_v1_ListRoomsResponseInput,
  ListRoomsResponse as _skein_control_v1_ListRoomsResponse,
} from '../../../skein/control/v1/ListRoomsResponse.ts';
import type {
  RebalanceRequestInput as _skein_control_v1_RebalanceRequestInput,
  RebalanceRequest as _skein_control_v1_RebalanceRequest,
} from '../../../skein/control/v1/RebalanceRequest.ts';
import type {
  RebalanceResponseInput as _skein_control_v1_RebalanceResponseInput,
  RebalanceResponse as _skein_control_v1_RebalanceResponse,
} from '../../../skein/control/v1/RebalanceResponse.ts';
import type {
  RoomPartInput as _skein_control_v1_RoomPartInput,
  RoomPart as _skein_control_v1_RoomPart,
} from '../../../skein/control/v1/RoomPart.ts';

export interface ControlServiceDefinition {
  DrainNode: MethodDefinition<
    _skein_control_v1_DrainNodeRequestInput,
    _skein_control_v1_DrainNodeResponseInput,
    _skein_control_v1_DrainNodeRequest,
    _skein_control_v1_DrainNodeResponse
  >;
  GetRoom: MethodDefinition<
    _skein_control_v1_GetRoomRequestInput,
    _skein_control_v1_RoomPartInput,
    _skein_control_v1_GetRoomRequest,
    _skein_control_v1_RoomPart
  >;
  ListNodes: MethodDefinition<
    _skein_control_v1_ListNodesRequestInput,
    _skein_control_v1_ListNodesResponseInput,
    _skein_control_v1_ListNodesRequest,
    _skein_control_v1_ListNodesResponse
  >;
  ListRooms: MethodDefinition<
    _skein_control_v1_ListRoomsRequestInput,
    _skein_control_v1_ListRoomsResponseInput,
    _skein_control_v1_ListRoomsRequest,
    _skein_control_v1_ListRoomsResponse
  >;
  Rebalance: MethodDefinition<
    _skein_control_v1_RebalanceRequestInput,
    _skein_control_v1_RebalanceResponseInput,
    _skein_control_v1_RebalanceRequest,
    _skein_control_v1_RebalanceResponse
  >;
}
