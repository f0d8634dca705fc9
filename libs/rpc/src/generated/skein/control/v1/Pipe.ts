// From proto/skein/control/v1/control.proto

/**
 * One pipe between two routers, both directions.
 */
export interface PipeInput {
  fromNodeId?: string;
  fromRouterId?: string;
  toNodeId?: string;
  toRouterId?: string;
  tracksForward?: string[];
  tracksBackward?: string[];
}

/**
 * One pipe between two routers, both directions.
 */
export interface Pipe {
  fromNodeId: string;
  fromRouterId: string;
  toNodeId: string;
  toRouterId: string;
  tracksForward: string[];
  tracksBackward: string[];
}
