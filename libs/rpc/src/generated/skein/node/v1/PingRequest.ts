// From proto/skein/node/v1/node.proto

export interface PingRequestInput {}

export interface PingRequest {}
