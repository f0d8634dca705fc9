import { closeCodes } from '@skein/protocol';
import { eventually } from '@skein/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MemoryCluster } from '../../testing/memory-cluster.ts';
import { SILENCE_MS } from './connection.ts';
import { Connections } from './connections.ts';

let cluster: MemoryCluster;
beforeEach(async () => {
  cluster = await MemoryCluster.start();
});
afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

describe('the heartbeat', () => {
  test('pings a silent socket after each interval and closes it after 7 s; one that is heard is not pinged', async () => {
    const connections = new Connections(cluster.clock);
    const [silent, alive] = [await cluster.joined('ada'), await cluster.joined('bob')];
    connections.add(silent.connection);
    connections.add(alive.connection);
    const pass = async (ms: number): Promise<void> => {
      for (let passedMs = 0; passedMs < ms; passedMs += 500) {
        await cluster.clock.advance(500);
        if (passedMs % 2000 === 0) alive.connection.heard();
      }
    };
    await pass(SILENCE_MS - 500);
    expect([silent.socket.pings, alive.socket.pings]).toEqual([2, 0]);
    expect(silent.socket.closed).toBeUndefined();
    await pass(500);
    expect(silent.socket.closed?.code).toBe(closeCodes.heartbeatLost);
    expect(alive.socket.closed).toBeUndefined();
    connections.remove(silent.connection);
    connections.goAway();
  });

  test('does not count a pause of this process as silence of its clients', async () => {
    const { clock } = cluster;
    const connections = new Connections(clock);
    const [silent, alive] = [await cluster.joined('ada'), await cluster.joined('bob')];
    connections.add(silent.connection);
    connections.add(alive.connection);
    await clock.advance(500);
    // Timers are 20 s late, and what the clients sent meanwhile is read after them.
    const monotonicMs = clock.monotonicMs.bind(clock);
    vi.spyOn(clock, 'monotonicMs').mockImplementation(() => monotonicMs() + 20_000);
    await clock.advance(500);
    expect([silent.socket.closed, alive.socket.closed]).toEqual([undefined, undefined]);
    alive.connection.heard();
    await clock.advance(1500);
    expect(silent.socket.closed?.code).toBe(closeCodes.heartbeatLost);
    expect(alive.socket.closed).toBeUndefined();
    vi.restoreAllMocks();
    connections.goAway();
  });

  test('of a gateway that stops: every client is told, and every node keeps its session for a while', async () => {
    const connections = new Connections(cluster.clock);
    const clients = [await cluster.joined('ada'), await cluster.joined('bob')];
    for (const { connection } of clients) connections.add(connection);
    connections.goAway();
    for (const { socket } of clients) expect(socket.closed?.code).toBe(closeCodes.goingAway);
    await eventually('the node to be told of both', () => cluster.node.requests('detach').length === 2);
    expect(cluster.node.requests('close')).toHaveLength(0);
  });
});

describe('a gateway that drains', () => {
  test('asks its clients one after another to move over, and is done when the last one has', async () => {
    const connections = new Connections(cluster.clock);
    const clients = [await cluster.joined('ada'), await cluster.joined('bob')];
    for (const { connection } of clients) connections.add(connection);
    const asked = (): unknown[] => clients.map(({ socket }) => socket.events('moveOver')[0]?.data);
    let drained = false;
    const draining = connections.drain(10_000, 3000).then(() => (drained = true));
    await cluster.clock.advance(0);
    expect(asked()).toEqual([{ withinMs: 5000 }, undefined]);
    await cluster.clock.advance(1500);
    expect(asked()).toEqual([{ withinMs: 5000 }, { withinMs: 4250 }]);
    connections.remove(clients[0]!.connection);
    await cluster.clock.advance(100);
    expect(drained).toBe(false);
    connections.remove(clients[1]!.connection);
    await draining;
  });

  test('does not wait longer than it may', async () => {
    const connections = new Connections(cluster.clock);
    connections.add((await cluster.joined('ada')).connection);
    const draining = connections.drain(10_000, 3000);
    await cluster.clock.advance(10_000);
    await draining;
    connections.goAway();
  });
});
