// From proto/skein/control/v1/control.proto

export interface DrainNodeResponseInput {
  /**
   * Sessions on the node when the drain began.
   */
  sessions?: number;
}

export interface DrainNodeResponse {
  /**
   * Sessions on the node when the drain began.
   */
  sessions: number;
}
