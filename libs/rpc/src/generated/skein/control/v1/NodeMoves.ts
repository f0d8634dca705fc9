// From proto/skein/control/v1/control.proto

export interface NodeMovesInput {
  nodeId?: string;
  moving?: number;
}

export interface NodeMoves {
  nodeId: string;
  moving: number;
}
