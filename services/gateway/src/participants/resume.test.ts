import {
  type ClientRequestInput,
  type ClientResponse,
  grantsOfRole,
  type SessionResponse,
  SkeinError,
} from '@skein/protocol';
import { eventually } from '@skein/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  joinRequest,
  type MemoryClient,
  MemoryCluster,
  type MemoryGateway,
} from '../testing/memory-cluster.ts';

let cluster: MemoryCluster;
let other: MemoryGateway;
beforeEach(async () => {
  cluster = await MemoryCluster.start({ nodes: 2 });
  other = await cluster.addGateway();
});
afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

/** What a client that has joined sends to go on elsewhere. */
function resumeOf(client: MemoryClient): ClientRequestInput<'resume'> {
  const joined = client.socket.answer('r1')!.data as ClientResponse<'join'>;
  const { identity, sessionId, epoch, nodeId, resumeToken, room } = joined;
  return { ...joinRequest, identity, sessionId, epoch, nodeId, resumeToken, version: room.version };
}

describe('a client whose gateway is gone', () => {
  it('a resume at another gateway keeps the session and brings the missed changes', async () => {
    const ada = await cluster.joined('ada');
    await cluster.joined('bob');
    const again = cluster.client(other);
    const { data } = await again.request('resume', resumeOf(ada));
    const { resumeToken, state } = data as ClientResponse<'resume'>;
    expect(resumeToken).not.toBe(resumeOf(ada).resumeToken);
    expect(state).toMatchObject({
      changes: [{ change: { type: 'participantJoined', participant: { identity: 'bob' } } }],
    });
    await again.request('unsubscribe', { subscriptionId: 's' });
    expect(cluster.node.requests('unsubscribe')).toMatchObject([{ sessionId: resumeOf(ada).sessionId }]);
    await cluster.joined('eve', 'blue', other);
    await again.event('roomChanged');
    expect(await again.request('join', joinRequest)).toMatchObject({ error: { code: 'ALREADY_JOINED' } });
    expect(cluster.node.requests('open')).toHaveLength(3);
  });

  it("a resume from before the log's start gets the whole room", async () => {
    const ada = await cluster.joined('ada');
    const { data } = await cluster.client(other).request('resume', { ...resumeOf(ada), version: 1 });
    expect(data).toMatchObject({ state: { snapshot: { participants: [{ identity: 'ada' }] } } });
  });

  it('a resume brings no room events before its node has confirmed the session', async () => {
    const ada = await cluster.joined('ada');
    await cluster.joined('bob', 'blue', other);
    let confirm: (answer: SessionResponse<'attach'>) => void = () => {};
    cluster.node.on('attach', () => new Promise((resolve) => (confirm = resolve)));
    const again = cluster.client(other);
    const id = again.send('resume', resumeOf(ada));
    await eventually('the node to be asked', () => cluster.node.requests('attach').length === 1);
    await cluster.joined('cho', 'blue', other);
    await cluster.joined('dan', 'blue', other);
    expect(again.socket.topics.size).toBe(0);
    expect(again.socket.events('roomChanged')).toEqual([]);
    confirm({ resumeToken: 'rsm_2', attachment: 2, grants: grantsOfRole.participant });
    await eventually('the answer', () => again.socket.answer(id));
    await cluster.joined('eve', 'blue', other);
    await again.event('roomChanged');
    const { state } = again.socket.answer(id)!.data as ClientResponse<'resume'>;
    const told = [
      ...(state as { changes: { version: number }[] }).changes,
      ...again.socket.events('roomChanged'),
    ].map(({ version }) => version! - resumeOf(ada).version);
    expect(told).toEqual([1, 2, 3, 4]);
  });

  it('a resumed session migrates like any other', async () => {
    const ada = await cluster.joined('ada');
    const again = cluster.client(other);
    await again.request('resume', resumeOf(ada));
    ada.socket.close(1006, '');
    cluster.kill(cluster.node);
    expect(await again.event('sessionMoved')).toMatchObject({ data: { mode: 'rebuild', nodeId: 'node-2' } });
  });

  it.each([
    ['SESSION_NOT_FOUND', 'the token is another', { resumeToken: 'tok_x' }],
    ['INVALID_ARGUMENT', 'a field is missing', { sessionId: undefined }],
    ['UNSUPPORTED_PROTOCOL', 'it speaks another version', { protocolVersion: 2 }],
  ])('is answered %s when %s, and may join on the same socket', async (code, _, wrong) => {
    const ada = await cluster.joined('ada');
    const again = cluster.client(other);
    expect(await again.request('resume', { ...resumeOf(ada), ...wrong })).toMatchObject({ error: { code } });
    expect(await again.request('join', { ...joinRequest, identity: 'ada' })).toHaveProperty('data.sessionId');
    expect(other.participants.roomCount).toBe(1);
  });

  it('a resume with another identity fails with SESSION_NOT_FOUND unnoticed', async () => {
    const ada = await cluster.joined('ada');
    const mallory = await cluster.joined('mallory');
    const again = cluster.client(other);
    expect(await again.request('resume', { ...resumeOf(mallory), identity: 'ada' })).toMatchObject({
      error: { code: 'SESSION_NOT_FOUND' },
    });
    await cluster.clock.advance(100);
    expect(ada.socket.events('sessionClosed')).toEqual([]);
    expect(other.participants.roomCount).toBe(0);
    // A participant may be placed again under its own identity only.
    for (const node of [...cluster.nodes]) if (node.nodeId === resumeOf(mallory).nodeId) cluster.kill(node);
    await mallory.event('sessionMoved');
    expect(ada.socket.events('sessionClosed')).toEqual([]);
    const { participants } = (await cluster.store.snapshot('blue'))!;
    expect(participants.map(({ identity }) => identity).toSorted()).toEqual(['ada', 'mallory']);
  });

  it('a resume fails with STALE_EPOCH when its identity has joined again', async () => {
    const ada = await cluster.joined('ada');
    const resume = resumeOf(ada);
    await cluster.joined('ada');
    const again = cluster.client(other);
    expect(await again.request('resume', resume)).toMatchObject({ error: { code: 'STALE_EPOCH' } });
    expect(other.participants.roomCount).toBe(0);
  });

  it('a resume fails with SESSION_NOT_FOUND when its node died with the gateway', async () => {
    const ada = await cluster.joined('ada');
    const [first] = cluster.nodes;
    first![Symbol.dispose]();
    const again = cluster.client(other);
    expect(await again.request('resume', resumeOf(ada))).toMatchObject({ error: { code: 'UNAVAILABLE' } });
    cluster.kill(first!);
    await cluster.clock.advance(10);
    expect(await again.request('resume', resumeOf(ada))).toMatchObject({
      error: { code: 'SESSION_NOT_FOUND' },
    });
  });

  it("a resume without the store gets the room's state when it is back", async () => {
    const ada = await cluster.joined('ada');
    cluster.store.failure = SkeinError.unavailable('the store');
    const again = cluster.client(other);
    const id = again.send('resume', resumeOf(ada));
    await eventually('the answer', async () => {
      await cluster.clock.advance(100);
      return again.socket.answer(id);
    });
    expect(again.socket.answer(id)).toMatchObject({ data: { state: { changes: [] } } });
    expect(await again.request('restartIce', { direction: 'send' })).toHaveProperty('data');
    cluster.store.failure = undefined;
    await cluster.clock.advance(10_000);
    expect(await again.event('roomReplaced')).toMatchObject({
      data: { participants: [{ identity: 'ada' }] },
    });
  });
});

