import type { Bus } from '@skein/bus';
import { RoomPublisher, type RoomFeeds, type RoomWrite } from '@skein/cluster';
import { roomAnnouncer, TRACK_STATE_EVERY_MS } from './announcer.ts';
import { Outbox } from './outbox.ts';
import { Room, type RoomDeps } from './room.ts';
import type { RoomMedia } from './room-media.ts';
import { Throttle } from './throttle.ts';

/** How long an unused room keeps its routers for the next session, by default. */
export const ROOM_LINGER_MS = 1000;

export interface RoomsDeps extends Omit<RoomDeps, 'onRelayIdle'> {
  readonly bus: Bus;
  readonly feeds: RoomFeeds;
  /** Default: `ROOM_LINGER_MS`. */
  readonly roomLingerMs: number | undefined;
}

/** The rooms on this node. */
export class Rooms {
  readonly outbox: Outbox;
  readonly #deps: RoomsDeps;
  readonly #publisher: RoomPublisher;
  readonly #throttle: Throttle;
  readonly #rooms = new Map<string, Room>();
  readonly #lingering = new Map<string, Disposable>();

  constructor(deps: RoomsDeps) {
    this.#deps = deps;
    const { bus, clock, random, log } = deps;
    this.#publisher = new RoomPublisher({ bus, clock });
    this.#throttle = new Throttle({ clock, everyMs: TRACK_STATE_EVERY_MS });
    this.outbox = new Outbox({ clock, random, log, onWritten: (room, write) => this.#written(room, write) });
  }

  get all(): readonly Room[] {
    return [...this.#rooms.values()];
  }

  /** The media of all rooms. */
  get media(): readonly RoomMedia[] {
    return [...this.#rooms.values()].map(({ media }) => media);
  }

  get size(): number {
    return this.#rooms.size;
  }

  get(name: string): Room | undefined {
    return this.#rooms.get(name);
  }

  /** The room, created if it is not here yet. It closes some time after `release` finds it unused. */
  enter(name: string): Room {
    this.#lingering.get(name)?.[Symbol.dispose]();
    this.#lingering.delete(name);
    const present = this.#rooms.get(name);
    if (present) return present;
    const { rooms, feeds, log } = this.#deps;
    const onWritten = (written: string, write: RoomWrite): void => this.#written(written, write);
    const announce = roomAnnouncer(name, {
      ...{ rooms, log, onWritten },
      ...{ outbox: this.outbox, throttle: this.#throttle },
    });
    const onRelayIdle = (idle: string): void => this.release(idle);
    const room = new Room(name, announce, feeds.acquire(name), { ...this.#deps, onRelayIdle });
    this.#rooms.set(name, room);
    return room;
  }

  /** To be called when a session has left the room, or a relay has ended: an unused room closes after its linger. */
  release(name: string): void {
    const room = this.#rooms.get(name);
    if (!room || room.inUse) return;
    this.#lingering.get(name)?.[Symbol.dispose]();
    this.#lingering.set(
      name,
      this.#deps.clock.after(this.#deps.roomLingerMs ?? ROOM_LINGER_MS, () => this.#free(room)),
    );
  }

  workerDied(index: number): void {
    for (const room of this.all) room.workerDied(index);
  }

  close(): void {
    for (const timer of this.#lingering.values()) timer[Symbol.dispose]();
    for (const room of this.all) this.#free(room);
    this.#throttle.close();
    this.outbox.close();
    this.#publisher.close();
  }

  #free(room: Room): void {
    this.#lingering.delete(room.name);
    this.#rooms.delete(room.name);
    room.close();
  }

  #written(name: string, write: RoomWrite): void {
    this.#rooms.get(name)?.view.feed.offer(write);
    this.#publisher.publish(name, write);
  }
}
