// From proto/skein/node/v1/node.proto

export interface PingResponseInput {}

export interface PingResponse {}
