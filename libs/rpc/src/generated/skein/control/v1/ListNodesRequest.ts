// From proto/skein/control/v1/control.proto

export interface ListNodesRequestInput {}

export interface ListNodesRequest {}
