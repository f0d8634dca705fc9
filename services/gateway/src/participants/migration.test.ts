import { publishChanges } from '@skein/cluster';
import { SkeinError } from '@skein/protocol';
import type { ClientEvent, ClientResponse, RoomChange } from '@skein/protocol';
import { eventually } from '@skein/testkit';
import { describe, expect, test } from 'vitest';
import { HAND_OVER_DEADLINE_MS } from './participant-session.ts';
import { joinRequest, MemoryCluster } from '../testing/memory-cluster.ts';
import type { MemoryClient } from '../testing/memory-cluster.ts';
import type { ScriptedNode } from '../testing/scripted-node.ts';
import { MOVES_AT_ONCE } from './moves.ts';
import { REBUILD_DEADLINE_MS } from './migration-policy.ts';

function joinedAs(client: MemoryClient): ClientResponse<'join'> {
  return client.socket.answer('r1')!.data as ClientResponse<'join'>;
}

async function movedTo(client: MemoryClient): Promise<ClientEvent<'sessionMoved'>> {
  return (await client.event('sessionMoved')).data as ClientEvent<'sessionMoved'>;
}

function changesOf(client: MemoryClient): string[] {
  return client.socket.events('roomChanged').map(({ data }) => (data as RoomChange).type);
}

function requestMove(node: ScriptedNode, client: MemoryClient): void {
  const data = { reason: 'drain' as const, deadlineMs: 60_000 };
  node.tell(joinedAs(client).sessionId, { event: 'moveRequested', data });
}

