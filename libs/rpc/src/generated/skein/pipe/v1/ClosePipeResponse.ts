// From proto/skein/pipe/v1/pipe.proto

export interface ClosePipeResponseInput {
  /**
   * False while this node still sends or pulls tracks through it.
   */
  closed?: boolean;
}

export interface ClosePipeResponse {
  /**
   * False while this node still sends or pulls tracks through it.
   */
  closed: boolean;
}
