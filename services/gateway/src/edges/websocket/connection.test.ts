import { closeCodes, limits, PROTOCOL_VERSION, routerRtpCapabilities, SkeinError } from '@skein/protocol';
import { eventually } from '@skein/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { joinRequest, MemoryCluster } from '../../testing/memory-cluster.ts';
import { encodeWelcome, HEARTBEAT_INTERVAL_MS, SLOW_DRAIN_MS } from './connection.ts';

let cluster: MemoryCluster;
beforeEach(async () => {
  cluster = await MemoryCluster.start();
});
afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

describe('a socket that has not joined', () => {
  it('a socket is welcomed first, with all that joining needs', () => {
    const { socket } = cluster.client();
    expect(socket.heard).toEqual([
      {
        event: 'welcome',
        data: {
          protocolVersion: PROTOCOL_VERSION,
          routerRtpCapabilities,
          heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
        },
      },
    ]);
  });

  it('the welcome names the configured gateways', () => {
    const gateways = ['https://a.example.org/', 'https://b.example.org/'];
    expect(JSON.parse(encodeWelcome(gateways))).toMatchObject({ event: 'welcome', data: { gateways } });
  });

  it.each([
    ['not JSON', '{', null, 'INVALID_MESSAGE', 'message'],
    ['JSON that is no object', '[]', null, 'INVALID_MESSAGE', 'message'],
    ['null', 'null', null, 'INVALID_MESSAGE', 'message'],
    ['no id', '{"method":"ping"}', null, 'INVALID_MESSAGE', 'message.id'],
    ['an id that is a number', '{"id":1,"method":"ping"}', null, 'INVALID_MESSAGE', 'message.id'],
    [
      'an id that is too long',
      `{"id":"${'x'.repeat(65)}","method":"ping"}`,
      null,
      'INVALID_MESSAGE',
      'message.id',
    ],
    ['no method', '{"id":"1"}', '1', 'INVALID_MESSAGE', 'message.method'],
    ['an unknown method', '{"id":"1","method":"dance"}', '1', 'UNKNOWN_METHOD', 'message.method'],
    ['a method of every object', '{"id":"1","method":"toString"}', '1', 'UNKNOWN_METHOD', 'message.method'],
  ])('a message with %s gets a typed error and the socket stays usable', async (_, text, id, code, field) => {
    const client = cluster.client();
    client.sendRaw(text);
    const wrong = await eventually('an error', () => client.socket.heard.find(({ error }) => error));
    expect(wrong).toMatchObject({ id, error: { code, details: { field } } });
    expect(await client.request('join', joinRequest)).toHaveProperty('data.sessionId');
  });

  it('a large or binary message gets a typed error and the socket stays usable', async () => {
    const client = cluster.client();
    client.sendRaw('x'.repeat(limits.messageBytes + 1));
    client.sendRaw(JSON.stringify({ id: '1', method: 'ping' }), true);
    expect(client.socket.heard.slice(1)).toMatchObject([
      { id: null, error: { code: 'MESSAGE_TOO_LARGE', details: { limitBytes: limits.messageBytes } } },
      { id: null, error: { code: 'INVALID_MESSAGE' } },
    ]);
    expect(await client.request('join', joinRequest)).toHaveProperty('data.sessionId');
  });

  it('a message of exactly the limit is accepted', async () => {
    const client = cluster.client();
    const text = JSON.stringify({ id: '1', method: 'dance' });
    client.sendRaw(text.padEnd(limits.messageBytes));
    const answer = await eventually('an answer', () => client.socket.answer('1'));
    expect(answer.error?.code).toBe('UNKNOWN_METHOD');
  });

  it.each([
    ['room', { ...joinRequest, room: '' }, 'data.room'],
    ['room', { ...joinRequest, room: 'x'.repeat(limits.idLength + 1) }, 'data.room'],
    ['room', { ...joinRequest, room: 'a\u0000b' }, 'data.room'],
    ['name', { ...joinRequest, name: 'x'.repeat(limits.nameLength + 1) }, 'data.name'],
    ['name', { ...joinRequest, name: 'Ada\u202e' }, 'data.name'],
    ['name', { ...joinRequest, name: undefined }, 'data.name'],
    ['identity', { ...joinRequest, identity: '\n' }, 'data.identity'],
    [
      'rtpCapabilities',
      { ...joinRequest, rtpCapabilities: { codecs: 'all' } },
      'data.rtpCapabilities.codecs',
    ],
    ['protocolVersion', { ...joinRequest, protocolVersion: 'one' }, 'data.protocolVersion'],
    ['nodeId', { ...joinRequest, nodeId: 'a b' }, 'data.nodeId'],
    ['data', 'text', 'data'],
  ])('an invalid join is answered with the field: %s', async (_, data, field) => {
    const client = cluster.client();
    expect(await client.request('join', data)).toMatchObject({
      error: { code: 'INVALID_ARGUMENT', details: { field } },
    });
    expect(await client.request('join', joinRequest)).toHaveProperty('data.sessionId');
  });

  it('a join of another protocol version is answered with the supported one', async () => {
    const client = cluster.client();
    const { error } = await client.request('join', { protocolVersion: 99, something: 'new' });
    expect(error).toMatchObject({
      code: 'UNSUPPORTED_PROTOCOL',
      details: { offered: 99, supported: PROTOCOL_VERSION },
    });
    expect(error?.message).toContain('99');
  });

  it.each(['ping', 'publish', 'subscribe', 'sync', 'leave', 'connectTransport'])(
    'a socket that has not joined may not %s',
    async (method) => {
      const client = cluster.client();
      expect(await client.request(method, {})).toMatchObject({ error: { code: 'NOT_JOINED' } });
      expect(client.connection.state).toBe('open');
    },
  );

  it('a socket that does not join within 10 s is closed', async () => {
    const { socket } = cluster.client();
    await cluster.clock.advance(limits.joinDeadlineMs - 1);
    expect(socket.closed).toBeUndefined();
    await cluster.clock.advance(1);
    expect(socket.events('error')).toMatchObject([{ data: { code: 'JOIN_TIMEOUT' } }]);
    expect(socket.closed).toEqual({ code: closeCodes.joinTimeout, reason: 'JOIN_TIMEOUT' });
  });

  it('a join under way at the deadline may finish, and closes its socket if it fails', async () => {
    const lucky = cluster.client();
    const unlucky = cluster.client();
    await cluster.clock.advance(limits.joinDeadlineMs - 1);
    let release: (answer: unknown) => void = () => {};
    const held = new Promise((resolve) => (release = resolve));
    const open = { transports: [{}, {}], subscriptions: [] };
    cluster.node.on('open', async ({ room }) => {
      await held;
      if (room === 'red') throw new SkeinError('INCOMPATIBLE_CODECS', 'no');
      return open;
    });
    const first = lucky.send('join', joinRequest);
    const second = unlucky.send('join', { ...joinRequest, room: 'red' });
    await eventually('both to be asked for', () => cluster.node.requests('open').length === 2);
    await cluster.clock.advance(1);
    release(undefined);
    await eventually('the answers', () => lucky.socket.answer(first) && unlucky.socket.answer(second));
    expect(lucky.connection.state).toBe('inRoom');
    expect(unlucky.socket.answer(second)).toMatchObject({ error: { code: 'INCOMPATIBLE_CODECS' } });
    expect(unlucky.socket.closed?.code).toBe(closeCodes.joinTimeout);
  });
});

