import type { Bus } from '@skein/bus';
import { openNodeDirectory, openRoomFeeds } from '@skein/cluster';
import type { ClusterStore } from '@skein/cluster';
import type { Clock, IdSource, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { Broadcaster } from './connections/socket.ts';
import { Joins } from './joins/joins.ts';
import { NodeChoice } from './joins/node-choice.ts';
import { Rooms } from './rooms/rooms.ts';
import { SessionEndings } from './sessions/endings.ts';
import { NodeSessions } from './sessions/node-sessions.ts';
import type { NodeDeadlines } from './sessions/node-sessions.ts';
import type { GatewaySettings } from './settings.ts';

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
  readonly rooms: Rooms;
  readonly nodes: NodeSessions;
  readonly endings: SessionEndings;
  readonly natsConnected: boolean;
  readonly redisConnected: boolean;
  readonly knownNodes: number;
  /** Lets endings that run go on for `deadlineMs`, then lets go of both stores. */
  close(deadlineMs: number): Promise<void>;
}

export interface SignalingOptions {
  readonly settings: Pick<GatewaySettings, 'region' | 'roomMaxParticipants' | 'iceServers'>;
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
  const nodes = new NodeSessions(bus, nodeDeadlines);
  const endings = new SessionEndings({ nodes, rooms: store.rooms, bus, clock, random, log });
  const rooms = new Rooms({ feeds, store: store.rooms, broadcaster, log });
  const choice = new NodeChoice(directory, settings.region, { clock, random });
  const { roomMaxParticipants: maxParticipants, iceServers } = settings;
  const joins = new Joins({
    ...{ bus, store: store.rooms, rooms, nodes, choice, endings, clock, ids, log },
    ...{ maxParticipants, iceServers },
  });
  return {
    ...{ joins, rooms, nodes, endings },
    get natsConnected() {
      return bus.status.state === 'connected';
    },
    get redisConnected() {
      return store.status.state === 'connected';
    },
    get knownNodes() {
      return directory.views().length;
    },
    async close(deadlineMs) {
      await endings.stop(deadlineMs);
      feeds.close();
      directory.close();
      await Promise.all([bus.close(), store.close()]);
    },
  };
}
