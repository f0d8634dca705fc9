import type { Bus } from '@skein/bus';
import { openNodeDirectory, openRoomFeeds, RoomPublisher } from '@skein/cluster';
import type { ClusterStore } from '@skein/cluster';
import type { Clock, IdSource, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { Broadcaster } from '../edges/websocket/socket.ts';
import { Joins } from './join.ts';
import { NodeChoice } from './node-choice.ts';
import { Moves } from './moves.ts';
import { Resumes } from './resume.ts';
import { Rooms } from '../rooms/rooms.ts';
import { SessionEndings } from '../media-sessions/session-closer.ts';
import { NodeSessions } from '../media-sessions/node-client.ts';
import type { NodeDeadlines } from '../media-sessions/node-client.ts';
import { Openings } from '../media-sessions/session-opener.ts';
import { SessionLines } from '../media-sessions/session-events.ts';
import { SharedCapabilities } from '../media-sessions/shared-capabilities.ts';
import type { GatewaySettings } from '../settings.ts';
import { Stay } from './participant-session.ts';
import type { StayBeginning } from './participant-session.ts';

/** Time and chance, as the whole gateway gets them. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdSource;
  readonly log: Logger;
}

/** The stores that a cluster's processes share. */
export interface Stores {
  readonly bus: Bus;
  readonly store: ClusterStore;
}

/** What sockets need of the cluster. There is one as soon as both stores have been connected once. */
export interface Signaling {
  readonly joins: Joins;
  readonly resumes: Resumes;
  readonly rooms: Rooms;
  readonly endings: SessionEndings;
  readonly natsConnected: boolean;
  readonly redisConnected: boolean;
  /** Media nodes that can be placed on now. */
  readonly usableNodes: number;
  /** Lets endings that run go on for `deadlineMs`, then lets go of both stores. */
  close(deadlineMs: number): Promise<void>;
}

export interface SignalingOptions {
  readonly settings: Pick<
    GatewaySettings,
    'region' | 'roomMaxParticipants' | 'iceServers' | 'resumeGraceMs' | 'nodeChoice'
  >;
  readonly nodeDeadlines: NodeDeadlines;
  readonly broadcaster: Broadcaster;
}

/** Puts the parts together and learns which nodes there are. */
export async function startSignaling(
  { bus, store }: Stores,
  { settings, nodeDeadlines, broadcaster }: SignalingOptions,
  { clock, random, ids, log }: Surroundings,
): Promise<Signaling> {
  const feeds = openRoomFeeds({ bus, rooms: store.rooms, clock, random, log });
  const directory = openNodeDirectory({ bus, nodes: store.nodes, clock, random, log });
  await directory.start();
  const { roomMaxParticipants: maxParticipants, iceServers, resumeGraceMs, nodeChoice } = settings;
  const news = new RoomPublisher({ bus, clock });
  const shared = { bus, store: store.rooms, news, clock, random, ids, log };
  const nodes = new NodeSessions(bus, directory, nodeDeadlines);
  const lines = new SessionLines({ bus, directory, log });
  const openings = new Openings({ nodes, lines, iceServers });
  const endings = new SessionEndings({ ...shared, nodes, rooms: store.rooms, resumeGraceMs });
  const rooms = new Rooms({ ...shared, feeds, broadcaster });
  const choice = new NodeChoice(directory, settings.region, { clock, random });
  const moves = new Moves({ ...shared, choice, openings, endings, maxParticipants });
  const beginStay = (beginning: StayBeginning): Stay =>
    new Stay(beginning, { nodes, endings, moves, clock, log });
  const capabilities = new SharedCapabilities();
  const entering = { ...shared, rooms, choice, endings, beginStay, capabilities };
  const joins = new Joins({ ...entering, openings, maxParticipants, nodeChoice });
  const seesCluster = (): boolean => bus.status.state === 'connected' && store.status.state === 'connected';
  const resumes = new Resumes({ ...entering, nodes, lines, seesCluster });
  return {
    ...{ joins, resumes, rooms, endings },
    get natsConnected() {
      return bus.status.state === 'connected';
    },
    get redisConnected() {
      return store.status.state === 'connected';
    },
    get usableNodes() {
      return choice.usableNodes;
    },
    async close(deadlineMs) {
      await endings.stop(deadlineMs);
      news.close();
      lines.close();
      feeds.close();
      directory.close();
      await Promise.all([bus.close(), store.close()]);
    },
  };
}
