import { describe, expect, it } from 'vitest';
import { RoomEvents } from '../../rooms/room-channel.ts';
import { FakeNetwork, FakeSocket } from '../../testing/fake-socket.ts';
import { RoomTopics } from './room-topics.ts';

function setUp() {
  const network = new FakeNetwork();
  const topics = new RoomTopics(network);
  const channel = new RoomEvents('blue');
  let encodings = 0;
  const publish = (viewers: number): void => {
    const data = { viewers, toJSON: () => (encodings++, { viewers }) };
    channel.publish({ type: 'viewersChanged', data });
  };
  return { network, topics, channel, publish, encodings: () => encodings };
}

describe('the topic of a room', () => {
  it('a room event is encoded once, however many sockets follow', () => {
    const { network, topics, channel, publish, encodings } = setUp();
    const sockets = Array.from({ length: 50 }, () => new FakeSocket(network));
    for (const socket of sockets) topics.follow(channel, socket);
    publish(1);
    publish(2);
    expect(encodings()).toBe(2);
    for (const { heard } of sockets)
      expect(heard).toEqual([1, 2].map((viewers) => ({ event: 'viewersChanged', data: { viewers } })));
  });

  it('a room event is not encoded while no socket follows', () => {
    const { network, topics, channel, publish, encodings } = setUp();
    publish(1);
    const [one, two] = [new FakeSocket(network), new FakeSocket(network)];
    topics.follow(channel, one);
    topics.follow(channel, two);
    topics.unfollow(channel, one);
    one.close(1000, '');
    publish(2);
    topics.unfollow(channel, two);
    publish(3);
    expect([encodings(), one.heard.length, two.heard.length]).toEqual([1, 0, 1]);
    topics.follow(channel, one);
    publish(4);
    expect(encodings()).toBe(2);
  });
});
