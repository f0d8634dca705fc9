// From proto/skein/control/v1/control.proto

export interface GetRoomRequestInput {
  room?: string;
}

export interface GetRoomRequest {
  room: string;
}
