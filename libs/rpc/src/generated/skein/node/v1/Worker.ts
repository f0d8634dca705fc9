// From proto/skein/node/v1/node.proto

/**
 * One mediasoup worker process.
 */
export interface WorkerInput {
  index?: number;
  pid?: number;
  /**
   * Number of times that it died and was replaced.
   */
  restarts?: number;
  /**
   * CPU over the last second; 1 is one core.
   */
  cpu?: number | string;
  routers?: number;
}

/**
 * One mediasoup worker process.
 */
export interface Worker {
  index: number;
  pid: number;
  /**
   * Number of times that it died and was replaced.
   */
  restarts: number;
  /**
   * CPU over the last second; 1 is one core.
   */
  cpu: number;
  routers: number;
}
