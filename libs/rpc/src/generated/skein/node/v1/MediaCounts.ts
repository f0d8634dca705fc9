// From proto/skein/node/v1/node.proto

export interface MediaCountsInput {
  routers?: number;
  sessions?: number;
  clientTransports?: number;
  tracks?: number;
  subscriptions?: number;
  /**
   * Ends of pipes to other nodes.
   */
  nodePipes?: number;
  /**
   * Pipes between workers of this node.
   */
  workerPipes?: number;
}

export interface MediaCounts {
  routers: number;
  sessions: number;
  clientTransports: number;
  tracks: number;
  subscriptions: number;
  /**
   * Ends of pipes to other nodes.
   */
  nodePipes: number;
  /**
   * Pipes between workers of this node.
   */
  workerPipes: number;
}
