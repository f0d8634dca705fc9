// From proto/skein/node/v1/node.proto

export interface MoveSessionsResponseInput {
  /**
   * Sessions whose gateways were asked to migrate them.
   */
  moving?: number;
}

export interface MoveSessionsResponse {
  /**
   * Sessions whose gateways were asked to migrate them.
   */
  moving: number;
}
