// From proto/skein/node/v1/node.proto

export interface DrainRequestInput {
  /**
   * 0: the node's own setting. At most 86400000.
   */
  deadlineMs?: number;
}

export interface DrainRequest {
  /**
   * 0: the node's own setting. At most 86400000.
   */
  deadlineMs: number;
}
