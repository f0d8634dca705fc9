import type { ClientEvent, ClientEventName } from '@skein/protocol';

/** An event for a client before an edge encodes it. `version`: the room's, if the event carries it forward. */
export type EventOf<Name extends ClientEventName> = {
  readonly [Type in Name]: {
    readonly type: Type;
    readonly data: ClientEvent<Type>;
    readonly version?: number;
  };
}[Name];

/** An event that everyone in a room gets. */
export type RoomEvent = EventOf<'roomChanged' | 'roomReplaced' | 'viewersChanged'>;

/**
 * The events of one room at this gateway. An edge listens once for all of its clients that follow the channel, so that it
 * encodes each event once, however many they are.
 */
export interface RoomChannel {
  readonly room: string;
  /** `listener` gets every event from now on, in order, until the result is disposed. */
  listen(listener: (event: RoomEvent) => void): Disposable;
}

/** What the fan-out of a room needs of a client. Both calls are safe after its connection has closed. */
export interface RoomFollower {
  /** From now on the channel's events reach this client, in order with everything else it is sent. At most once per channel. */
  follow(channel: RoomChannel): void;
  /** Undoes `follow`. */
  unfollow(channel: RoomChannel): void;
}

/** The publishing end of a room's channel. */
export class RoomEvents implements RoomChannel {
  readonly room: string;
  readonly #listeners = new Set<(event: RoomEvent) => void>();

  constructor(room: string) {
    this.room = room;
  }

  listen(listener: (event: RoomEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  publish(event: RoomEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
