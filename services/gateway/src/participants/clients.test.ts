import { closeCodes } from '@skein/protocol';
import { eventually } from '@skein/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryCluster } from '../testing/memory-cluster.ts';
import { Clients } from './clients.ts';

let cluster: MemoryCluster;
beforeEach(async () => {
  cluster = await MemoryCluster.start();
});
afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

describe('a gateway that drains', () => {
  it('a drain asks clients to move one after another and ends with the last one', async () => {
    const clients = new Clients(cluster.clock);
    const joined = [await cluster.joined('ada'), await cluster.joined('bob')];
    for (const { connection } of joined) clients.add(connection);
    const asked = (): unknown[] => joined.map(({ socket }) => socket.events('moveOver')[0]?.data);
    let drained = false;
    const draining = clients.drain(10_000, 3000).then(() => (drained = true));
    await cluster.clock.advance(0);
    expect(asked()).toEqual([{ withinMs: 5000 }, undefined]);
    await cluster.clock.advance(1500);
    expect(asked()).toEqual([{ withinMs: 5000 }, { withinMs: 4250 }]);
    clients.remove(joined[0]!.connection);
    await cluster.clock.advance(100);
    expect(drained).toBe(false);
    clients.remove(joined[1]!.connection);
    await draining;
  });

  it('a drain stops waiting at its deadline', async () => {
    const clients = new Clients(cluster.clock);
    clients.add((await cluster.joined('ada')).connection);
    const draining = clients.drain(10_000, 3000);
    await cluster.clock.advance(10_000);
    await draining;
    clients.disconnect();
  });

  it('a disconnect keeps the sessions of the clients waiting', async () => {
    const clients = new Clients(cluster.clock);
    const joined = [await cluster.joined('ada'), await cluster.joined('bob')];
    for (const { connection } of joined) clients.add(connection);
    clients.disconnect();
    for (const { socket } of joined) expect(socket.closed?.code).toBe(closeCodes.goingAway);
    await eventually('both detaches', () => cluster.node.requests('detach').length === 2);
    expect(cluster.node.requests('close')).toHaveLength(0);
  });
});
