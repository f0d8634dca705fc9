import type { Bus } from '@skein/bus';
import { type ClusterStore, openNodeDirectory, openRoomFeeds, RoomPublisher } from '@skein/cluster';
import type { IceServer } from '@skein/protocol';
import type { Clock, IdSource, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { NodeClient, type NodeDeadlines } from '../media-sessions/node-client.ts';
import { SessionCloser } from '../media-sessions/session-closer.ts';
import { SessionEvents } from '../media-sessions/session-events.ts';
import { SessionOpener } from '../media-sessions/session-opener.ts';
import { SharedCapabilities } from '../media-sessions/shared-capabilities.ts';
import { Rooms } from '../rooms/rooms.ts';
import type { Admission } from './admission.ts';
import type { Entrance } from './entrance.ts';
import { Joins } from './join.ts';
import { Migrations } from './migration.ts';
import { NodeChoice } from './node-choice.ts';
import { type ParticipantOptions, ParticipantSession } from './participant-session.ts';
import { Resumes } from './resume.ts';

/** The stores that a cluster's processes share. */
export interface Stores {
  readonly bus: Bus;
  readonly store: ClusterStore;
}

/** Everything below the edges. It exists once both stores have been connected. */
export interface Participants {
  readonly entrance: Entrance;
  /** Rooms that this gateway has clients in. */
  readonly roomCount: number;
  readonly natsConnected: boolean;
  readonly redisConnected: boolean;
  /** Media nodes that can be placed on now. */
  readonly usableNodes: number;
  /** Gives session closings under way up to `deadlineMs`, then disconnects from both stores. */
  close(deadlineMs: number): Promise<void>;
}

export interface ParticipantsOptions {
  readonly region: string;
  readonly maxParticipants: number;
  readonly iceServers: readonly IceServer[];
  readonly resumeGraceMs: number;
  readonly nodeDeadlines: NodeDeadlines;
}

export interface ParticipantsDeps extends Stores {
  readonly admission: Admission;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdSource;
  readonly log: Logger;
}

/** Composes participants, rooms and media sessions, and loads the node directory. */
export async function startParticipants(
  { region, maxParticipants, iceServers, resumeGraceMs, nodeDeadlines }: ParticipantsOptions,
  { bus, store, admission, clock, random, ids, log }: ParticipantsDeps,
): Promise<Participants> {
  const feeds = openRoomFeeds({ bus, rooms: store.rooms, clock, random, log });
  const directory = openNodeDirectory({ bus, nodes: store.nodes, clock, random, log });
  await directory.start();
  const publisher = new RoomPublisher({ bus, clock });
  const shared = { bus, store: store.rooms, publisher, clock, random, ids, log };
  const nodes = new NodeClient(bus, directory, nodeDeadlines);
  const events = new SessionEvents({ bus, directory, log });
  const opener = new SessionOpener({ nodes, events, iceServers });
  const closer = new SessionCloser({ ...shared, nodes, rooms: store.rooms, resumeGraceMs });
  const rooms = new Rooms({ ...shared, feeds });
  const choice = new NodeChoice(region, { directory, clock, random });
  const migrations = new Migrations({ ...shared, choice, opener, closer, maxParticipants });
  const createParticipant = (options: ParticipantOptions): ParticipantSession =>
    new ParticipantSession(options, { nodes, closer, migrations, clock, log });
  const capabilities = new SharedCapabilities();
  const entering = { ...shared, rooms, choice, closer, createParticipant, capabilities };
  const joins = new Joins({ ...entering, admission, opener, maxParticipants });
  const seesCluster = (): boolean => bus.status.state === 'connected' && store.status.state === 'connected';
  const resumes = new Resumes({ ...entering, nodes, events, seesCluster });
  return {
    entrance: {
      join: (request, from) => joins.join(request, from),
      resume: (request, from) => resumes.resume(request, from),
    },
    get roomCount() {
      return rooms.size;
    },
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
      await closer.stop(deadlineMs);
      publisher.close();
      events.close();
      feeds.close();
      directory.close();
      await Promise.all([bus.close(), store.close()]);
    },
  };
}
