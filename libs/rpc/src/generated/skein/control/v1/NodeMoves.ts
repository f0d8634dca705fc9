// From proto/skein/control/v1/control.proto

export interface NodeMovesInput {
  nodeId?: string;
  /**
   * Sessions whose gateways were asked to migrate them.
   */
  moving?: number;
}

export interface NodeMoves {
  nodeId: string;
  /**
   * Sessions whose gateways were asked to migrate them.
   */
  moving: number;
}
