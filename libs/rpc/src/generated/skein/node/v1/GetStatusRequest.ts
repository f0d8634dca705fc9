// From proto/skein/node/v1/node.proto

export interface GetStatusRequestInput {}

export interface GetStatusRequest {}
