// From proto/skein/node/v1/node.proto

export interface FindSessionsResponseInput {
  /**
   * Those of the request that the node holds.
   */
  sessionIds?: string[];
}

export interface FindSessionsResponse {
  /**
   * Those of the request that the node holds.
   */
  sessionIds: string[];
}
