// From proto/skein/node/v1/node.proto

export interface WorkerInput {
  index?: number;
  pid?: number;
  /**
   * Times that it died and was started again.
   */
  restarts?: number;
  /**
   * Share of one core over the last second.
   */
  cpu?: number | string;
  routers?: number;
}

export interface Worker {
  index: number;
  pid: number;
  /**
   * Times that it died and was started again.
   */
  restarts: number;
  /**
   * Share of one core over the last second.
   */
  cpu: number;
  routers: number;
}
