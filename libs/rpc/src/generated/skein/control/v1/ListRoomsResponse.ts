// From proto/skein/control/v1/control.proto

import type {
  RoomSummaryInput as _skein_control_v1_RoomSummaryInput,
  RoomSummary as _skein_control_v1_RoomSummary,
} from '../../../skein/control/v1/RoomSummary.ts';

export interface ListRoomsResponseInput {
  rooms?: _skein_control_v1_RoomSummaryInput[];
  /**
   * Empty: no further page.
   */
  nextPageToken?: string;
}

export interface ListRoomsResponse {
  rooms: _skein_control_v1_RoomSummary[];
  /**
   * Empty: no further page.
   */
  nextPageToken: string;
}
