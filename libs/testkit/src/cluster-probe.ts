import {
  createRpcClients,
  controlService,
  nodeService,
  type MediaCounts,
  type Node,
  type NodeStatus,
  type Pipe,
  type Room,
  type RpcClients,
} from '@skein/rpc';
import { SkeinError } from '@skein/protocol';

/** Looks into a running cluster through its gRPC services, as operators can. */
export class ClusterProbe implements Disposable {
  readonly #rpc: RpcClients;
  readonly #controlAddress: () => string;

  /** `controlAddress`: `host:port` of a control service; as a function where it may be started again, at another port. */
  constructor(controlAddress: string | (() => string), rpc = createRpcClients()) {
    this.#rpc = rpc;
    this.#controlAddress = typeof controlAddress === 'string' ? () => controlAddress : controlAddress;
  }

  async nodes(): Promise<readonly Node[]> {
    return (await this.#control().listNodes({})).nodes;
  }

  /** The room with its pipes, or `undefined` when there is none of this name. */
  async room(room: string): Promise<Room | undefined> {
    try {
      return await this.#control().getRoom({ room });
    } catch (error) {
      if (SkeinError.from(error).code === 'ROOM_NOT_FOUND') return undefined;
      throw error;
    }
  }

  async rooms(): Promise<readonly string[]> {
    return (await this.#control().listRooms({ pageSize: 0, pageToken: '' })).rooms.map(({ room }) => room);
  }

  async statuses(): Promise<readonly NodeStatus[]> {
    const nodes = await this.nodes();
    return Promise.all(
      nodes.map(({ grpcAddress }) => this.#rpc.client(nodeService, grpcAddress).getStatus({})),
    );
  }

  /** Process ids of the mediasoup workers of the node at this gRPC address. */
  async workersOf(nodeAddress: string): Promise<number[]> {
    const { workers } = await this.#rpc.client(nodeService, nodeAddress).getStatus({});
    return workers.map(({ pid }) => pid);
  }

  /** What the node at this gRPC address holds: all zero when nobody is there. */
  async countsOf(nodeAddress: string): Promise<MediaCounts | undefined> {
    return (await this.#rpc.client(nodeService, nodeAddress).getStatus({})).counts ?? undefined;
  }

  /** As `skeinctl node drain` does. */
  async drainNode(nodeId: string, deadlineMs: number): Promise<void> {
    await this.#control().drainNode({ nodeId, deadlineMs });
  }

  /** What each node still holds, and rooms that are still listed: empty once everyone has left. */
  async leftovers(): Promise<string[]> {
    const [statuses, rooms] = await Promise.all([this.statuses(), this.rooms()]);
    const held = statuses.flatMap(({ nodeId, counts }) =>
      Object.entries(counts ?? ({} as MediaCounts))
        .filter(([, count]) => count !== 0)
        .map(([what, count]) => `${nodeId}: ${String(count)} ${what}`),
    );
    return [...held, ...rooms.map((room) => `room ${room}`)];
  }

  [Symbol.dispose](): void {
    this.#rpc.close();
  }

  #control() {
    return this.#rpc.client(controlService, this.#controlAddress());
  }
}

/** Pipes that join two nodes; those between workers of one node are left out. */
export function nodePipes({ pipes }: Room): Pipe[] {
  return pipes.filter(({ fromNodeId, toNodeId }) => fromNodeId !== toNodeId);
}

/** Copies of a track on a pipe beyond the first, over all pipes. */
export function duplicatePipedTracks({ pipes }: Room): number {
  const copies = pipes.flatMap(({ tracksForward, tracksBackward }) => [tracksForward, tracksBackward]);
  return copies.reduce((sum, tracks) => sum + tracks.length - new Set(tracks).size, 0);
}
