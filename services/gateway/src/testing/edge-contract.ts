import { publishChanges } from '@skein/cluster';
import {
  type ClientMethod,
  type ClientRequest,
  type ClientResponse,
  type RoomChange,
  SkeinError,
  type Track,
} from '@skein/protocol';
import { eventually } from '@skein/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EdgeWorld } from './edge-world.ts';
import { joinRequest } from './memory-cluster.ts';

/** Something that a client received: an event, or the answer to a request. */
export interface Received {
  /** An event's name, or `answer`. */
  readonly type: string;
  readonly data: unknown;
  readonly version?: number | undefined;
}

/** A client of some edge. */
export interface EdgeClient extends Disposable {
  /** In the order of arrival. */
  readonly received: readonly Received[];
  readonly isConnected: boolean;
  /** Rejects with the `SkeinError` of the answer. */
  request<Method extends ClientMethod>(
    method: Method,
    data: ClientRequest<Method>,
  ): Promise<ClientResponse<Method>>;
  stopReading(): void;
  readAgain(): void;
  /** Loses its connection without saying anything. */
  [Symbol.dispose](): void;
}

/** Connects clients by one edge. */
export type ConnectClient = (world: EdgeWorld) => Promise<EdgeClient> | EdgeClient;

const track: Track = {
  ...{ trackId: 'trk_1', identity: 'ada', epoch: 1, nodeId: 'node-1', routerId: 'r1', muted: false },
  ...{ mimeType: 'audio/opus', spatialLayers: 1, temporalLayers: 1 },
  kind: 'audio',
  source: 'microphone',
};

