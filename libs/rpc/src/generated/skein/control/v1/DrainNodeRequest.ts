// From proto/skein/control/v1/control.proto

export interface DrainNodeRequestInput {
  nodeId?: string;
  /**
   * Milliseconds, at most 86400000. 0: the node's own setting.
   */
  deadlineMs?: number;
}

export interface DrainNodeRequest {
  nodeId: string;
  /**
   * Milliseconds, at most 86400000. 0: the node's own setting.
   */
  deadlineMs: number;
}
