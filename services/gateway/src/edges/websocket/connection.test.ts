import { closeCodes, limits, PROTOCOL_VERSION, routerRtpCapabilities, SkeinError } from '@skein/protocol';
import { eventually } from '@skein/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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
  test('is welcomed first, with all that joining needs', () => {
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

  test('is told of the other gateways where they are configured', () => {
    const gateways = ['https://a.example.org/', 'https://b.example.org/'];
    expect(JSON.parse(encodeWelcome(gateways))).toMatchObject({ event: 'welcome', data: { gateways } });
  });

  test.each([
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
  ])('is told what is wrong with %s, and goes on', async (_, text, id, code, field) => {
    const client = cluster.client();
    client.sendRaw(text);
    const wrong = await eventually('an error', () => client.socket.heard.find(({ error }) => error));
    expect(wrong).toMatchObject({ id, error: { code, details: { field } } });
    expect(await client.request('join', joinRequest)).toHaveProperty('data.sessionId');
  });

  test('is told that a message is too large, or binary, and goes on', async () => {
    const client = cluster.client();
    client.sendRaw('x'.repeat(limits.messageBytes + 1));
    client.sendRaw(JSON.stringify({ id: '1', method: 'ping' }), true);
    expect(client.socket.heard.slice(1)).toMatchObject([
      { id: null, error: { code: 'MESSAGE_TOO_LARGE', details: { limitBytes: limits.messageBytes } } },
      { id: null, error: { code: 'INVALID_MESSAGE' } },
    ]);
    expect(await client.request('join', joinRequest)).toHaveProperty('data.sessionId');
  });

  test('may send a message of exactly the limit', async () => {
    const client = cluster.client();
    const text = JSON.stringify({ id: '1', method: 'dance' });
    client.sendRaw(text.padEnd(limits.messageBytes));
    const answer = await eventually('an answer', () => client.socket.answer('1'));
    expect(answer.error?.code).toBe('UNKNOWN_METHOD');
  });

  test.each([
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
  ])('learns which field of a join is wrong: %s', async (_, data, field) => {
    const client = cluster.client();
    expect(await client.request('join', data)).toMatchObject({
      error: { code: 'INVALID_ARGUMENT', details: { field } },
    });
    expect(await client.request('join', joinRequest)).toHaveProperty('data.sessionId');
  });

  test('learns which protocol version is spoken, whatever else its join holds', async () => {
    const client = cluster.client();
    const { error } = await client.request('join', { protocolVersion: 99, something: 'new' });
    expect(error).toMatchObject({
      code: 'UNSUPPORTED_PROTOCOL',
      details: { offered: 99, supported: PROTOCOL_VERSION },
    });
    expect(error?.message).toContain('99');
  });

  test.each(['ping', 'publish', 'subscribe', 'sync', 'leave', 'connectTransport'])(
    'may not %s',
    async (method) => {
      const client = cluster.client();
      expect(await client.request(method, {})).toMatchObject({ error: { code: 'NOT_JOINED' } });
      expect(client.connection.phase).toBe('open');
    },
  );

  test('is closed when it says nothing for 10 s', async () => {
    const { socket } = cluster.client();
    await cluster.clock.advance(limits.joinDeadlineMs - 1);
    expect(socket.closed).toBeUndefined();
    await cluster.clock.advance(1);
    expect(socket.events('error')).toMatchObject([{ data: { code: 'JOIN_TIMEOUT' } }]);
    expect(socket.closed).toEqual({ code: closeCodes.joinTimeout, reason: 'JOIN_TIMEOUT' });
  });

  test('has a join that runs at the deadline let through, and is closed if it fails', async () => {
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
    expect(lucky.connection.phase).toBe('inRoom');
    expect(unlucky.socket.answer(second)).toMatchObject({ error: { code: 'INCOMPATIBLE_CODECS' } });
    expect(unlucky.socket.closed?.code).toBe(closeCodes.joinTimeout);
  });
});

