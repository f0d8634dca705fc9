// From proto/skein/node/v1/node.proto

export interface DrainResponseInput {
  /**
   * Sessions on the node when the drain began.
   */
  sessions?: number;
}

export interface DrainResponse {
  /**
   * Sessions on the node when the drain began.
   */
  sessions: number;
}
