// From proto/skein/control/v1/control.proto

export interface DrainNodeRequestInput {
  nodeId?: string;
  /**
   * 0: the node's own setting. At most 86400000.
   */
  deadlineMs?: number;
}

export interface DrainNodeRequest {
  nodeId: string;
  /**
   * 0: the node's own setting. At most 86400000.
   */
  deadlineMs: number;
}