describe('a socket that joins', () => {
  test('joins once, also while the first join runs', async () => {
    const client = cluster.client();
    const [first, second] = [client.send('join', joinRequest), client.send('join', joinRequest)];
    await eventually('both answers', () => client.socket.answer(first) && client.socket.answer(second));
    expect(client.socket.answer(first)).toHaveProperty('data.sessionId');
    expect(client.socket.answer(second)).toMatchObject({ error: { code: 'ALREADY_JOINED' } });
    expect(await client.request('join', joinRequest)).toMatchObject({ error: { code: 'ALREADY_JOINED' } });
  });

  test('may not have more than 64 requests waiting', async () => {
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

  test('has its requests answered by its node, with the session that they are for', async () => {
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

  test('gets the errors of its node as they are, and never their cause', async () => {
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

  test('is told UNAVAILABLE and when to try again while its node is away', async () => {
    const client = await cluster.joined('ada');
    cluster.node[Symbol.dispose]();
    const { error } = await client.request('restartIce', { direction: 'send' });
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: expect.any(Number) });
    expect(client.connection.phase).toBe('inRoom');
  });

  test('is closed with 1000 after its leave was answered, and its node told', async () => {
    const client = await cluster.joined('ada');
    const id = client.send('leave');
    await eventually('the close', () => client.socket.closed);
    expect(client.socket.answer(id)).toMatchObject({ data: {} });
    expect(client.socket.closed?.code).toBe(closeCodes.normal);
    expect(cluster.node.requests('close')).toMatchObject([{ data: { reason: 'left' } }]);
    expect(await cluster.store.snapshot('blue')).toBeUndefined();
    expect(cluster.signaling.rooms.size).toBe(0);
  });

  test.each([1000, 1001, 1005])(
    'ends its session at once when it closes the socket itself (%i)',
    async (code) => {
      const client = await cluster.joined('ada');
      client.socket.close(code, '');
      await eventually('the end', () => cluster.node.requests('close').length === 1);
      expect(cluster.node.requests('close')).toMatchObject([
        { data: { reason: 'disconnected', attachment: 1 } },
      ]);
      await eventually(
        'the room to be gone',
        async () => (await cluster.store.snapshot('blue')) === undefined,
      );
    },
  );

  test('has its session wait for it when the socket was lost', async () => {
    const client = await cluster.joined('ada');
    client.socket.close(1006, '');
    await eventually('the node to be told', () => cluster.node.requests('detach').length === 1);
    expect(cluster.node.requests('detach')).toMatchObject([{ data: { attachment: 1, graceMs: 15_000 } }]);
    expect(cluster.node.requests('close')).toHaveLength(0);
    expect((await cluster.store.snapshot('blue'))?.participants).toHaveLength(1);
  });
});

describe('a session that the cluster ends', () => {
  test('is told to its client, whose further requests are stale', async () => {
    const client = await cluster.joined('ada');
    const [open] = cluster.node.requests('open');
    cluster.node.tell(open!.sessionId, { event: 'sessionClosed', data: { reason: 'removed' } });
    expect(await client.event('sessionClosed')).toMatchObject({ data: { reason: 'removed' } });
    expect(await client.request('restartIce', { direction: 'send' })).toMatchObject({
      error: { code: 'STALE_EPOCH', details: { reason: 'removed' } },
    });
    expect(await client.request('join', joinRequest)).toMatchObject({ error: { code: 'ALREADY_JOINED' } });
    expect(await client.request('ping')).toMatchObject({ data: {} });
    expect(client.socket.closed).toBeUndefined();
    expect(client.socket.topics.size).toBe(0);
  });

  test('passes the other events of its node on', async () => {
    const client = await cluster.joined('ada');
    const [open] = cluster.node.requests('open');
    const data = { subscriptionId: 'sub_1', trackId: 'trk_1', reason: 'unpublished' };
    cluster.node.tell(open!.sessionId, { event: 'subscriptionClosed', data });
    expect(await client.event('subscriptionClosed')).toEqual({ event: 'subscriptionClosed', data });
  });

  test('has events that come before the join answer sent after it', async () => {
    const data = { subscriptionId: 'sub_1', trackId: 'trk_1' };
    cluster.node.on('open', ({ sessionId }) => {
      cluster.node.tell(sessionId, { event: 'subscriptionLayersChanged', data });
      return { transports: [{}, {}], subscriptions: [] };
    });
    const client = await cluster.joined('ada');
    await client.event('subscriptionLayersChanged');
    const names = client.socket.heard.map(({ event, id }) => event ?? id);
    expect(names.indexOf('subscriptionLayersChanged')).toBeGreaterThan(names.indexOf('r1'));
  });
});

describe('a socket that reads too slowly', () => {
  test('gets nothing more, is told why once it has read what was queued, and is closed', async () => {
    const client = await cluster.joined('ada');
    client.connection.handleOverflow();
    expect(client.socket.topics.size).toBe(0);
    await eventually('the end', () => cluster.node.requests('detach').length === 1);
    expect(client.socket.closed).toBeUndefined();
    client.connection.handleDrain();
    expect(client.socket.events('error')).toMatchObject([{ data: { code: 'SLOW_CONSUMER' } }]);
    expect(client.socket.closed?.code).toBe(closeCodes.slowConsumer);
  });

  test('is cut when it still does not read', async () => {
    const client = await cluster.joined('ada');
    client.connection.handleOverflow();
    await cluster.clock.advance(SLOW_DRAIN_MS);
    expect(client.socket.terminated).toBe(true);
  });
});
