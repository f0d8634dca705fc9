import { eventually } from '@skein/testkit';
import { describe, expect, it } from 'vitest';
import { MemoryCluster } from '../../testing/memory-cluster.ts';
import { RATE_LIMIT_DELAY_MS } from './connection.ts';
import type { ConnectionRates } from './rates.ts';

const rates: ConnectionRates = { changes: { perSecond: 10, burst: 8 }, syncs: { perSecond: 1, burst: 2 } };

async function setUp() {
  const cluster = await MemoryCluster.start();
  const client = cluster.client(cluster.gateway, rates);
  await client.request('join', {
    ...{ protocolVersion: 1, room: 'blue', name: 'Ada', identity: 'ada' },
    rtpCapabilities: { codecs: [], headerExtensions: [] },
  });
  return { cluster, client };
}

const mute = { trackId: 'trk_1', muted: true };

describe('a client that mutes in a loop', () => {
  it('a loop of mutes is limited to its burst and rate, with a retry time', async () => {
    const { cluster, client } = await setUp();
    await using _cluster = cluster;
    const asked = Array.from({ length: 20 }, () => client.send('setTrackMuted', mute));
    await cluster.clock.advance(RATE_LIMIT_DELAY_MS);
    const answers = await eventually('all answers', () => {
      const heard = asked.map((id) => client.socket.answer(id));
      return heard.every(Boolean) ? heard : undefined;
    });
    expect(answers.filter((answer) => answer?.data)).toHaveLength(8);
    expect(cluster.node.requests('setTrackMuted')).toHaveLength(8);
    for (const answer of answers.slice(8)) {
      expect(answer?.error).toMatchObject({
        code: 'TOO_MANY_REQUESTS',
        details: { method: 'setTrackMuted', perSecond: 10 },
      });
      expect(answer?.error?.retryAfterMs).toBeGreaterThan(0);
    }
    await cluster.clock.advance(400);
    expect(await client.request('setTrackMuted', mute)).toHaveProperty('data');
    expect(client.connection.state).toBe('inRoom');
  });

  it('a limited request is answered with a delay', async () => {
    const { cluster, client } = await setUp();
    await using _cluster = cluster;
    for (let spent = 0; spent < 8; spent++) client.send('setTrackMuted', mute);
    const refused = client.send('setTrackMuted', mute);
    await cluster.clock.advance(RATE_LIMIT_DELAY_MS - 1);
    expect(client.socket.answer(refused)).toBeUndefined();
    await cluster.clock.advance(1);
    expect(client.socket.answer(refused)).toMatchObject({ error: { code: 'TOO_MANY_REQUESTS' } });
  });

  it('a limited client may still call other methods', async () => {
    const { cluster, client } = await setUp();
    await using _cluster = cluster;
    for (let spent = 0; spent < 8; spent++) client.send('setTrackMuted', mute);
    expect(await client.request('ping')).toHaveProperty('data');
    expect(await client.request('unsubscribe', { subscriptionId: 'sub_1' })).toHaveProperty('data');
    expect(await client.request('sync', { version: 0 })).toHaveProperty('data');
  });

  it('a limited client does not slow others in its room', async () => {
    const { cluster, client } = await setUp();
    await using _cluster = cluster;
    for (let spent = 0; spent < 20; spent++) client.send('setTrackMuted', mute);
    const bob = cluster.client(cluster.gateway, rates);
    await bob.request('join', {
      ...{ protocolVersion: 1, room: 'blue', name: 'Bob', identity: 'bob' },
      rtpCapabilities: { codecs: [], headerExtensions: [] },
    });
    expect(await bob.request('setTrackMuted', mute)).toHaveProperty('data');
  });
});

it('publishing and unpublishing cost as much as four mutes', async () => {
  const { cluster, client } = await setUp();
  await using _cluster = cluster;
  for (let turn = 0; turn < 3; turn++) client.send('unpublish', { trackId: 'trk_1' });
  await cluster.clock.advance(RATE_LIMIT_DELAY_MS);
  await eventually('the refusal', () => client.socket.heard.some(({ error }) => error));
  expect(cluster.node.requests('unpublish')).toHaveLength(2);
});

it('a loop of syncs is limited', async () => {
  const { cluster, client } = await setUp();
  await using _cluster = cluster;
  const asked = Array.from({ length: 5 }, () => client.send('sync', { version: 0 }));
  await cluster.clock.advance(RATE_LIMIT_DELAY_MS);
  await eventually('all answers', () => asked.every((id) => client.socket.answer(id)));
  expect(client.socket.heard.filter(({ error }) => error?.code === 'TOO_MANY_REQUESTS')).toHaveLength(3);
});
