// From proto/skein/node/v1/node.proto

import type { Long } from '@grpc/proto-loader';

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
  /**
   * Bytes sent by those ends since they were opened, at most some seconds old.
   */
  nodePipeBytes?: number | string | Long;
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
  /**
   * Bytes sent by those ends since they were opened, at most some seconds old.
   */
  nodePipeBytes: number;
}
