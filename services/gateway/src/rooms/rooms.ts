import type { Placed, RoomFeeds, RoomStore } from '@skein/cluster';
import { snapshotOf } from '@skein/protocol';
import type { ClientResponse, RoomSnapshot, SessionEndReason } from '@skein/protocol';
import type { Logger } from '@skein/telemetry';
import type { Broadcaster, Socket } from '../connections/socket.ts';
import type { SessionAddress } from '../sessions/session.ts';
import { Audience } from './audience.ts';

/** A client of this gateway in a room. */
export interface RoomMember {
  readonly socket: Socket;
  /** The room's state shows that the member's session is over. */
  handleSessionEnd(reason: SessionEndReason): void;
}

/** A client's place in a room's audience. */
export interface Membership {
  /** Takes in what placing this client changed; returns the state to answer with: no older than any event sent. */
  offer(placed: Placed): RoomSnapshot;
  /** From now on the member is told when the room's state shows that this session is over. `false`: it is already. */
  watch(address: SessionAddress): boolean;
  /** No more events. Safe to repeat; the last member of a room lets its feed go. */
  leave(): void;
}

export interface RoomsDeps {
  readonly feeds: RoomFeeds;
  readonly store: RoomStore;
  readonly broadcaster: Broadcaster;
  readonly log: Logger;
}

/** The rooms that this gateway has clients in: one feed each, fanned out to the sockets. */
export class Rooms {
  readonly #deps: RoomsDeps;
  readonly #audiences = new Map<string, Audience>();

  constructor(deps: RoomsDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#audiences.size;
  }

  /** Puts a client into a room's audience: from now on its socket gets every change. */
  enter(room: string, member: RoomMember): Membership {
    let audience = this.#audiences.get(room);
    if (!audience) {
      const { feeds, broadcaster, log } = this.#deps;
      audience = new Audience(room, feeds, broadcaster, log.child({ room }));
      this.#audiences.set(room, audience);
    }
    return this.#membership(audience, member);
  }

  /** What came after `version`, or the whole state. The store answers; without it, this gateway's own view does. */
  async sync(room: string, version: number): Promise<ClientResponse<'sync'>> {
    const { store, log } = this.#deps;
    const own = this.#audiences.get(room)?.state;
    if (own?.version === version) return { changes: [] };
    try {
      const changes = await store.changesSince(room, version);
      if (changes) return { changes: [...changes] };
      const snapshot = await store.snapshot(room);
      if (snapshot) return { snapshot };
    } catch (error) {
      if (!own) throw error;
      log.debug({ room, err: error }, 'a sync is answered without the store');
    }
    // The store has lost the room while it goes on: what is known here is the best there is until it grows back.
    const latest = this.#audiences.get(room)?.state ?? own;
    return latest ? { snapshot: snapshotOf(latest) } : { changes: [] };
  }

  #membership(audience: Audience, member: RoomMember): Membership {
    let inside = true;
    let identity: string | undefined;
    audience.add(member);
    return {
      offer: (placed) => audience.offer(placed),
      watch: (address) => {
        identity = address.identity;
        return audience.watch(address, member);
      },
      leave: () => {
        if (!inside) return;
        inside = false;
        audience.remove(member, identity);
        if (!audience.isEmpty) return;
        audience.close();
        this.#audiences.delete(audience.room);
      },
    };
  }
}
