// From proto/skein/node/v1/node.proto

export interface FindSessionsRequestInput {
  /**
   * At most 1000.
   */
  sessionIds?: string[];
}

export interface FindSessionsRequest {
  /**
   * At most 1000.
   */
  sessionIds: string[];
}
