// From proto/skein/node/v1/node.proto

export interface GetRoomMediaRequestInput {
  room?: string;
  /**
   * Leaves out the sessions.
   */
  pipesOnly?: boolean;
}

export interface GetRoomMediaRequest {
  room: string;
  /**
   * Leaves out the sessions.
   */
  pipesOnly: boolean;
}
