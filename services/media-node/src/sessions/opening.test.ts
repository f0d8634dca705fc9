import { grantsOfRole, limits, type Grants } from '@skein/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MediaNode } from '../node/media-node.ts';
import { TestCluster, type TestSession } from '../testing/cluster.ts';
import { audioParameters } from '../testing/rtp-parameters.ts';

let cluster: TestCluster;
let node: MediaNode;
let rooms = 0;

beforeAll(async () => {
  cluster = await TestCluster.start();
  node = await cluster.addNode();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const place = (identity: string): Promise<TestSession> => cluster.place(node, `opened ${++rooms}`, identity);
const fingerprints = [{ algorithm: 'sha-256', value: Array.from({ length: 32 }, () => 'AB').join(':') }];
const dtlsParameters = { role: 'client', fingerprints };

it('open returns one offer for each requested transport, in the same order', async () => {
  const ada = await place('ada');
  const transports = [{ direction: 'receive' as const }, { direction: 'send' as const }];
  const answer = await ada.request('open', { ...ada.opening, transports });
  expect(answer.transports).toHaveLength(limits.transportsPerSession);
  expect(node.counts).toMatchObject({ clientTransports: 2 });
  await ada.leave();
});

it('open creates one transport for both directions, which connects once', async () => {
  const ada = await place('ada');
  const { transports } = await ada.request('open', { ...ada.opening, transports: [{ direction: 'both' }] });
  expect(transports).toHaveLength(1);
  await ada.request('connectTransport', { direction: 'send', dtlsParameters });
  await ada.request('connectTransport', { direction: 'recv', dtlsParameters });
  await ada.publishAudio('mic', audioParameters({ ssrc: 11 }));
  expect(node.counts).toMatchObject({ clientTransports: 1, tracks: 1 });
  await ada.leave();
});

it('requests fail without a transport of their direction', async () => {
  const ada = await place('ada');
  await ada.request('open', { ...ada.opening, transports: [{ direction: 'receive' }] });
  const refused = { code: 'TRANSPORT_STATE', details: { direction: 'send' } };
  await expect(ada.publishAudio('mic', audioParameters({ ssrc: 11 }))).rejects.toMatchObject(refused);
  await expect(ada.request('restartIce', { direction: 'send' })).rejects.toMatchObject(refused);
  await ada.request('restartIce', { direction: 'recv' });
  await ada.leave();
});

it('a session enforces the grants of its open request, by method and by source', async () => {
  const ada = await place('ada');
  const grants: Grants = {
    ...grantsOfRole.participant,
    canPublishSources: ['camera'],
    canSubscribe: false,
  };
  const { subscriptions } = await ada.request('open', { ...ada.opening, autoSubscribe: true, grants });
  expect(subscriptions).toEqual([]);
  const denied = { code: 'PERMISSION_DENIED' };
  await expect(ada.publishAudio('mic', audioParameters({ ssrc: 11 }))).rejects.toMatchObject(denied);
  await expect(ada.request('subscribe', { trackId: 'mic' })).rejects.toMatchObject(denied);
  expect(node.counts).toMatchObject({ tracks: 0 });
  await ada.leave();
});
