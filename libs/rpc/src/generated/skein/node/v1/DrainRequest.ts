// From proto/skein/node/v1/node.proto

export interface DrainRequestInput {
  /**
   * Milliseconds, at most 86400000. 0: the node's own setting.
   */
  deadlineMs?: number;
}

export interface DrainRequest {
  /**
   * Milliseconds, at most 86400000. 0: the node's own setting.
   */
  deadlineMs: number;
}
