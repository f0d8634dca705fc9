// From proto/skein/pipe/v1/pipe.proto

export interface RouterNameInput {
  nodeId?: string;
  routerId?: string;
}

export interface RouterName {
  nodeId: string;
  routerId: string;
}
