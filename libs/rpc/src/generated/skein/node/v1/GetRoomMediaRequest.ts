// From proto/skein/node/v1/node.proto

export interface GetRoomMediaRequestInput {
  room?: string;
}

export interface GetRoomMediaRequest {
  room: string;
}