describe('when a node dies', () => {
  test('its clients have a session elsewhere, and others see neither a leave nor a join', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    const [first, second] = cluster.nodes;
    const ada = await cluster.joined('ada');
    second!.on('open', ({ sessionId }) => {
      second!.tell(sessionId, {
        event: 'subscriptionLayersChanged',
        data: { subscriptionId: 's', trackId: 't' },
      });
      return { resumeToken: 'tok_2', attachment: 1, transports: [{}, {}], subscriptions: [] };
    });
    const before = joinedAs(ada);
    cluster.kill(first!);
    const moved = await movedTo(ada);
    expect(moved).toMatchObject({
      mode: 'rebuild',
      reason: 'node-died',
      nodeId: 'node-2',
      resumeToken: 'tok_2',
      iceServers: [],
      deadlineMs: 10_000,
    });
    expect(moved.epoch).toBeGreaterThan(before.epoch);
    expect(second!.requests('open')[0]).toMatchObject({
      sessionId: moved.sessionId,
      data: { identity: 'ada', autoSubscribe: true, rtpCapabilities: joinRequest.rtpCapabilities },
    });
    await ada.event('subscriptionLayersChanged');
    const events = ada.socket.heard.map(({ event }) => event);
    expect(events.indexOf('subscriptionLayersChanged')).toBeGreaterThan(events.indexOf('sessionMoved'));
    expect(changesOf(ada)).toEqual(['participantMoved']);
    expect(ada.socket.events('sessionClosed')).toHaveLength(0);
  });

  test('requests are answered UNAVAILABLE meanwhile, and then by the new node', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    const ada = await cluster.joined('ada');
    cluster.store.failure = SkeinError.unavailable('the store');
    cluster.kill(cluster.node);
    const waiting = await ada.request('unsubscribe', { subscriptionId: 's' });
    expect(waiting.error).toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: expect.any(Number) });
    cluster.store.failure = undefined;
    await cluster.passing('the move', () => ada.socket.events('sessionMoved').length > 0);
    const stale = await ada.request('restartIce', { direction: 'send', epoch: joinedAs(ada).epoch });
    expect(stale.error?.code).toBe('STALE_EPOCH');
    const { epoch } = await movedTo(ada);
    expect(await ada.request('restartIce', { direction: 'send', epoch })).toHaveProperty('data');
    expect(cluster.nodes[1]!.requests('restartIce')).toHaveLength(1);
  });

  test('a request that waits for its node is answered as soon as that is known', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    const ada = await cluster.joined('ada');
    cluster.node.on('subscribe', () => new Promise(() => {}));
    const id = ada.send('subscribe', { trackId: 'trk_1' });
    await eventually('the node to be asked', () => cluster.node.requests('subscribe').length > 0);
    cluster.kill(cluster.node);
    await ada.event('sessionMoved');
    expect(ada.socket.answer(id)).toMatchObject({ error: { code: 'UNAVAILABLE' } });
  });

  test('a node that does not take a session is followed by another one', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 3 });
    cluster.nodes[1]!.on('open', () => {
      throw SkeinError.unavailable('node-2');
    });
    const ada = await cluster.joined('ada');
    cluster.kill(cluster.node);
    await cluster.passing('the move', () => ada.socket.events('sessionMoved').length > 0);
    expect(await movedTo(ada)).toMatchObject({ nodeId: 'node-3', reason: 'node-died' });
    expect(cluster.nodes[1]!.requests('close')).toMatchObject([{ data: { reason: 'moved' } }]);
    expect((await cluster.store.snapshot('blue'))?.participants).toMatchObject([{ nodeId: 'node-3' }]);
  });

  test('an outage of the store or the bus is waited for, however long', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    const ada = await cluster.joined('ada');
    cluster.store.failure = SkeinError.unavailable('the store');
    cluster.kill(cluster.node);
    await cluster.clock.advance(3 * REBUILD_DEADLINE_MS);
    cluster.hub.setDown(true);
    cluster.store.failure = undefined;
    await cluster.clock.advance(3 * REBUILD_DEADLINE_MS);
    expect(ada.socket.events('sessionClosed')).toHaveLength(0);
    cluster.hub.setDown(false);
    await cluster.passing('the move', () => ada.socket.events('sessionMoved').length > 0);
    expect(cluster.nodes[1]!.requests('open')).toHaveLength(1);
  });

  test('a client is told that its session is over when nobody takes it for 30 s', async () => {
    await using cluster = await MemoryCluster.start();
    const ada = await cluster.joined('ada');
    cluster.kill(cluster.node);
    await cluster.clock.advance(REBUILD_DEADLINE_MS - 3000);
    expect(ada.socket.events('sessionClosed')).toHaveLength(0);
    await cluster.clock.advance(6000);
    expect(await ada.event('sessionClosed')).toMatchObject({ data: { reason: 'node-stopped' } });
    expect((await ada.request('restartIce', { direction: 'send' })).error?.code).toBe('STALE_EPOCH');
  });

  test('it may take its clients again once it was started anew', async () => {
    await using cluster = await MemoryCluster.start();
    const ada = await cluster.joined('ada');
    cluster.kill(cluster.node);
    await cluster.clock.advance(2000);
    cluster.addNode('node-1', 2);
    await cluster.passing('the move', () => ada.socket.events('sessionMoved').length > 0);
    expect(await movedTo(ada)).toMatchObject({ nodeId: 'node-1' });
  });

  test('a later join of the same identity wins, and the move gives way', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    const other = await cluster.addGateway();
    const ada = await cluster.joined('ada');
    cluster.store.failure = SkeinError.unavailable('the store');
    cluster.kill(cluster.node);
    await cluster.clock.advance(100);
    cluster.store.failure = undefined;
    const later = await cluster.joined('ada', 'blue', other);
    await cluster.clock.advance(5000);
    expect(await ada.event('sessionClosed')).toMatchObject({ data: { reason: 'superseded' } });
    expect(ada.socket.events('sessionMoved')).toHaveLength(0);
    expect(later.socket.events('sessionClosed')).toHaveLength(0);
  });

  test('a client that leaves while it is being moved leaves no ghost', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    const bob = await cluster.joined('bob', 'red');
    let open: (answer: unknown) => void = () => {};
    const held = new Promise((resolve) => (open = resolve));
    const ada = await cluster.joined('ada');
    cluster.nodes[1]!.on('open', () => held);
    cluster.kill(cluster.node);
    await eventually('the node to be asked', () => cluster.nodes[1]!.requests('open').length > 0);
    ada.socket.close(1001, '');
    open({ attachment: 1, transports: [{}, {}] });
    await eventually('an empty room', async () => (await cluster.store.snapshot('blue')) === undefined);
    expect(ada.socket.events('sessionMoved')).toHaveLength(0);
    expect(bob.connection.phase).toBe('inRoom');
  });

  test(`${MOVES_AT_ONCE} moves run at once, the others in the order in which they came`, async () => {
    await using cluster = await MemoryCluster.start({ maxParticipants: 100 });
    const clients = [];
    for (let at = 0; at < MOVES_AT_ONCE + 4; at++) clients.push(await cluster.joined(`guest ${at}`));
    const [first, second] = [cluster.node, cluster.addNode('node-2')];
    await cluster.clock.advance(2000);
    const answers: (() => void)[] = [];
    second.on(
      'open',
      () => new Promise((resolve) => answers.push(() => resolve({ attachment: 1, transports: [{}, {}] }))),
    );
    cluster.kill(first);
    await eventually('the first moves', () => answers.length === MOVES_AT_ONCE);
    await cluster.clock.advance(1000);
    expect(answers).toHaveLength(MOVES_AT_ONCE);
    answers[0]!();
    await eventually('the next one', () => answers.length === MOVES_AT_ONCE + 1);
    for (let at = 1; at < clients.length; at++) {
      await eventually('its turn', () => answers[at]);
      answers[at]!();
    }
    for (const client of clients) await movedTo(client);
  });
});

