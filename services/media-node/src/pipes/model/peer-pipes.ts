import type { PipeServiceClient } from '@skein/rpc';

/** The other nodes, as far as pipes need them. */
export interface PeerPipes {
  /** Fails `PIPE_FAILED` when the node is unknown. */
  client(nodeId: string): Promise<PipeServiceClient>;
  /** Nodes that last announced themselves as ready. */
  readonly ready: readonly string[];
}
