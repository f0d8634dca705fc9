import type { MediaCounts, NodeStatus, RoomMedia } from '@skein/rpc';
import { mediaKey, reportedName, type MediaKey } from '../media/media-key.ts';
import type { RoomHost } from '../rooms/room-host.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { Session } from '../sessions/session.ts';
import type { WorkerPool } from '../workers/worker-pool.ts';

/** Totals over all rooms: all zero when nobody is here. */
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
  for (const host of rooms.all) {
    const { nodePipes, workerPipes, nodePipeBytes } = host.pipes.counts;
    counts.routers += host.routerIds.length;
    counts.nodePipes += nodePipes;
    counts.workerPipes += workerPipes;
    counts.nodePipeBytes += nodePipeBytes;
    for (const { media } of host.sessions) {
      counts.sessions++;
      counts.clientTransports += media?.offers.length ?? 0;
      counts.tracks += media?.publications.trackIds.length ?? 0;
      counts.subscriptions += media?.subscriptions.all.length ?? 0;
    }
  }
  return counts;
}

export interface ReportParts {
  readonly nodeId: string;
  readonly pool: WorkerPool;
  readonly rooms: Rooms;
}

export function nodeStatus({ nodeId, pool, rooms }: ReportParts): NodeStatus {
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

export function roomMedia(nodeId: string, host: RoomHost, { pipesOnly = false } = {}): RoomMedia {
  const nameOf = (media: MediaKey): string => reportedName(media, host.state?.tracks);
  return {
    room: host.name,
    nodeId,
    version: host.state?.version ?? 0,
    routerIds: [...host.routerIds],
    sessions: pipesOnly ? [] : host.sessions.map((session) => sessionMedia(session, nameOf)),
    pipes: host.pipes.report().map((pipe) => ({
      ...pipe,
      kind: pipe.kind === 'node' ? 'NODE' : 'WORKER',
      tracksIn: pipe.tracksIn.map(nameOf),
      tracksOut: pipe.tracksOut.map(nameOf),
    })),
  };
}

function sessionMedia(
  { name, media, routerId }: Session,
  nameOf: (media: MediaKey) => string,
): RoomMedia['sessions'][number] {
  const { epoch } = name;
  return {
    sessionId: name.sessionId,
    identity: name.identity,
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
