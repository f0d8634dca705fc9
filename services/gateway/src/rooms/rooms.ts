import type { Placed, RoomFeeds, RoomStore } from '@skein/cluster';
import type { ClientResponse, Participant, RoomSnapshot, RoomState, SessionRef } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { Broadcaster, Socket } from '../edges/websocket/socket.ts';
import { Audience } from './room-fanout.ts';
import type { RoomPage } from './pages.ts';

/** Whoever is told what the room's state says of a client's session. */
export interface SessionWatcher {
  /** Whether this entry of the room is a session of the same client, and not a takeover. */
  owns(participant: Participant): boolean;
  /** The room shows a later session of the identity, which is somebody else's. */
  handleSuperseded(): void;
  /** The room shows that the participant has left, with the session of `epoch`. */
  handleLeft(epoch: number, reason: string): void;
}

/** A client's place in a room's audience. */
export interface Membership {
  /** The room as this gateway holds it, in step with the store; `undefined` when it does not follow it yet. */
  readonly known: RoomState | undefined;
  /** Viewers in the room, as far as this gateway has heard. */
  readonly viewers: number | undefined;
  /** Takes in what placing this client changed; returns the state to answer with: no older than any event sent. */
  offer(placed: Placed): RoomSnapshot;
  /** The client's socket gets every change from now on. To be called in the turn that makes the client's answer. */
  listen(): void;
  /**
   * For a client that holds `version` already: what it is missing, or the whole state; no older than any event sent. From
   * then on its socket gets every change. This gateway's feed answers; the store is read only for what the feed lacks.
   */
  catchUp(version: number): Promise<ClientResponse<'sync'>>;
  /** A page of the state that all clients of the room were told of last, if it is that version and is still held. */
  page(version: number, page: number): RoomPage | undefined;
  /** From now on `watcher` is told when the room's state shows that this session is over. `false`: it is already. */
  watch(address: SessionRef, watcher: SessionWatcher): boolean;
  /** No more events. Safe to repeat; the last member of a room lets its feed go. */
  leave(): void;
}

export interface RoomsDeps {
  readonly feeds: RoomFeeds;
  readonly store: RoomStore;
  readonly broadcaster: Broadcaster;
  readonly clock: Clock;
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

  /** Puts a client into a room's audience. Its socket gets nothing of the room before `listen` or `catchUp`. */
  enter(room: string, socket: Socket): Membership {
    let audience = this.#audiences.get(room);
    if (!audience) {
      audience = new Audience(room, { ...this.#deps, log: this.#deps.log.child({ room }) });
      this.#audiences.set(room, audience);
    }
    return this.#membership(audience, socket);
  }

  #membership(audience: Audience, socket: Socket): Membership {
    let inside = true;
    let watched: Disposable | undefined;
    audience.add(socket);
    return {
      get known() {
        return audience.known;
      },
      get viewers() {
        return audience.viewers;
      },
      offer: (placed) => audience.offer(placed),
      listen: () => audience.listen(socket),
      catchUp: (version) => audience.catchUp(version, socket),
      page: (version, page) => audience.page(version, page),
      watch: (address, watcher) => {
        const watch = audience.watch(address, watcher);
        watched = watch ?? watched;
        return watch !== undefined;
      },
      leave: () => {
        if (!inside) return;
        inside = false;
        watched?.[Symbol.dispose]();
        audience.remove(socket);
        if (!audience.isEmpty) return;
        audience.close();
        this.#audiences.delete(audience.room);
      },
    };
  }
}
