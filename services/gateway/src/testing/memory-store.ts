import type {
  ClusterStore,
  Held,
  LeaderLease,
  MoveRequest,
  NodeRegistry,
  Placed,
  PlaceRequest,
  RegisteredNode,
  RoomHead,
  RoomStore,
  RoomWrite,
  SessionRef,
  StoredSnapshot,
} from '@skein/cluster';
import { wholeReading } from '@skein/cluster';
import { applyChange, roomStateOf, SkeinError, snapshotOf } from '@skein/protocol';
import type {
  NodeRecord,
  Participant,
  RoomChange,
  RoomState,
  Track,
  VersionedChange,
  Viewership,
} from '@skein/protocol';

interface MemoryRoom {
  state: RoomState;
  readonly log: VersionedChange[];
  readonly viewers: Map<string, Participant>;
  viewership: Viewership | undefined;
}

/** Rooms and nodes in memory, as far as a gateway uses them. Placement takes the named or the first open node. */
export class MemoryStore implements ClusterStore, RoomStore {
  readonly status = { state: 'connected', sinceMs: 0 } as const;
  readonly nodes: NodeRegistry;
  readonly leader: LeaderLease = {
    hold: () => Promise.resolve(1),
    release: () => Promise.resolve(),
    view: () => Promise.resolve({ holderId: undefined, fence: 1, acts: [] }),
  };
  readonly rooms: RoomStore = this;
  readonly records = new Map<string, NodeRecord>();
  /** Set to make every call fail. */
  failure: SkeinError | undefined;
  #rooms = new Map<string, MemoryRoom>();
  #epoch = 1000;

