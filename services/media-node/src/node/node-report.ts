import type { MediaCounts, NodeStatus, RoomMedia } from '@skein/rpc';
import { mediaKey, reportedName, type MediaKey } from '../media/media-key.ts';
import type { Room } from '../rooms/room.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { Session } from '../sessions/session.ts';
import type { WorkerPool } from '../workers/worker-pool.ts';

/** Totals over all rooms. */
export function mediaCounts(rooms: Rooms): MediaCounts {
  const counts = {
    routers: 0,
    sessions: 0,
    clientTransports: 0,
    tracks: 0,
    subscriptions: 0,
    nodePipes: 0,
    workerPipes: 0,
    nodePipeBytes: 0,
  };
  for (const room of rooms.all) {
    const { nodePipes, workerPipes, nodePipeBytes } = room.media.pipes.counts;
    counts.routers += room.media.routerIds.length;
    counts.nodePipes += nodePipes;
    counts.workerPipes += workerPipes;
    counts.nodePipeBytes += nodePipeBytes;
    for (const { media } of room.sessions) {
      counts.sessions++;
      counts.clientTransports += media?.offers.length ?? 0;
      counts.tracks += media?.publications.trackIds.length ?? 0;
      counts.subscriptions += media?.subscriptions.all.length ?? 0;
    }
  }
  return counts;
}

export interface ReportDeps {
  readonly nodeId: string;
  readonly pool: WorkerPool;
  readonly rooms: Rooms;
}

export function nodeStatus({ nodeId, pool, rooms }: ReportDeps): NodeStatus {
  return {
    nodeId,
    workers: pool.slots.map(({ index, pid, restarts, cpu, routers }) => ({
      index,
      pid,
      restarts,
      cpu,
      routers,
    })),
    counts: mediaCounts(rooms),
  };
}

export function roomMedia(nodeId: string, room: Room, { pipesOnly = false } = {}): RoomMedia {
  const nameOf = (media: MediaKey): string => reportedName(media, room.view.state?.tracks);
  return {
    room: room.name,
    nodeId,
    version: room.view.state?.version ?? 0,
    routerIds: [...room.media.routerIds],
    sessions: pipesOnly ? [] : room.sessions.map((session) => sessionMedia(session, nameOf)),
    pipes: room.media.pipes.report().map((pipe) => ({
      ...pipe,
      kind: pipe.kind === 'node' ? 'NODE' : 'WORKER',
      tracksIn: pipe.tracksIn.map(nameOf),
      tracksOut: pipe.tracksOut.map(nameOf),
    })),
  };
}

function sessionMedia(
  { ref, media, routerId }: Session,
  nameOf: (media: MediaKey) => string,
): RoomMedia['sessions'][number] {
  const { epoch } = ref;
  return {
    sessionId: ref.sessionId,
    identity: ref.identity,
    epoch,
    routerId: routerId ?? '',
    trackIds: (media?.publications.trackIds ?? []).map((trackId) => nameOf(mediaKey({ trackId, epoch }))),
    subscriptions: (media?.subscriptions.all ?? []).map((subscription) => ({
      subscriptionId: subscription.subscriptionId,
      trackId: nameOf(subscription.media),
      paused: subscription.sink.paused,
    })),
  };
}
