import type { RoomChannel } from '../../rooms/room-channel.ts';
import { encodeEvent } from './messages.ts';
import type { Broadcaster, Socket } from './socket.ts';

interface Topic {
  readonly name: string;
  readonly listening: Disposable;
  followers: number;
}

/**
 * Brings the events of rooms to this gateway's sockets, by the transport's topics: each event is encoded once, however many
 * sockets follow its room.
 */
export class RoomTopics {
  readonly #broadcaster: Broadcaster;
  readonly #topics = new Map<RoomChannel, Topic>();

  constructor(broadcaster: Broadcaster) {
    this.#broadcaster = broadcaster;
  }

  follow(channel: RoomChannel, socket: Socket): void {
    const topic = this.#topics.get(channel) ?? this.#open(channel);
    topic.followers++;
    socket.subscribe(topic.name);
  }

  /** Undoes one `follow`, also of a socket that has closed. */
  unfollow(channel: RoomChannel, socket: Socket): void {
    const topic = this.#topics.get(channel);
    if (!topic) return;
    socket.unsubscribe(topic.name);
    if (--topic.followers > 0) return;
    topic.listening[Symbol.dispose]();
    this.#topics.delete(channel);
  }

  #open(channel: RoomChannel): Topic {
    const name = `room/${channel.room}`;
    const listening = channel.listen((event) => this.#broadcaster.publish(name, encodeEvent(event)));
    const topic = { name, listening, followers: 0 };
    this.#topics.set(channel, topic);
    return topic;
  }
}
