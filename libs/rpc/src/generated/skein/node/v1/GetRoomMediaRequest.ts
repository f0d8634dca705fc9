// From proto/skein/node/v1/node.proto

export interface GetRoomMediaRequestInput {
  room?: string;
  /**
   * Omits the sessions.
   */
  pipesOnly?: boolean;
}

export interface GetRoomMediaRequest {
  room: string;
  /**
   * Omits the sessions.
   */
  pipesOnly: boolean;
}
