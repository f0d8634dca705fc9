// From proto/skein/node/v1/node.proto

export interface MoveSessionsResponseInput {
  moving?: number;
}

export interface MoveSessionsResponse {
  moving: number;
}
