// From proto/skein/node/v1/node.proto

export interface MoveSessionsRequestInput {
  /**
   * 1-1000.
   */
  count?: number;
}

export interface MoveSessionsRequest {
  /**
   * 1-1000.
   */
  count: number;
}
