import type { RegisteredNode } from '@skein/cluster';
import { SkeinError } from '@skein/protocol';
import type { NodeMoves, NodeServiceClient } from '@skein/rpc';
import type { Logger } from '@skein/telemetry';
import { planRebalance } from './rebalance.ts';

/** The gRPC client of a node. */
export type NodeAt = (grpcAddress: string) => Pick<NodeServiceClient, 'drain' | 'moveSessions'>;

const DEADLINE = { deadlineMs: 2000 };

/** Starts the drain of one of `nodes`. Returns how many sessions it had. Fails `NODE_NOT_FOUND`, or as the node does. */
export async function drainNode(
  nodes: readonly RegisteredNode[],
  { nodeId, deadlineMs }: { nodeId: string; deadlineMs: number },
  nodeAt: NodeAt,
): Promise<number> {
  const node = nodes.find(({ record }) => record.nodeId === nodeId);
  if (!node) {
    throw new SkeinError('NODE_NOT_FOUND', 'there is no such media node; see `skeinctl nodes`', {
      details: { nodeId },
    });
  }
  const { sessions } = await nodeAt(node.record.grpcAddress).drain({ deadlineMs }, DEADLINE);
  return sessions;
}

/** Asks the nodes above their share to migrate sessions. A node that does not answer is logged and left out. */
export async function rebalance(
  nodes: readonly RegisteredNode[],
  nodeAt: NodeAt,
  log: Logger,
): Promise<NodeMoves[]> {
  const moves = planRebalance(nodes.map(({ record }) => record));
  const asked = moves.map(async ({ nodeId, grpcAddress, count }) => {
    try {
      const { moving } = await nodeAt(grpcAddress).moveSessions({ count }, DEADLINE);
      log.info({ event: 'node.rebalanced', nodeId, asked: count, moving }, 'a node migrates sessions away');
      return [{ nodeId, moving }];
    } catch (error) {
      log.warn({ err: error, nodeId }, 'a node could not be asked to migrate sessions');
      return [];
    }
  });
  return (await Promise.all(asked)).flat();
}