  constructor() {
    this.nodes = {
      renew: () => Promise.resolve(1),
      release: () => Promise.resolve(),
      bury: () => Promise.resolve(true),
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

  async place(request: PlaceRequest): Promise<Placed> {
    this.#check();
    const superseded = this.#holder(request);
    const known = this.#rooms.get(request.room);
    const inRoom = (known?.state.participants.size ?? 0) + (known?.viewers.size ?? 0);
    if (!superseded && inRoom >= request.maxParticipants) {
      throw new SkeinError('ROOM_FULL', 'the room is full');
    }
    return await Promise.resolve(this.#put(request, superseded));
  }

  async move(request: MoveRequest): Promise<Placed> {
    this.#check();
    const old = this.#holder(request);
    if (old && old.epoch !== request.fromEpoch) throw new SkeinError('STALE_EPOCH', 'placed again since');
    return await Promise.resolve(this.#put(request, old, old && request.reason));
  }

  announce(_room: string, _held: Held): Promise<RoomWrite> {
    return Promise.resolve({ changes: [] });
  }

  async publishTrack(room: string, _sessionId: string, track: Track): Promise<RoomWrite> {
    return await Promise.resolve({ changes: this.#write(room, { type: 'trackPublished', track }) });
  }

  async updateTrack(room: string, _session: SessionRef, trackId: string, muted: boolean): Promise<RoomWrite> {
    return await Promise.resolve({ changes: this.#write(room, { type: 'trackUpdated', trackId, muted }) });
  }

  async unpublishTrack(
    room: string,
    { identity }: SessionRef,
    trackId: string,
    reason: string,
  ): Promise<RoomWrite> {
    return await Promise.resolve({
      changes: this.#write(room, { type: 'trackUnpublished', trackId, identity, reason }),
    });
  }

  async leave(room: string, { identity, epoch }: SessionRef, reason: string): Promise<RoomWrite> {
    this.#check();
    const known = this.#rooms.get(room);
    if (this.#holder({ room, identity })?.epoch !== epoch || !known) return { changes: [] };
    const write: RoomWrite = known.viewers.delete(identity)
      ? { changes: [], viewership: this.#countViewers(known) }
      : { changes: this.#write(room, { type: 'participantLeft', identity, epoch, reason }) };
    if (known.state.participants.size + known.viewers.size === 0) this.#rooms.delete(room);
    return await Promise.resolve(write);
  }

  async snapshot(room: string): Promise<StoredSnapshot | undefined> {
    this.#check();
    const known = this.#rooms.get(room);
    return await Promise.resolve(known && storedSnapshotOf(known));
  }

  async changesSince(room: string, version: number): Promise<readonly VersionedChange[] | undefined> {
    this.#check();
    const known = this.#rooms.get(room);
    const after = known?.log.filter((change) => change.version > version);
    return await Promise.resolve(
      after && after.length === (known?.state.version ?? 0) - version ? after : undefined,
    );
  }

  async viewers(room: string, identities?: readonly string[]): Promise<readonly Participant[]> {
    this.#check();
    const viewers = [...(this.#rooms.get(room)?.viewers.values() ?? [])];
    return await Promise.resolve(viewers.filter((one) => identities?.includes(one.identity) ?? true));
  }

  async heads(rooms: readonly string[]): Promise<readonly (RoomHead | undefined)[]> {
    this.#check();
    const found = rooms.map((room) => this.#rooms.get(room));
    return await Promise.resolve(
      found.map((room) => room && { version: room.state.version, viewership: room.viewership }),
    );
  }

  listRooms(): Promise<readonly string[]> {
    return Promise.resolve([...this.#rooms.keys()]);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Everything is gone, as after a restart of a store that keeps nothing. */
  lose(): void {
    this.#rooms.clear();
  }

  /** `movedBy`: why, when it is a move. */
  #put(request: PlaceRequest, superseded: Participant | undefined, movedBy?: string): Placed {
    const { room, identity, name, metadata, sessionId, candidates } = request;
    const nodeId = candidates.wishedNodeId ?? candidates.openNodeIds[0];
    if (nodeId === undefined) throw new SkeinError('NO_NODE_AVAILABLE', 'no node', { retryAfterMs: 1000 });
    const epoch = ++this.#epoch;
    const participant = { identity, name, metadata, sessionId, nodeId, epoch, joinedAtMs: epoch };
    if (request.role === 'viewer') return this.#putViewer(request, participant, superseded);
    const change: RoomChange =
      movedBy === undefined
        ? { type: 'participantJoined', participant }
        : { type: 'participantMoved', participant, reason: movedBy };
    const changes = this.#write(room, change);
    const known = this.#roomOf(room);
    const viewership = known.viewers.delete(identity) ? this.#countViewers(known) : undefined;
    return { participant, superseded, changes, snapshot: storedSnapshotOf(known), viewership };
  }

  #putViewer({ room }: PlaceRequest, viewer: Participant, superseded: Participant | undefined): Placed {
    const { identity } = viewer;
    const took = this.#roomOf(room).state.participants.get(identity);
    const changes = took
      ? this.#write(room, { type: 'participantLeft', identity, epoch: took.epoch, reason: 'superseded' })
      : [];
    const known = this.#roomOf(room);
    known.viewers.set(identity, viewer);
    const viewership = this.#countViewers(known);
    return { participant: viewer, superseded, changes, snapshot: storedSnapshotOf(known), viewership };
  }

  #countViewers(room: MemoryRoom): Viewership {
    const viewers = [...room.viewers.values()];
    const nodeIds = [...new Set(viewers.map(({ nodeId }) => nodeId))];
    room.viewership = { viewers: viewers.length, nodeIds, revision: (room.viewership?.revision ?? 0) + 1 };
    return room.viewership;
  }

  #holder({ room, identity }: Pick<PlaceRequest, 'room' | 'identity'>): Participant | undefined {
    const known = this.#rooms.get(room);
    return known?.state.participants.get(identity) ?? known?.viewers.get(identity);
  }

  #roomOf(room: string): MemoryRoom {
    const empty = roomStateOf({ room, version: ++this.#epoch, participants: [], tracks: [] });
    const known = this.#rooms.get(room) ?? {
      ...{ state: empty, log: [], viewers: new Map<string, Participant>() },
      viewership: undefined,
    };
    this.#rooms.set(room, known);
    return known;
  }

  #check(): void {
    if (this.failure) throw this.failure;
  }

  #write(room: string, change: RoomChange): VersionedChange[] {
    const known = this.#roomOf(room);
    const versioned = { version: known.state.version + 1, change };
    const applied = applyChange(known.state, versioned);
    if (applied.outcome === 'applied') known.state = applied.state;
    known.log.push(versioned);
    return [versioned];
  }
}

function storedSnapshotOf({ state, viewership }: MemoryRoom): StoredSnapshot {
  return { ...snapshotOf(state), viewership };
}