describe('the gateway that held the client before', () => {
  it('the earlier gateway does not touch a session that was resumed elsewhere', async () => {
    const ada = await cluster.joined('ada');
    const again = cluster.client(other);
    await again.request('resume', resumeOf(ada));
    await eventually('word of it', () => cluster.participants.roomCount === 0);
    cluster.kill(cluster.node);
    await again.event('sessionMoved');
    ada.socket.close(1006, '');
    await cluster.clock.advance(100);
    expect(cluster.node.requests('detach')).toHaveLength(0);
    expect(ada.socket.events('sessionMoved')).toHaveLength(0);
    expect(ada.socket.events('sessionClosed')).toHaveLength(0);
    expect((await cluster.store.snapshot('blue'))?.participants).toHaveLength(1);
  });

  it('a late detach names its own attachment, so that the node ignores it', async () => {
    const ada = await cluster.joined('ada');
    const { sessionId, resumeToken } = resumeOf(ada);
    ada.socket.close(1001, '');
    await eventually('the close', () => cluster.node.requests('close').length === 1);
    expect(cluster.node.requests('close')).toMatchObject([{ sessionId, data: { attachment: 1 } }]);
    expect(resumeToken).toBe(`${sessionId}.1`);
  });

  it('a client may resume at the same gateway', async () => {
    const ada = await cluster.joined('ada');
    const again = cluster.client();
    await again.request('resume', resumeOf(ada));
    await eventually('the first to hear', () => ada.socket.topics.size === 0);
    expect(await ada.request('restartIce', { direction: 'send' })).toMatchObject({
      error: { code: 'STALE_EPOCH' },
    });
    ada.socket.close(1000, '');
    await cluster.clock.advance(100);
    expect(cluster.node.requests('close')).toHaveLength(0);
    await cluster.joined('bob');
    await again.event('roomChanged');
  });
});

describe('a client that comes back to an identity that another device has taken', () => {
  const asAda = { ...joinRequest, identity: 'ada' };

  it('a returning client does not take back an identity that another device has', async () => {
    const laptop = cluster.client();
    const { data } = await laptop.request('join', { ...asAda, stayId: 'laptop' });
    const { epoch: lastEpoch } = data as ClientResponse<'join'>;
    laptop.socket.close(1006, '');
    const phone = cluster.client(other);
    await phone.request('join', { ...asAda, stayId: 'phone' });
    const again = cluster.client();
    const { error } = await again.request('join', { ...asAda, stayId: 'laptop', lastEpoch });
    expect(error).toMatchObject({ code: 'SUPERSEDED' });
    expect(phone.socket.events('sessionClosed')).toEqual([]);
    expect(phone.connection.state).toBe('inRoom');
  });

  it('a returning client takes back an identity whose session was only moved', async () => {
    const laptop = cluster.client();
    const { data } = await laptop.request('join', { ...asAda, stayId: 'laptop' });
    const { epoch: lastEpoch } = data as ClientResponse<'join'>;
    cluster.kill(cluster.node);
    await laptop.event('sessionMoved');
    const again = cluster.client(other);
    const { error } = await again.request('join', { ...asAda, stayId: 'laptop', lastEpoch });
    expect(error).toBeUndefined();
  });
});