/** What every edge does for its clients, whatever its wire. Called inside a `describe`. */
export function edgeContract(connect: ConnectClient): void {
  let world: EdgeWorld;
  const clients: EdgeClient[] = [];
  beforeEach(async () => {
    world = await EdgeWorld.start();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client[Symbol.dispose]();
    await world[Symbol.asyncDispose]();
  });

  const connected = async (): Promise<EdgeClient> => {
    const client = await connect(world);
    clients.push(client);
    return client;
  };
  const joined = async (identity: string, more: Partial<ClientRequest<'join'>> = {}): Promise<Joined> => {
    const client = await connected();
    return { client, answer: await client.request('join', aJoin(identity, more)) };
  };

  describe('join', () => {
    it('a join answers with the room and notifies the others in it', async () => {
      const ada = await joined('ada');
      const bob = await joined('bob');
      expect(bob.answer.room.participants.map(({ identity }) => identity).toSorted()).toEqual(['ada', 'bob']);
      const [change] = await changes(ada.client, 1);
      expect(change).toMatchObject({
        version: bob.answer.room.version,
        data: { type: 'participantJoined', participant: { identity: 'bob' } },
      });
    });

    it('a failed join gets a typed error and may be repeated', async () => {
      const client = await connected();
      for (const node of world.nodes) {
        node.on('open', () => {
          throw new SkeinError('INCOMPATIBLE_CODECS', 'no common codec');
        });
      }
      await expect(client.request('join', aJoin('ada'))).rejects.toMatchObject({
        code: 'INCOMPATIBLE_CODECS',
      });
      expect(await world.store.snapshot('blue')).toBeUndefined();
      for (const node of world.nodes) node.on('open', (request) => node.opened(request));
      expect(await client.request('join', aJoin('ada'))).toHaveProperty('sessionId');
    });

    it('a viewer has no permission to publish', async () => {
      const { client } = await joined('vic', { role: 'viewer' });
      await expect(client.request('unpublish', { trackId: 'trk_1' })).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
      });
      expect(world.requests('unpublish')).toHaveLength(0);
    });
  });

  describe('events', () => {
    it('every change arrives once and in order, also at a client that joins meanwhile', async () => {
      const ada = await joined('ada');
      const { sessionId, epoch } = ada.answer;
      const written = await world.store.publishTrack('blue', sessionId, { ...track, epoch });
      publishChanges(world.bus, 'blue', written.changes);
      const joins: Promise<Joined>[] = [];
      for (let round = 0; round < 30; round++) {
        if (round % 10 === 5) joins.push(joined(`guest ${round}`));
        const session = { identity: 'ada', epoch };
        const update = await world.store.updateTrack('blue', session, 'trk_1', round % 2 === 0);
        publishChanges(world.bus, 'blue', update.changes);
      }
      const guests = await Promise.all(joins);
      const last = await world.store.snapshot('blue').then((snapshot) => snapshot!.version);
      for (const { client, answer } of [ada, ...guests]) {
        const first = answer.room.version;
        const all = await changes(client, last - first);
        expect(all.map(({ version }) => version)).toEqual(
          Array.from({ length: last - first }, (_, index) => first + 1 + index),
        );
      }
    });

    it('session events arrive after the answer to the join', async () => {
      const data = { subscriptionId: 'sub_1', trackId: 'trk_1' };
      for (const node of world.nodes) {
        node.on('open', (request) => {
          node.publish(request.sessionId, { event: 'subscriptionLayersChanged', data });
          return node.opened(request);
        });
      }
      const { client } = await joined('ada');
      await received(client, 'subscriptionLayersChanged');
      const types = client.received.map(({ type }) => type);
      expect(types.indexOf('subscriptionLayersChanged')).toBeGreaterThan(types.indexOf('answer'));
    });
  });

  describe('move', () => {
    it('a switch opens the new session before the earlier one closes', async () => {
      const { client, answer } = await joined('ada');
      const earlier = world.node(answer.nodeId);
      earlier.publish(answer.sessionId, {
        event: 'moveRequested',
        data: { reason: 'drain', deadlineMs: 9000 },
      });
      const moved = await received(client, 'sessionMoved');
      expect(moved).toMatchObject({ mode: 'switch', reason: 'drain' });
      const { nodeId, epoch } = moved as ClientResponse<'join'>;
      expect(nodeId).not.toBe(answer.nodeId);
      await client.request('unsubscribe', { subscriptionId: 'sub_1' });
      expect(world.node(nodeId).requests('unsubscribe')).toHaveLength(1);
      expect(earlier.requests('close')).toHaveLength(0);
      await client.request('finishMove', { epoch });
      await eventually('the close', () => earlier.requests('close').length === 1);
      expect(earlier.requests('close')).toMatchObject([
        { sessionId: answer.sessionId, data: { reason: 'moved' } },
      ]);
    });

    it('a lost session is rebuilt, and others see neither a leave nor a join', async () => {
      const bob = await joined('bob');
      const { client, answer } = await joined('ada');
      const before = bob.client.received.length;
      world.node(answer.nodeId).publish(answer.sessionId, {
        event: 'sessionClosed',
        data: { reason: 'worker-died' },
      });
      expect(await received(client, 'sessionMoved')).toMatchObject({ mode: 'rebuild' });
      await eventually('the move', () => bob.client.received.length > before);
      const types = bob.client.received.slice(before).map(({ data }) => (data as RoomChange).type);
      expect(types).toEqual(['participantMoved']);
      expect(events(client, 'sessionClosed')).toHaveLength(0);
    });
  });

  it('a takeover ends the earlier client of an identity, and the later one works', async () => {
    const earlier = await joined('ada');
    const later = await joined('ada');
    expect(await received(earlier.client, 'sessionClosed')).toEqual({ reason: 'superseded' });
    await expect(earlier.client.request('restartIce', { direction: 'send' })).rejects.toMatchObject({
      code: 'STALE_EPOCH',
    });
    await eventually('the close', () => world.requests('close').length === 1);
    expect(world.requests('close')).toMatchObject([{ data: { reason: 'superseded' } }]);
    await later.client.request('unsubscribe', { subscriptionId: 'sub_1' });
    expect((await world.store.snapshot('blue'))?.participants).toHaveLength(1);
  });

  describe('leave', () => {
    it('a leave ends the session and the connection, and others see it', async () => {
      const bob = await joined('bob');
      const { client, answer } = await joined('ada');
      await client.request('leave', {});
      await eventually('the end of the connection', () => !client.isConnected);
      expect(world.requests('close')).toMatchObject([
        { sessionId: answer.sessionId, data: { reason: 'left' } },
      ]);
      const left = await eventually('the leave', () =>
        events(bob.client, 'roomChanged').find(({ type }) => type === 'participantLeft'),
      );
      expect(left).toMatchObject({ identity: 'ada', reason: 'left' });
    });

    it('a lost connection keeps the session, which a new connection resumes', async () => {
      const bob = await joined('bob');
      const { client, answer } = await joined('ada');
      client[Symbol.dispose]();
      await eventually('the detach', () => world.requests('detach').length === 1);
      await joined('cho');
      const again = await connected();
      const { resumeToken, state } = await again.request('resume', aResume(answer));
      expect(resumeToken).not.toBe(answer.resumeToken);
      expect(state).toMatchObject({
        changes: [{ change: { type: 'participantJoined', participant: { identity: 'cho' } } }],
      });
      await again.request('unsubscribe', { subscriptionId: 'sub_1' });
      await joined('dan');
      expect(await changes(again, 1)).toMatchObject([{ data: { participant: { identity: 'dan' } } }]);
      const types = events(bob.client, 'roomChanged').map(({ type }) => type);
      expect(types).not.toContain('participantLeft');
      expect(world.requests('close')).toHaveLength(0);
    });

    it('a client that was resumed elsewhere gets no more events', async () => {
      const { client, answer } = await joined('ada');
      const again = await connected();
      await again.request('resume', aResume(answer));
      await eventually('the takeover', () =>
        client.request('restartIce', { direction: 'send' }).then(
          () => false,
          ({ code }: SkeinError) => code === 'STALE_EPOCH',
        ),
      );
      const before = client.received.length;
      await joined('bob');
      await changes(again, 1);
      expect(client.received).toHaveLength(before);
      client[Symbol.dispose]();
      await again.request('unsubscribe', { subscriptionId: 'sub_1' });
      expect([...world.requests('close'), ...world.requests('detach')]).toHaveLength(0);
    });
  });

  it('a slow reader is disconnected, its session waits, and others are served', async () => {
    const bob = await joined('bob');
    const { client, answer } = await joined('ada');
    client.stopReading();
    const data = { subscriptionId: 's', trackId: 't', reason: 'x'.repeat(60_000) };
    const node = world.node(answer.nodeId);
    await eventually(
      'the detach',
      () => {
        node.publish(answer.sessionId, { event: 'subscriptionClosed', data });
        return node.requests('detach').some(({ sessionId }) => sessionId === answer.sessionId);
      },
      { everyMs: 1 },
    );
    await bob.client.request('ping', {});
    client.readAgain();
    await eventually('the end of the connection', () => !client.isConnected);
    const again = await connected();
    expect(await again.request('resume', aResume(answer))).toHaveProperty('resumeToken');
  });

  it('a stopping gateway asks clients to move, then disconnects them', async () => {
    const all = [await joined('ada'), await joined('bob')];
    const unjoined = await connected();
    await world.stop();
    for (const client of [...all.map((one) => one.client), unjoined]) {
      expect(await received(client, 'moveOver')).toEqual({ withinMs: expect.any(Number) as number });
      await eventually('the end of the connection', () => !client.isConnected);
    }
    const ids = world.requests('detach').map(({ sessionId }) => sessionId);
    expect(ids.toSorted()).toEqual(all.map(({ answer }) => answer.sessionId).toSorted());
    expect(world.requests('close')).toHaveLength(0);
  });
}

