// From proto/skein/control/v1/control.proto

import type {
  RoomInput as _skein_control_v1_RoomInput,
  Room as _skein_control_v1_Room,
} from '../../../skein/control/v1/Room.ts';

export interface RoomPartInput {
  room?: _skein_control_v1_RoomInput | null;
  /**
   * The first pipe continues the last one of the part before.
   */
  continues?: boolean;
}

export interface RoomPart {
  room: _skein_control_v1_Room | null;
  /**
   * The first pipe continues the last one of the part before.
   */
  continues: boolean;
}
