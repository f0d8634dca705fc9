// From proto/skein/node/v1/node.proto

export interface RoomNamesInput {
  rooms?: string[];
}

export interface RoomNames {
  rooms: string[];
}