interface Joined {
  readonly client: EdgeClient;
  readonly answer: ClientResponse<'join'>;
}

function aJoin(identity: string, more: Partial<ClientRequest<'join'>> = {}): ClientRequest<'join'> {
  return { ...joinRequest, identity, name: identity, ...more } as ClientRequest<'join'>;
}

function aResume(answer: ClientResponse<'join'>): ClientRequest<'resume'> {
  const { identity, sessionId, epoch, nodeId, resumeToken, room } = answer;
  const own = { sessionId, epoch, nodeId, resumeToken, version: room.version };
  return { ...aJoin(identity), ...own } as ClientRequest<'resume'>;
}

function events<Data = RoomChange>({ received: all }: EdgeClient, type: string): Data[] {
  return all.filter((one) => one.type === type).map(({ data }) => data as Data);
}

/** The data of the first event of that type. */
async function received(client: EdgeClient, type: string): Promise<unknown> {
  return await eventually(`the event ${type}`, () => events<object>(client, type)[0]);
}

/** All changes of the room that the client got, when they are that many. */
async function changes({ received: all }: EdgeClient, count: number): Promise<readonly Received[]> {
  const own = (): Received[] => all.filter(({ type }) => type === 'roomChanged');
  await eventually(`${count} changes`, () => own().length >= count);
  return own();
}