describe('a session that is lost', () => {
  test.each([
    ['its worker died', 'worker-died'],
    ['its node stopped', 'node-stopped'],
  ] as const)('because %s is replaced, without a word of the loss', async (_, reason) => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    const ada = await cluster.joined('ada');
    cluster.node.tell(joinedAs(ada).sessionId, { event: 'sessionClosed', data: { reason } });
    expect(await movedTo(ada)).toMatchObject({ mode: 'rebuild', reason });
    expect(ada.socket.events('sessionClosed')).toHaveLength(0);
  });

  test('is replaced elsewhere when the next node cannot open it, and says so in the room', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 3 });
    const ada = await cluster.joined('ada');
    await cluster.joined('bob');
    const tried: string[] = [];
    for (const node of cluster.nodes) {
      node.on('open', async ({ room, epoch }) => {
        tried.push(node.nodeId);
        if (tried.length > 1)
          return { resumeToken: 't', attachment: 1, transports: [{}, {}], subscriptions: [] };
        const left = await cluster.store.leave(room, { identity: 'ada', epoch }, 'could not be opened');
        publishChanges(cluster.bus, room, left.changes);
        throw SkeinError.unavailable('the media worker');
      });
    }
    const { nodeId, sessionId } = joinedAs(ada);
    const holder = cluster.nodes.find((node) => node.nodeId === nodeId);
    holder!.tell(sessionId, { event: 'sessionClosed', data: { reason: 'worker-died' } });
    await cluster.passing('the move', () => ada.socket.events('sessionMoved').length > 0);
    expect(await movedTo(ada)).toMatchObject({ mode: 'rebuild', nodeId: tried[1] });
    expect(ada.socket.events('sessionClosed')).toHaveLength(0);
  });

  test('is found by a request that its node knows nothing of', async () => {
    await using cluster = await MemoryCluster.start();
    const ada = await cluster.joined('ada');
    cluster.node.on('subscribe', () => {
      throw new SkeinError('SESSION_NOT_FOUND', 'no such session');
    });
    const { error } = await ada.request('subscribe', { trackId: 'trk_1' });
    expect(error?.code).toBe('UNAVAILABLE');
    expect(await movedTo(ada)).toMatchObject({ mode: 'rebuild', nodeId: 'node-1' });
  });
});

