import {
  type ClusterStore,
  type LeaderLease,
  type MoveRequest,
  type NodeRegistry,
  type Placed,
  type PlaceRequest,
  type RegisteredNode,
  type RoomAnnouncement,
  type RoomHead,
  type RoomStore,
  type RoomWrite,
  type SessionInRoom,
  type StoredSnapshot,
  wholeReading,
} from '@skein/cluster';
import { MemoryStore as ClusterStoreInMemory } from '@skein/cluster/testing';
import type {
  NodeRecord,
  Participant,
  ParticipantConnection,
  SkeinError,
  Track,
  VersionedChange,
} from '@skein/protocol';

/**
 * Rooms and nodes in memory, as far as a gateway uses them. Where no node hosts the room yet, placement takes the first
 * open one rather than a random one.
 */
export class MemoryStore implements ClusterStore, RoomStore {
  readonly status = { state: 'connected', sinceMs: 0 } as const;
  readonly nodes: NodeRegistry;
  readonly leader: LeaderLease = {
    hold: () => Promise.resolve(1),
    release: () => Promise.resolve(),
    view: () => Promise.resolve({ holderId: undefined, fence: 1, auditLog: [] }),
  };
  readonly rooms: RoomStore = this;
  readonly records = new Map<string, NodeRecord>();
  /** Set to make every call fail. */
  failure: SkeinError | undefined;
  readonly #inner = new ClusterStoreInMemory({ chooseFallback: ({ openNodeIds }) => openNodeIds[0] });
  readonly #rooms = this.#inner.rooms;

  constructor() {
    this.nodes = {
      renew: () => Promise.resolve(1),
      release: () => Promise.resolve(),
      evict: () => Promise.resolve(true),
      list: () => Promise.resolve(this.#registered()),
      read: () => Promise.resolve(wholeReading(this.#registered())),
      countAssignment: () => Promise.resolve(1),
    };
  }

  #registered(): readonly RegisteredNode[] {
    return [...this.records.values()].map((record) => ({
      ...{ record, fence: record.startedAtMs, leaseAgeMs: 0 },
    }));
  }

  /** A later start has a higher `startedAtMs`, which is its fence as well. */
  addNode(nodeId: string, startedAtMs = 1): void {
    this.records.set(nodeId, {
      ...{
        nodeId,
        region: 'default',
        state: 'ready',
        grpcAddress: 'node:1',
        workers: 1,
        version: '0',
        startedAtMs,
        beat: 1,
      },
      load: { packetsPerSecond: 0, busiestWorkerCpu: 0, sessions: 0, used: 0 },
    });
  }

  place(request: PlaceRequest): Promise<Placed> {
    return this.#unlessFailing(() => this.#rooms.place(request));
  }

  move(request: MoveRequest): Promise<Placed> {
    return this.#unlessFailing(() => this.#rooms.move(request));
  }

  announce(room: string, held: RoomAnnouncement): Promise<RoomWrite> {
    return this.#unlessFailing(() => this.#rooms.announce(room, held));
  }

  publishTrack(room: string, sessionId: string, track: Track): Promise<RoomWrite> {
    return this.#unlessFailing(() => this.#rooms.publishTrack(room, sessionId, track));
  }

  updateConnection(
    room: string,
    session: SessionInRoom,
    connection: ParticipantConnection,
  ): Promise<RoomWrite> {
    return this.#unlessFailing(() => this.#rooms.updateConnection(room, session, connection));
  }

  updateTrack(room: string, session: SessionInRoom, trackId: string, muted: boolean): Promise<RoomWrite> {
    return this.#unlessFailing(() => this.#rooms.updateTrack(room, session, trackId, muted));
  }

  unpublishTrack(room: string, session: SessionInRoom, trackId: string, reason: string): Promise<RoomWrite> {
    return this.#unlessFailing(() => this.#rooms.unpublishTrack(room, session, trackId, reason));
  }

  leave(room: string, session: SessionInRoom, reason: string): Promise<RoomWrite> {
    return this.#unlessFailing(() => this.#rooms.leave(room, session, reason));
  }

  repair(room: string, leaderFence: number): Promise<number> {
    return this.#unlessFailing(() => this.#rooms.repair(room, leaderFence));
  }

  snapshot(room: string): Promise<StoredSnapshot | undefined> {
    return this.#unlessFailing(() => this.#rooms.snapshot(room));
  }

  changesSince(room: string, version: number): Promise<readonly VersionedChange[] | undefined> {
    return this.#unlessFailing(() => this.#rooms.changesSince(room, version));
  }

  viewers(room: string, identities?: readonly string[]): Promise<readonly Participant[]> {
    return this.#unlessFailing(() => this.#rooms.viewers(room, identities));
  }

  heads(rooms: readonly string[]): Promise<readonly (RoomHead | undefined)[]> {
    return this.#unlessFailing(() => this.#rooms.heads(rooms));
  }

  listRooms(page: { pageSize: number; after?: string }): Promise<readonly string[]> {
    return this.#unlessFailing(() => this.#rooms.listRooms(page));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Everything is gone, as after a restart of a store that keeps nothing. */
  lose(): void {
    this.#inner.lose();
  }

  async #unlessFailing<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.failure) throw this.failure;
    return await work();
  }
}
