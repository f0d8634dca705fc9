// From proto/skein/node/v1/node.proto

export interface DrainResponseInput {
  sessions?: number;
}

export interface DrainResponse {
  sessions: number;
}
