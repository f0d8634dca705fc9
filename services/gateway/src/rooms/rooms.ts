import type { RoomMembership } from './membership.ts';
import type { RoomFollower } from './room-channel.ts';
import { RoomFanout, type RoomFanoutDeps } from './room-fanout.ts';

/** The rooms that this gateway has clients in: one feed each, fanned out to the clients. */
export class Rooms {
  readonly #deps: RoomFanoutDeps;
  readonly #fanouts = new Map<string, RoomFanout>();

  constructor(deps: RoomFanoutDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#fanouts.size;
  }

  /** Makes a client a member of a room. It gets no events of the room before `follow` or `catchUp`. */
  enter(room: string, client: RoomFollower): RoomMembership {
    let fanout = this.#fanouts.get(room);
    if (!fanout) {
      fanout = new RoomFanout(room, { ...this.#deps, log: this.#deps.log.child({ room }) });
      this.#fanouts.set(room, fanout);
    }
    return this.#membership(fanout, client);
  }

  #membership(fanout: RoomFanout, client: RoomFollower): RoomMembership {
    let inside = true;
    let watched: Disposable | undefined;
    fanout.add(client);
    return {
      get known() {
        return fanout.known;
      },
      get viewers() {
        return fanout.viewers;
      },
      apply: (placed) => fanout.apply(placed),
      follow: () => fanout.follow(client),
      catchUp: (version) => fanout.catchUp(version, client),
      page: (version, page) => fanout.page(version, page),
      watch: (ref, watcher) => {
        const watch = fanout.watch(ref, watcher);
        watched = watch ?? watched;
        return watch !== undefined;
      },
      leave: () => {
        if (!inside) return;
        inside = false;
        watched?.[Symbol.dispose]();
        fanout.remove(client);
        if (!fanout.isEmpty) return;
        fanout.close();
        this.#fanouts.delete(fanout.room);
      },
    };
  }
}
