import type { NodeRegistry, RegisteredNode, RoomStore, StoredSnapshot } from '@skein/cluster';
import { SkeinError } from '@skein/protocol';
import {
  MAX_PAGE_SIZE,
  type ControlServiceHandlers,
  type Node,
  type Room,
  type RoomSummary,
} from '@skein/rpc';
import type { Logger } from '@skein/telemetry';
import { drainNode, rebalance, type NodeAt } from './nodes/operations.ts';
import { mergePipes } from './rooms/merge-pipes.ts';
import { pageTokenAfter, roomBeforePage } from './rooms/page-token.ts';
import { collectRoomMedia, nodesOf, type AskNode } from './rooms/room-media.ts';

export interface ControlStore {
  readonly rooms: Pick<RoomStore, 'snapshot' | 'listRooms'>;
  readonly nodes: Pick<NodeRegistry, 'list'>;
}

export interface ControlDeps {
  /** Throws `UNAVAILABLE` while there is no store. */
  readonly store: () => ControlStore;
  readonly askNode: AskNode;
  readonly nodeAt: NodeAt;
  readonly log: Logger;
}

/** Rooms that one ListRooms reads at the same time. */
const CONCURRENT_READS = 16;

/** The control API over the store and the nodes. */
export function createControlHandlers({ store, askNode, nodeAt, log }: ControlDeps): ControlServiceHandlers {
  return {
    listNodes: async () => {
      const nodes = (await store().nodes.list()).map(nodeOf);
      return { nodes: nodes.sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1)) };
    },
    listRooms: async ({ pageSize, pageToken }) => {
      const after = roomBeforePage(pageToken);
      const size = pageSize || MAX_PAGE_SIZE;
      const { rooms } = store();
      const names = await rooms.listRooms({ pageSize: size, ...(after !== undefined && { after }) });
      const last = names.at(-1);
      return {
        rooms: await summarize(rooms, names),
        nextPageToken: names.length < size || last === undefined ? '' : pageTokenAfter(last),
      };
    },
    drainNode: async (request) => {
      const sessions = await drainNode(await store().nodes.list(), request, nodeAt);
      const { nodeId, deadlineMs } = request;
      log.info(
        { event: 'node.drain-requested', nodeId, sessions, deadlineMs },
        'an operator started a drain',
      );
      return { sessions };
    },
    rebalance: async () => ({ nodes: await rebalance(await store().nodes.list(), nodeAt, log) }),
    getRoom: async ({ room }) => {
      const { rooms, nodes } = store();
      const [snapshot, registered] = await Promise.all([rooms.snapshot(room), nodes.list()]);
      if (!snapshot) throw new SkeinError('ROOM_NOT_FOUND', 'there is no such room');
      return await roomOf(snapshot, registered, askNode);
    },
  };
}

function nodeOf({ record, leaseAgeMs }: RegisteredNode): Node {
  const { load } = record;
  return {
    nodeId: record.nodeId,
    region: record.region,
    state: record.state,
    grpcAddress: record.grpcAddress,
    version: record.version,
    workers: record.workers,
    sessions: load.sessions,
    packetsPerSecond: load.packetsPerSecond,
    busiestWorkerCpu: load.busiestWorkerCpu,
    used: load.used,
    startedAtMs: record.startedAtMs,
    leaseAgeMs,
  };
}

/** Leaves out rooms that have ended meanwhile. */
async function summarize(rooms: ControlStore['rooms'], names: readonly string[]): Promise<RoomSummary[]> {
  const summaries: RoomSummary[] = [];
  for (let start = 0; start < names.length; start += CONCURRENT_READS) {
    const batch = names.slice(start, start + CONCURRENT_READS);
    for (const snapshot of await Promise.all(batch.map((name) => rooms.snapshot(name)))) {
      if (snapshot) summaries.push(summaryOf(snapshot));
    }
  }
  return summaries;
}

function summaryOf(snapshot: StoredSnapshot): RoomSummary {
  const { room, version, participants, tracks } = snapshot;
  return {
    room,
    version,
    participants: participants.length,
    tracks: tracks.length,
    nodeIds: nodesOf(snapshot),
    viewers: snapshot.viewership?.viewers ?? 0,
  };
}

async function roomOf(
  snapshot: StoredSnapshot,
  registered: readonly RegisteredNode[],
  ask: AskNode,
): Promise<Room> {
  const addresses = new Map(registered.map(({ record }) => [record.nodeId, record.grpcAddress]));
  const { media, silentNodeIds } = await collectRoomMedia(snapshot, addresses, ask);
  return {
    room: snapshot.room,
    version: snapshot.version,
    participants: snapshot.participants.map(
      ({ identity, name, nodeId, sessionId, epoch, joinedAtMs, connection }) => {
        return { identity, name, nodeId, sessionId, epoch, joinedAtMs, lost: connection === 'lost' };
      },
    ),
    tracks: snapshot.tracks.map(({ trackId, identity, nodeId, kind, source, mimeType, muted }) => {
      return { trackId, identity, nodeId, kind, source, mimeType, muted };
    }),
    pipes: mergePipes(media),
    silentNodeIds: [...silentNodeIds],
    viewers: snapshot.viewership?.viewers ?? 0,
  };
}