describe('a socket that joins', () => {
  it('a socket joins once, also while its first join runs', async () => {
    const client = cluster.client();
    const [first, second] = [client.send('join', joinRequest), client.send('join', joinRequest)];
    await eventually('both answers', () => client.socket.answer(first) && client.socket.answer(second));
    expect(client.socket.answer(first)).toHaveProperty('data.sessionId');
    expect(client.socket.answer(second)).toMatchObject({ error: { code: 'ALREADY_JOINED' } });
    expect(await client.request('join', joinRequest)).toMatchObject({ error: { code: 'ALREADY_JOINED' } });
  });

  it('a socket may have at most 64 requests in flight', async () => {
    const client = await cluster.joined('ada');
    const held = new Promise(() => {});
    cluster.node.on('restartIce', () => held);
    for (let sent = 0; sent < limits.requestsInFlight; sent++)
      client.send('restartIce', { direction: 'send' });
    const refused = await client.request('ping');
    expect(refused).toMatchObject({ error: { code: 'TOO_MANY_REQUESTS', retryAfterMs: expect.any(Number) } });
    await cluster.clock.advance(5000);
    await eventually('deadlines', () => client.socket.answer('r2'));
    expect(client.socket.answer('r2')).toMatchObject({ error: { code: 'DEADLINE_EXCEEDED' } });
    expect(await client.request('ping')).toMatchObject({ data: {} });
  });

  it('a request is forwarded to the node with its session', async () => {
    const client = await cluster.joined('ada');
    cluster.node.on('restartIce', () => ({ iceParameters: { usernameFragment: 'a', password: 'b' } }));
    const { data } = await client.request('restartIce', { direction: 'recv' });
    expect(data).toEqual({ iceParameters: { usernameFragment: 'a', password: 'b' } });
    const [open] = cluster.node.requests('open');
    expect(cluster.node.requests('restartIce')).toEqual([
      {
        room: 'blue',
        sessionId: open?.sessionId,
        epoch: open?.epoch,
        method: 'restartIce',
        data: { direction: 'recv' },
      },
    ]);
  });

  it("a node's error reaches the client without its cause", async () => {
    const client = await cluster.joined('ada');
    cluster.node.on('subscribe', () => {
      throw new SkeinError('TRACK_NOT_FOUND', 'no such track', { details: { trackId: 'trk_1' } });
    });
    expect((await client.request('subscribe', { trackId: 'trk_1' })).error).toEqual({
      code: 'TRACK_NOT_FOUND',
      message: 'no such track',
      details: { trackId: 'trk_1' },
    });
  });

  it('a request gets UNAVAILABLE and a retry time while its node is away', async () => {
    const client = await cluster.joined('ada');
    cluster.node[Symbol.dispose]();
    const { error } = await client.request('restartIce', { direction: 'send' });
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: expect.any(Number) });
    expect(client.connection.state).toBe('inRoom');
  });

  it('a leave is answered, notified to the node, and closes with 1000', async () => {
    const client = await cluster.joined('ada');
    const id = client.send('leave');
    await eventually('the close', () => client.socket.closed);
    expect(client.socket.answer(id)).toMatchObject({ data: {} });
    expect(client.socket.closed?.code).toBe(closeCodes.normal);
    expect(cluster.node.requests('close')).toMatchObject([{ data: { reason: 'left' } }]);
    expect(await cluster.store.snapshot('blue')).toBeUndefined();
    expect(cluster.participants.roomCount).toBe(0);
  });

  it.each([1000, 1001, 1005])('a deliberate close ends the session at once (%i)', async (code) => {
    const client = await cluster.joined('ada');
    client.socket.close(code, '');
    await eventually('the end', () => cluster.node.requests('close').length === 1);
    expect(cluster.node.requests('close')).toMatchObject([
      { data: { reason: 'disconnected', attachment: 1 } },
    ]);
    await eventually('the room to be gone', async () => (await cluster.store.snapshot('blue')) === undefined);
  });

  it('a lost socket keeps its session waiting', async () => {
    const client = await cluster.joined('ada');
    client.socket.close(1006, '');
    await eventually('the node to be told', () => cluster.node.requests('detach').length === 1);
    expect(cluster.node.requests('detach')).toMatchObject([{ data: { attachment: 1, graceMs: 15_000 } }]);
    expect(cluster.node.requests('close')).toHaveLength(0);
    expect((await cluster.store.snapshot('blue'))?.participants).toHaveLength(1);
  });
});

