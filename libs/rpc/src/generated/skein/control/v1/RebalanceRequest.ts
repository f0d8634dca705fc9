// From proto/skein/control/v1/control.proto

export interface RebalanceRequestInput {}

export interface RebalanceRequest {}
