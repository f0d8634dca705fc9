import { systemClock } from '@skein/runtime';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { mediasoupEngine } from '../adapters/mediasoup-engine.ts';
import type { MediaNode } from '../node/media-node.ts';
import { encodeRtp } from '../testing/adapters/direct-engine.ts';
import { DuplexClient } from '../testing/adapters/duplex-client.ts';
import { TestCluster, type TestSession } from '../testing/cluster.ts';
import { audioParameters } from '../testing/rtp-parameters.ts';

let cluster: TestCluster;
let node: MediaNode;

beforeAll(async () => {
  cluster = await TestCluster.start();
  node = await cluster.addNode({ engine: mediasoupEngine() });
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

interface Member extends Disposable {
  readonly session: TestSession;
  readonly client: DuplexClient;
}

/** Joins with one transport for both directions, connects it, and sends a packet each 20 ms. */
async function join(identity: string, ssrc: number): Promise<Member> {
  const session = await cluster.place(node, 'duplex', identity);
  const client = new DuplexClient();
  const { dtlsParameters } = client;
  const { transports } = await session.request('open', {
    ...session.opening,
    transports: [{ direction: 'both' }],
  });
  expect(transports).toHaveLength(1);
  await session.request('connectTransport', { direction: 'send', dtlsParameters });
  await session.request('connectTransport', { direction: 'recv', dtlsParameters });
  await client.connect(transports[0]!);
  await session.publishAudio(`mic-${identity}`, audioParameters({ ssrc }));
  const payload = Buffer.from(`by ${identity}`);
  let sequenceNumber = 0;
  const sending = systemClock.every(20, () => {
    sequenceNumber++;
    client.send(
      encodeRtp(ssrc, { payloadType: 111, sequenceNumber, timestamp: 960 * sequenceNumber, payload }),
    );
  });
  const dispose = (): void => {
    sending[Symbol.dispose]();
    client[Symbol.dispose]();
  };
  return { session, client, [Symbol.dispose]: dispose };
}

function hears({ client }: Member, identity: string): boolean {
  return client.received.some((packet) => packet.toString('latin1').includes(`by ${identity}`));
}

it('one WebRTC transport for both directions sends and receives media at the same time', async () => {
  using ada = await join('ada', 1001);
  using bob = await join('bob', 1002);
  await ada.session.watch('mic-bob');
  await bob.session.watch('mic-ada');
  await vi.waitFor(() => expect([hears(ada, 'bob'), hears(bob, 'ada')]).toEqual([true, true]), 10_000);
  expect(node.counts).toMatchObject({ sessions: 2, clientTransports: 2, tracks: 2, subscriptions: 2 });
  await Promise.all([ada.session.leave(), bob.session.leave()]);
  await vi.waitFor(() => expect(node.counts).toMatchObject({ sessions: 0, clientTransports: 0 }));
});