describe('a session that the cluster ends', () => {
  it('an ended session is notified, and later requests are stale', async () => {
    const client = await cluster.joined('ada');
    const [open] = cluster.node.requests('open');
    cluster.node.publish(open!.sessionId, { event: 'sessionClosed', data: { reason: 'removed' } });
    expect(await client.event('sessionClosed')).toMatchObject({ data: { reason: 'removed' } });
    expect(await client.request('restartIce', { direction: 'send' })).toMatchObject({
      error: { code: 'STALE_EPOCH', details: { reason: 'removed' } },
    });
    expect(await client.request('join', joinRequest)).toMatchObject({ error: { code: 'ALREADY_JOINED' } });
    expect(await client.request('ping')).toMatchObject({ data: {} });
    expect(client.socket.closed).toBeUndefined();
    expect(client.socket.topics.size).toBe(0);
  });

  it('other events of a node are passed to the client', async () => {
    const client = await cluster.joined('ada');
    const [open] = cluster.node.requests('open');
    const data = { subscriptionId: 'sub_1', trackId: 'trk_1', reason: 'unpublished' };
    cluster.node.publish(open!.sessionId, { event: 'subscriptionClosed', data });
    expect(await client.event('subscriptionClosed')).toEqual({ event: 'subscriptionClosed', data });
  });

  it('events that arrive before the join answer are sent after it', async () => {
    const data = { subscriptionId: 'sub_1', trackId: 'trk_1' };
    cluster.node.on('open', ({ sessionId }) => {
      cluster.node.publish(sessionId, { event: 'subscriptionLayersChanged', data });
      return { transports: [{}, {}], subscriptions: [] };
    });
    const client = await cluster.joined('ada');
    await client.event('subscriptionLayersChanged');
    const names = client.socket.heard.map(({ event, id }) => event ?? id);
    expect(names.indexOf('subscriptionLayersChanged')).toBeGreaterThan(names.indexOf('r1'));
  });
});

describe('a socket that reads too slowly', () => {
  it('a slow socket gets the reason after its queue, and is closed', async () => {
    const client = await cluster.joined('ada');
    client.connection.handleOverflow();
    expect(client.socket.topics.size).toBe(0);
    await eventually('the end', () => cluster.node.requests('detach').length === 1);
    expect(client.socket.closed).toBeUndefined();
    client.connection.handleDrain();
    expect(client.socket.events('error')).toMatchObject([{ data: { code: 'SLOW_CONSUMER' } }]);
    expect(client.socket.closed?.code).toBe(closeCodes.slowConsumer);
  });

  it('a slow socket that still does not read is cut', async () => {
    const client = await cluster.joined('ada');
    client.connection.handleOverflow();
    await cluster.clock.advance(SLOW_DRAIN_MS);
    expect(client.socket.terminated).toBe(true);
  });
});
