import { publishChanges } from '@skein/cluster';
import { type ClientEvent, type ClientResponse, type RoomChange, SkeinError } from '@skein/protocol';
import { eventually } from '@skein/testkit';
import { describe, expect, it } from 'vitest';
import { HAND_OVER_DEADLINE_MS } from './participant-session.ts';
import { joinRequest, type MemoryClient, MemoryCluster } from '../testing/memory-cluster.ts';
import type { ScriptedNode } from '../testing/scripted-node.ts';
import { CONCURRENT_ATTEMPTS } from './migration.ts';
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
  node.publish(joinedAs(client).sessionId, { event: 'moveRequested', data });
}

describe('when a node dies', () => {
  it("a dead node's clients move, and others see neither a leave nor a join", async () => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    const [first, second] = cluster.nodes;
    const ada = await cluster.joined('ada');
    second!.on('open', ({ sessionId }) => {
      second!.publish(sessionId, {
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

  it("requests get UNAVAILABLE during a move, and then the new node's answer", async () => {
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

  it('a pending request fails as soon as its node is declared dead', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    const ada = await cluster.joined('ada');
    cluster.node.on('subscribe', () => new Promise(() => {}));
    const id = ada.send('subscribe', { trackId: 'trk_1' });
    await eventually('the node to be asked', () => cluster.node.requests('subscribe').length > 0);
    cluster.kill(cluster.node);
    await ada.event('sessionMoved');
    expect(ada.socket.answer(id)).toMatchObject({ error: { code: 'UNAVAILABLE' } });
  });

  it('a migration tries another node when one does not open the session', async () => {
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

  it('a migration waits out an outage of the store or the bus', async () => {
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

  it('a session is over when no node takes it for 30 s', async () => {
    await using cluster = await MemoryCluster.start();
    const ada = await cluster.joined('ada');
    cluster.kill(cluster.node);
    await cluster.clock.advance(REBUILD_DEADLINE_MS - 3000);
    expect(ada.socket.events('sessionClosed')).toHaveLength(0);
    await cluster.clock.advance(6000);
    expect(await ada.event('sessionClosed')).toMatchObject({ data: { reason: 'node-stopped' } });
    expect((await ada.request('restartIce', { direction: 'send' })).error?.code).toBe('STALE_EPOCH');
  });

  it('a restarted node may take its clients again', async () => {
    await using cluster = await MemoryCluster.start();
    const ada = await cluster.joined('ada');
    cluster.kill(cluster.node);
    await cluster.clock.advance(2000);
    cluster.addNode('node-1', 2);
    await cluster.passing('the move', () => ada.socket.events('sessionMoved').length > 0);
    expect(await movedTo(ada)).toMatchObject({ nodeId: 'node-1' });
  });

  it('a later join of the same identity supersedes a migration', async () => {
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

  it('a client that leaves during a migration leaves no ghost', async () => {
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
    expect(bob.connection.state).toBe('inRoom');
  });

  it(`${CONCURRENT_ATTEMPTS} migrations run at a time and the others wait in order`, async () => {
    await using cluster = await MemoryCluster.start({ maxParticipants: 100 });
    const clients = [];
    for (let at = 0; at < CONCURRENT_ATTEMPTS + 4; at++) clients.push(await cluster.joined(`guest ${at}`));
    const [first, second] = [cluster.node, cluster.addNode('node-2')];
    await cluster.clock.advance(2000);
    const answers: (() => void)[] = [];
    second.on(
      'open',
      () => new Promise((resolve) => answers.push(() => resolve({ attachment: 1, transports: [{}, {}] }))),
    );
    cluster.kill(first);
    await eventually('the first moves', () => answers.length === CONCURRENT_ATTEMPTS);
    await cluster.clock.advance(1000);
    expect(answers).toHaveLength(CONCURRENT_ATTEMPTS);
    answers[0]!();
    await eventually('the next one', () => answers.length === CONCURRENT_ATTEMPTS + 1);
    for (let at = 1; at < clients.length; at++) {
      await eventually('its turn', () => answers[at]);
      answers[at]!();
    }
    for (const client of clients) await movedTo(client);
  });
});

describe('a session that is lost', () => {
  it.each([
    ['its worker died', 'worker-died'],
    ['its node stopped', 'node-stopped'],
  ] as const)('a session is replaced without a close event when %s', async (_, reason) => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    const ada = await cluster.joined('ada');
    cluster.node.publish(joinedAs(ada).sessionId, { event: 'sessionClosed', data: { reason } });
    expect(await movedTo(ada)).toMatchObject({ mode: 'rebuild', reason });
    expect(ada.socket.events('sessionClosed')).toHaveLength(0);
  });

  it('a lost session is rebuilt elsewhere when the next node cannot open it', async () => {
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
    holder!.publish(sessionId, { event: 'sessionClosed', data: { reason: 'worker-died' } });
    await cluster.passing('the move', () => ada.socket.events('sessionMoved').length > 0);
    expect(await movedTo(ada)).toMatchObject({ mode: 'rebuild', nodeId: tried[1] });
    expect(ada.socket.events('sessionClosed')).toHaveLength(0);
  });

  it('a request that finds no session at its node triggers a rebuild', async () => {
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
  it('a drained session works until the client has taken up the new one', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    const [first, second] = cluster.nodes;
    const ada = await cluster.joined('ada');
    requestMove(first!, ada);
    const moved = await movedTo(ada);
    expect(moved).toMatchObject({ mode: 'switch', reason: 'drain', nodeId: 'node-2', deadlineMs: 15_000 });
    await ada.request('unsubscribe', { subscriptionId: 's' });
    expect(second!.requests('unsubscribe')).toHaveLength(1);
    expect(first!.requests('close')).toHaveLength(0);
    first!.publish(joinedAs(ada).sessionId, {
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

  it('a hand-over ends after 15 s without finishMove', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    const ada = await cluster.joined('ada');
    requestMove(cluster.node, ada);
    await movedTo(ada);
    await cluster.clock.advance(HAND_OVER_DEADLINE_MS - 1);
    expect(cluster.node.requests('close')).toHaveLength(0);
    await cluster.clock.advance(1);
    await eventually('the first to be told', () => cluster.node.requests('close').length === 1);
  });

  it('a session stays when there is no other node, until the next request', async () => {
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

  it('a drained session works while the store is away, and moves when it is back', async () => {
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

  it('a switch becomes a rebuild when its node dies', async () => {
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
