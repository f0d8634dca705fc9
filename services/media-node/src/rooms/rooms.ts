import type { Bus } from '@skein/bus';
import { RoomPublisher, type RoomFeeds, type RoomWrite } from '@skein/cluster';
import { roomAnnouncer, TRACK_STATE_EVERY_MS } from './announcer.ts';
import { Outbox } from './outbox.ts';
import { Paced } from './throttle.ts';
import { RoomHost, type RoomHostParts } from './room-host.ts';

/** How long a room that nobody is in any more keeps its routers for the next session, by default. */
export const ROOM_LINGER_MS = 1000;

export interface RoomsParts extends Omit<RoomHostParts, 'onRelayIdle'> {
  readonly bus: Bus;
  readonly feeds: RoomFeeds;
  /** Default: `ROOM_LINGER_MS`. */
  readonly roomLingerMs: number | undefined;
}

/** The rooms that are on this node. */
export class Rooms {
  readonly outbox: Outbox;
  readonly #parts: RoomsParts;
  readonly #news: RoomPublisher;
  readonly #paced: Paced;
  readonly #hosts = new Map<string, RoomHost>();
  readonly #lingering = new Map<string, Disposable>();

  constructor(parts: RoomsParts) {
    this.#parts = parts;
    const { bus, clock, random, log } = parts;
    this.#news = new RoomPublisher({ bus, clock });
    this.#paced = new Paced({ clock, everyMs: TRACK_STATE_EVERY_MS });
    this.outbox = new Outbox({ clock, random, log, onWritten: (room, write) => this.#written(room, write) });
  }

  get all(): readonly RoomHost[] {
    return [...this.#hosts.values()];
  }

  get size(): number {
    return this.#hosts.size;
  }

  get(room: string): RoomHost | undefined {
    return this.#hosts.get(room);
  }

  /** The room, made if it is not here yet. It goes when `release` finds nobody in it. */
  enter(room: string): RoomHost {
    this.#lingering.get(room)?.[Symbol.dispose]();
    this.#lingering.delete(room);
    const present = this.#hosts.get(room);
    if (present) return present;
    const { rooms, feeds, log } = this.#parts;
    const onWritten = (name: string, write: RoomWrite): void => this.#written(name, write);
    const { outbox } = this;
    const announce = roomAnnouncer(room, { rooms, outbox, paced: this.#paced, log, onWritten });
    const onRelayIdle = (name: string): void => this.release(name);
    const host = new RoomHost(room, announce, feeds.acquire(room), { ...this.#parts, onRelayIdle });
    this.#hosts.set(room, host);
    return host;
  }

  /** To be called when a session has left the room, or a relay was let go: an empty one is freed after its linger. */
  release(room: string): void {
    const host = this.#hosts.get(room);
    if (!host || host.inUse) return;
    this.#lingering.get(room)?.[Symbol.dispose]();
    this.#lingering.set(
      room,
      this.#parts.clock.after(this.#parts.roomLingerMs ?? ROOM_LINGER_MS, () => this.#free(host)),
    );
  }

  workerDied(index: number): void {
    for (const host of this.all) host.workerDied(index);
  }

  close(): void {
    for (const timer of this.#lingering.values()) timer[Symbol.dispose]();
    for (const host of this.all) this.#free(host);
    this.#paced.close();
    this.outbox.close();
    this.#news.close();
  }

  #free(host: RoomHost): void {
    this.#lingering.delete(host.name);
    this.#hosts.delete(host.name);
    host.close();
  }

  #written(room: string, write: RoomWrite): void {
    this.#hosts.get(room)?.feed.offer(write);
    this.#news.publish(room, write);
  }
}
