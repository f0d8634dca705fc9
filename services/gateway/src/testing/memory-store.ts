import type {
  ClusterStore,
  Held,
  LeaderLease,
  MoveRequest,
  NodeRegistry,
  Placed,
  PlaceRequest,
  RegisteredNode,
  RoomStore,
  RoomWrite,
  SessionRef,
} from '@skein/cluster';
import { applyChange, roomStateOf, SkeinError, snapshotOf } from '@skein/protocol';
import type {
  NodeRecord,
  Participant,
  RoomChange,
  RoomSnapshot,
  RoomState,
  Track,
  VersionedChange,
} from '@skein/protocol';

interface MemoryRoom {
  state: RoomState;
  readonly log: VersionedChange[];
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
      list: () =>
        Promise.resolve(
          [...this.records.values()].map((record): RegisteredNode => ({ record, fence: 1, leaseAgeMs: 0 })),
        ),
      countAssignment: () => Promise.resolve(1),
    };
  }

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
    const known = this.#rooms.get(request.room);
    const superseded = known?.state.participants.get(request.identity);
    if (!superseded && (known?.state.participants.size ?? 0) >= request.maxParticipants) {
      throw new SkeinError('ROOM_FULL', 'the room is full');
    }
    return await Promise.resolve(this.#put(request, superseded));
  }

  async move(request: MoveRequest): Promise<Placed> {
    this.#check();
    const old = this.#rooms.get(request.room)?.state.participants.get(request.identity);
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
    const current = this.#rooms.get(room)?.state.participants.get(identity)?.epoch;
    if (current !== epoch) return { changes: [] };
    const changes = this.#write(room, { type: 'participantLeft', identity, epoch, reason });
    if (this.#rooms.get(room)?.state.participants.size === 0) this.#rooms.delete(room);
    return await Promise.resolve({ changes });
  }

  async snapshot(room: string): Promise<RoomSnapshot | undefined> {
    this.#check();
    const known = this.#rooms.get(room);
    return await Promise.resolve(known && snapshotOf(known.state));
  }

  async changesSince(room: string, version: number): Promise<readonly VersionedChange[] | undefined> {
    this.#check();
    const known = this.#rooms.get(room);
    const after = known?.log.filter((change) => change.version > version);
    return await Promise.resolve(
      after && after.length === (known?.state.version ?? 0) - version ? after : undefined,
    );
  }

  async versions(rooms: readonly string[]): Promise<readonly (number | undefined)[]> {
    this.#check();
    return await Promise.resolve(rooms.map((room) => this.#rooms.get(room)?.state.version));
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
    const change: RoomChange =
      movedBy === undefined
        ? { type: 'participantJoined', participant }
        : { type: 'participantMoved', participant, reason: movedBy };
    const changes = this.#write(room, change);
    const { state } = this.#rooms.get(room)!;
    return { participant, superseded, changes, snapshot: snapshotOf(state) };
  }

  #check(): void {
    if (this.failure) throw this.failure;
  }

  #write(room: string, change: RoomChange): VersionedChange[] {
    const empty = roomStateOf({ room, version: ++this.#epoch, participants: [], tracks: [] });
    const known = this.#rooms.get(room) ?? { state: empty, log: [] };
    const versioned = { version: known.state.version + 1, change };
    const applied = applyChange(known.state, versioned);
    if (applied.outcome === 'applied') known.state = applied.state;
    known.log.push(versioned);
    this.#rooms.set(room, known);
    return [versioned];
  }
}
