// From proto/skein/node/v1/node.proto

export interface ListRoomsRequestInput {}

export interface ListRoomsRequest {}