describe('a session that its node wants to be elsewhere', () => {
  test('goes on until the client has taken up the new one', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    const [first, second] = cluster.nodes;
    const ada = await cluster.joined('ada');
    requestMove(first!, ada);
    const moved = await movedTo(ada);
    expect(moved).toMatchObject({ mode: 'switch', reason: 'drain', nodeId: 'node-2', deadlineMs: 15_000 });
    await ada.request('unsubscribe', { subscriptionId: 's' });
    expect(second!.requests('unsubscribe')).toHaveLength(1);
    expect(first!.requests('close')).toHaveLength(0);
    first!.tell(joinedAs(ada).sessionId, {
      event: 'subscriptionClosed',
      data: { subscriptionId: 'sub_1', trackId: 'trk_1', reason: 'unpublished' },
    });
    await ada.event('subscriptionClosed');
    await ada.request('finishMove', { epoch: moved.epoch });
    await eventually('the first to be told', () => first!.requests('close').length > 0);
    const { sessionId } = joinedAs(ada);
    expect(first!.requests('close')).toMatchObject([{ sessionId, data: { reason: 'moved' } }]);
    expect(await ada.request('finishMove', { epoch: moved.epoch })).toMatchObject({ data: {} });
    expect(changesOf(ada)).toEqual(['participantMoved']);
  });

  test('is let go after 15 s when the client does not say so', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    const ada = await cluster.joined('ada');
    requestMove(cluster.node, ada);
    await movedTo(ada);
    await cluster.clock.advance(HAND_OVER_DEADLINE_MS - 1);
    expect(cluster.node.requests('close')).toHaveLength(0);
    await cluster.clock.advance(1);
    await eventually('the first to be told', () => cluster.node.requests('close').length === 1);
  });

  test('stays where it is when there is no other node, and is asked again', async () => {
    await using cluster = await MemoryCluster.start();
    const ada = await cluster.joined('ada');
    requestMove(cluster.node, ada);
    await cluster.clock.advance(1000);
    expect(await ada.request('restartIce', { direction: 'send' })).toHaveProperty('data');
    expect(ada.socket.events('sessionMoved')).toHaveLength(0);
    cluster.addNode('node-2');
    await cluster.clock.advance(2000);
    expect(ada.socket.events('sessionMoved')).toHaveLength(0);
    requestMove(cluster.node, ada);
    expect(await movedTo(ada)).toMatchObject({ mode: 'switch', nodeId: 'node-2' });
  });

  test('works on while the store is away, and goes when it is back: it may have been placed already', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    const ada = await cluster.joined('ada');
    cluster.store.failure = SkeinError.unavailable('the store');
    requestMove(cluster.node, ada);
    await cluster.clock.advance(3 * REBUILD_DEADLINE_MS);
    expect(await ada.request('restartIce', { direction: 'send' })).toHaveProperty('data');
    expect(ada.socket.events('sessionMoved')).toHaveLength(0);
    cluster.store.failure = undefined;
    await cluster.passing('the move', () => ada.socket.events('sessionMoved').length > 0);
    expect(await movedTo(ada)).toMatchObject({ mode: 'switch', nodeId: 'node-2' });
  });

  test('is rebuilt when its node dies before the new one is there', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    const ada = await cluster.joined('ada');
    let open: (answer: unknown) => void = () => {};
    const held = new Promise((resolve) => (open = resolve));
    cluster.nodes[1]!.on('open', () => held);
    requestMove(cluster.node, ada);
    await eventually('the node to be asked', () => cluster.nodes[1]!.requests('open').length > 0);
    cluster.kill(cluster.node);
    await cluster.clock.advance(10);
    open({ attachment: 1, transports: [{}, {}] });
    expect(await movedTo(ada)).toMatchObject({ mode: 'rebuild', reason: 'node-died', nodeId: 'node-2' });
    expect(cluster.nodes[1]!.requests('open')).toHaveLength(1);
  });
});
