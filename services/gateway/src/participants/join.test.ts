import { type ClientResponse, SkeinError } from '@skein/protocol';
import { eventually } from '@skein/testkit';
import { describe, expect, it } from 'vitest';
import { joinRequest, MemoryCluster } from '../testing/memory-cluster.ts';

type Joined = ClientResponse<'join'>;

describe('a join', () => {
  it('a join is answered with the room, the session, its transports and the identity', async () => {
    await using cluster = await MemoryCluster.start();
    await cluster.joined('bob');
    const client = cluster.client();
    const { data } = await client.request('join', { ...joinRequest, metadata: '{"seat":4}' });
    const joined = data as Joined;
    expect(joined).toMatchObject({
      nodeId: 'node-1',
      iceServers: [],
      subscriptions: [],
      sendTransport: { id: 't1' },
    });
    expect(joined.identity).toMatch(/^usr_/);
    const { identity, sessionId, epoch } = joined;
    const own = { identity, sessionId, epoch, name: 'Ada', metadata: '{"seat":4}' };
    expect(joined.room.participants).toMatchObject([{ identity: 'bob' }, own]);
  });

  it("an open request carries the placing version and the client's capabilities", async () => {
    await using cluster = await MemoryCluster.start();
    const { data } = await cluster.client().request('join', { ...joinRequest, autoSubscribe: false });
    const { room, identity } = data as Joined;
    expect(cluster.node.requests('open')[0]?.data).toMatchObject({
      identity,
      roomVersion: room.version,
      rtpCapabilities: joinRequest.rtpCapabilities,
      autoSubscribe: false,
    });
  });

  it.each(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'TOO_MANY_REQUESTS', 'LIMIT_EXCEEDED'] as const)(
    'a join tries another node after %s and undoes the first placement',
    async (code) => {
      await using cluster = await MemoryCluster.start({ nodes: 2 });
      const [first, second] = cluster.nodes;
      first!.on('open', () => {
        throw new SkeinError(code, 'not me');
      });
      const { data } = await cluster.client().request('join', joinRequest);
      expect(data).toMatchObject({ nodeId: 'node-2' });
      expect((data as Joined).room.participants).toHaveLength(1);
      await eventually('the first node to be told', () => first!.requests('close').length > 0);
      expect(second!.requests('close')).toHaveLength(0);
    },
  );

  it('a join tries three nodes, then fails with the last error and no trace', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 4 });
    for (const node of cluster.nodes) {
      node.on('open', () => {
        throw SkeinError.unavailable(node.nodeId);
      });
    }
    const client = cluster.client();
    const { error } = await client.request('join', joinRequest);
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: 1000 });
    expect(cluster.nodes.map((node) => node.requests('open').length).toSorted()).toEqual([0, 1, 1, 1]);
    expect(await cluster.store.snapshot('blue')).toBeUndefined();
    expect(cluster.participants.roomCount).toBe(0);
    expect(client.socket.topics.size).toBe(0);
    expect(client.connection.state).toBe('open');
  });

  it("a join fails with the only node's error, not with NO_NODE_AVAILABLE", async () => {
    await using cluster = await MemoryCluster.start();
    cluster.node.on('open', () => {
      throw new SkeinError('LIMIT_EXCEEDED', 'full');
    });
    expect(await cluster.client().request('join', joinRequest)).toMatchObject({
      error: { code: 'LIMIT_EXCEEDED' },
    });
  });

  it.each(['INCOMPATIBLE_CODECS', 'INVALID_ARGUMENT', 'STALE_EPOCH', 'INTERNAL'] as const)(
    'a join does not try another node after %s',
    async (code) => {
      await using cluster = await MemoryCluster.start({ nodes: 2 });
      for (const node of cluster.nodes) {
        node.on('open', () => {
          throw new SkeinError(code, 'no');
        });
      }
      expect(await cluster.client().request('join', joinRequest)).toMatchObject({ error: { code } });
      expect(cluster.nodes.flatMap((node) => node.requests('open'))).toHaveLength(1);
    },
  );

  it('a join that names a node is placed there or fails', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    const wish = { ...joinRequest, nodeId: 'node-2' };
    expect(await cluster.client().request('join', wish)).toMatchObject({ data: { nodeId: 'node-2' } });
    cluster.nodes[1]!.on('open', () => {
      throw SkeinError.unavailable('node-2');
    });
    expect(await cluster.client().request('join', wish)).toMatchObject({ error: { code: 'UNAVAILABLE' } });
    const unknown = { ...joinRequest, nodeId: 'node-9' };
    expect(await cluster.client().request('join', unknown)).toMatchObject({
      error: { code: 'NODE_NOT_FOUND' },
    });
  });

  it('a join that names a node is denied unless the gateway allows it', async () => {
    await using cluster = await MemoryCluster.start();
    cluster.nodeChoice = false;
    const strict = await cluster.addGateway();
    const client = cluster.client(strict);
    expect(await client.request('join', { ...joinRequest, nodeId: 'node-1' })).toMatchObject({
      error: { code: 'PERMISSION_DENIED', details: { field: 'data.nodeId' } },
    });
    expect(await cluster.store.snapshot('blue')).toBeUndefined();
    expect(cluster.node.asked).toEqual([]);
    expect(await client.request('join', joinRequest)).toMatchObject({ data: { nodeId: 'node-1' } });
  });

  it('a join that names a full node fails and is not tried elsewhere', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    cluster.node.on('open', () => {
      throw new SkeinError('LIMIT_EXCEEDED', 'full');
    });
    expect(await cluster.client().request('join', { ...joinRequest, nodeId: 'node-1' })).toMatchObject({
      error: { code: 'LIMIT_EXCEEDED' },
    });
    expect(cluster.nodes[1]!.asked).toEqual([]);
    expect(await cluster.store.snapshot('blue')).toBeUndefined();
  });

  it("a join fails with the store's error", async () => {
    await using cluster = await MemoryCluster.start({ maxParticipants: 1 });
    await cluster.joined('ada');
    expect(await cluster.client().request('join', joinRequest)).toMatchObject({
      error: { code: 'ROOM_FULL' },
    });
    cluster.store.failure = SkeinError.unavailable('the store');
    expect(await cluster.client().request('join', { ...joinRequest, room: 'red' })).toMatchObject({
      error: { code: 'UNAVAILABLE', retryAfterMs: 1000 },
    });
    await using empty = await MemoryCluster.start({ nodes: 0 });
    expect(await empty.client().request('join', joinRequest)).toMatchObject({
      error: { code: 'NO_NODE_AVAILABLE' },
    });
  });

  it('a join without the bus fails before anything is written', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 3 });
    const ada = await cluster.joined('ada');
    const before = await cluster.store.snapshot('blue');
    cluster.hub.setDown(true);
    for (const identity of ['bob', 'ada']) {
      const refused = await cluster.client().request('join', { ...joinRequest, identity });
      expect(refused).toMatchObject({ error: { code: 'UNAVAILABLE', retryAfterMs: expect.any(Number) } });
    }
    await cluster.clock.advance(60_000);
    expect(await cluster.store.snapshot('blue')).toEqual(before);
    cluster.hub.setDown(false);
    await cluster.clock.advance(10_000);
    expect(ada.socket.events('sessionClosed')).toEqual([]);
    expect(ada.socket.events('roomChanged')).toEqual([]);
  });

  it('a join brings no room events before its node has opened the session', async () => {
    await using cluster = await MemoryCluster.start();
    await cluster.joined('bob');
    let take: () => void = () => {};
    const taken = new Promise<void>((resolve) => (take = resolve));
    const client = cluster.client();
    cluster.node.on('open', async (request) => {
      if ((request.data as { identity: string }).identity === 'ada') await taken;
      return cluster.node.opened(request);
    });
    const id = client.send('join', { ...joinRequest, identity: 'ada' });
    await eventually('the node to be asked', () => cluster.node.requests('open').length === 2);
    await cluster.joined('cho');
    expect(client.socket.topics.size).toBe(0);
    expect(client.socket.events('roomChanged')).toEqual([]);
    take();
    await eventually('the answer', () => client.socket.answer(id));
    const { room } = client.socket.answer(id)!.data as Joined;
    expect(room.participants.map(({ identity }) => identity)).toEqual(['bob', 'ada', 'cho']);
    await cluster.joined('dan');
    expect(client.socket.events('roomChanged').map(({ version }) => version)).toEqual([room.version + 1]);
  });

  it('a join is undone when the socket closes meanwhile', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    let release: (answer: unknown) => void = () => {};
    const held = new Promise((resolve) => (release = resolve));
    cluster.node.on('open', () => held);
    const client = cluster.client();
    client.send('join', joinRequest);
    await eventually('the node to be asked', () => cluster.node.requests('open').length === 1);
    client.socket.close(1006, '');
    release({ transports: [{}, {}] });
    await eventually('the node to be told', () => cluster.node.requests('close').length === 1);
    await eventually('the room to be gone', async () => (await cluster.store.snapshot('blue')) === undefined);
    expect(cluster.participants.roomCount).toBe(0);
    expect(cluster.nodes[1]!.asked).toHaveLength(0);
  });

  it('a join takes over an identity and ends its earlier session', async () => {
    await using cluster = await MemoryCluster.start();
    const earlier = await cluster.joined('ada');
    const later = await cluster.joined('ada');
    expect(await earlier.event('sessionClosed')).toMatchObject({ data: { reason: 'superseded' } });
    const [first] = cluster.node.requests('open');
    await eventually('the end of the first', () => cluster.node.requests('close').length === 1);
    expect(cluster.node.requests('close')).toMatchObject([
      { sessionId: first?.sessionId, epoch: first?.epoch, data: { reason: 'superseded' } },
    ]);
    expect(await earlier.request('restartIce', { direction: 'send' })).toMatchObject({
      error: { code: 'STALE_EPOCH' },
    });
    earlier.socket.close(1000, '');
    expect(await later.request('restartIce', { direction: 'send' })).toHaveProperty('data');
    expect((await cluster.store.snapshot('blue'))?.participants).toHaveLength(1);
    expect(later.socket.events('sessionClosed')).toHaveLength(0);
  });
});
