// From proto/skein/node/v1/node.proto

export interface FindSessionsResponseInput {
  /**
   * Subset of the request.
   */
  sessionIds?: string[];
}

export interface FindSessionsResponse {
  /**
   * Subset of the request.
   */
  sessionIds: string[];
}
