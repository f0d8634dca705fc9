import type { Participant, RoomChange, Track, VersionedChange, Viewership } from '@skein/protocol';
import type { PlaceRequest, StoredSnapshot } from '../store/room-store.ts';
import { byArrival } from '../store/stored-entries.ts';
import type { StoreTime } from './store-time.ts';

const LOG_LENGTH = 512;

/** A participant or viewer. `claim`: the epoch at which this stay took the identity; 0 where that is not known. */
export interface Entry {
  readonly member: Participant;
  readonly isViewer: boolean;
  readonly claim: number;
  readonly stayId: string | undefined;
}

/** What an entry comes in place of. `reason`: of a move. */
export interface Replaced {
  readonly old: Entry | undefined;
  readonly now: number;
  readonly reason?: string;
}

/** One room in memory: its entries, tracks and log, and the version that each change raises. */
export class MemoryRoom {
  readonly name: string;
  readonly born: number;
  readonly entries: Map<string, Entry>;
  readonly tracks: Map<string, Track>;
  readonly #time: StoreTime;
  #log: readonly VersionedChange[] = [];
  #version: number;
  #viewership: Viewership | undefined;

  /** `born`: the version of its first change. */
  constructor(
    { name, born, time }: { readonly name: string; readonly born: number; readonly time: StoreTime },
    { entries = new Map<string, Entry>(), tracks = new Map<string, Track>() } = {},
  ) {
    this.name = name;
    this.born = born;
    this.#time = time;
    this.#version = born;
    this.entries = entries;
    this.tracks = tracks;
  }

  get version(): number {
    return this.#version;
  }

  get viewership(): Viewership | undefined {
    return this.#viewership;
  }

  copy(): MemoryRoom {
    const { name, born } = this;
    const content = { entries: new Map(this.entries), tracks: new Map(this.tracks) };
    const copy = new MemoryRoom({ name, born, time: this.#time }, content);
    [copy.#log, copy.#version, copy.#viewership] = [this.#log, this.#version, this.#viewership];
    return copy;
  }

  /** `isFirst`: the change that made the room has the version at which the room was born. */
  write(change: RoomChange, isFirst = false): VersionedChange {
    this.#time.tick();
    this.#version += isFirst ? 0 : 1;
    const versioned = { version: this.#version, change };
    this.#log = [...this.#log, versioned].slice(-LOG_LENGTH);
    return versioned;
  }

  trimLog(): void {
    this.#log = [];
  }

  changesSince(version: number): readonly VersionedChange[] | undefined {
    if (this.#version < version) return undefined;
    const after = this.#log.filter((change) => change.version > version);
    return after.length === this.#version - version ? after : undefined;
  }

  snapshot(): StoredSnapshot {
    const shown = [...this.entries.values()].filter(({ isViewer }) => !isViewer);
    return {
      ...{ room: this.name, version: this.#version },
      participants: shown.map(({ member }) => member).toSorted(byArrival),
      tracks: [...this.tracks.values()],
      ...(this.#viewership && { viewership: this.#viewership }),
    };
  }

  viewers(): readonly Participant[] {
    return [...this.entries.values()].filter(({ isViewer }) => isViewer).map(({ member }) => member);
  }

  countViewers(): Viewership {
    const viewers = this.viewers();
    const nodeIds = [...new Set(viewers.map(({ nodeId }) => nodeId))];
    const revision = Math.max(this.#time.nextUs(), (this.#viewership?.revision ?? 0) + 1);
    this.#viewership = { viewers: viewers.length, nodeIds, revision };
    return this.#viewership;
  }

  /** How many participants and viewers each node carries; without `except`. */
  hosts(except?: Entry): ReadonlyMap<string, number> {
    const hosts = new Map<string, number>();
    for (const entry of this.entries.values()) {
      const { nodeId } = entry.member;
      if (entry !== except) hosts.set(nodeId, (hosts.get(nodeId) ?? 0) + 1);
    }
    return hosts;
  }

  /** Of some nodes, the one that carries most of the room without `except`. */
  busiestHost(nodeIds: readonly string[], except?: Entry): string | undefined {
    const [busiest] = [...this.hosts(except)]
      .filter(([nodeId]) => nodeIds.includes(nodeId))
      .toSorted(([one, ones], [other, others]) => others - ones || (one < other ? -1 : 1));
    return busiest?.[0];
  }

  dropTracks(identity: string): void {
    for (const [id, track] of this.tracks) if (track.identity === identity) this.tracks.delete(id);
  }
}

/** What a client said of itself. */
export function profileOf({
  identity,
  name,
  metadata,
}: PlaceRequest): Pick<Participant, 'identity' | 'name' | 'metadata'> {
  return { identity, name, ...(metadata !== undefined && { metadata }) };
}
