import { limits, type RtpParameters } from '@skein/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MediaNode } from '../node/media-node.ts';
import { TestCluster, type TestSession } from '../testing/cluster.ts';
import { audioParameters, videoParameters } from '../testing/rtp-parameters.ts';

let cluster: TestCluster;
let node: MediaNode;
let ssrc = 1000;

beforeAll(async () => {
  cluster = await TestCluster.start();
  node = await cluster.addNode();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const bytesOf = (answer: unknown): number => Buffer.byteLength(JSON.stringify({ data: answer }));

async function publishers(room: string, count: number): Promise<TestSession[]> {
  return await Promise.all(
    Array.from({ length: count }, async (_, who) => {
      const session = await cluster.join(node, room, `p${who}`);
      for (let one = 0; one < 15; one++)
        await session.publishVideo(`cam-${who}-${one}`, videoParameters({ mid: `v${one}`, ssrcs: [ssrc++] }));
      await session.publishAudio(`mic-${who}`, audioParameters({ mid: 'a', ssrc: ssrc++ }));
      return session;
    }),
  );
}

it('a join answer has a bounded number of subscriptions, microphones first', async () => {
  const people = await publishers('crowd', 10);
  const ann = await cluster.place(node, 'crowd', 'ann');
  const answer = await ann.request('open', { ...ann.opening, autoSubscribe: true });
  expect(answer.subscriptions).toHaveLength(limits.subscriptionsPerAnswer);
  expect(bytesOf(answer)).toBeLessThan(limits.busMessageBytes);
  const had = answer.subscriptions.map(({ trackId }) => trackId);
  expect(had.slice(0, 10).every((trackId) => trackId.startsWith('mic'))).toBe(true);

  await ann.publishAudio('own', audioParameters({ ssrc: ssrc++ }));
  const shown = await cluster.store.rooms.snapshot('crowd');
  const rest = shown?.tracks.map(({ trackId }) => trackId).filter((trackId) => !had.includes(trackId)) ?? [];
  const wanted = ['unknown', ...rest].map((trackId) => ({ trackId }));
  const { results } = await ann.request('subscribeMany', { tracks: wanted });
  expect(results.map(({ trackId }) => trackId)).toEqual(wanted.map(({ trackId }) => trackId));
  const failed = results.flatMap((one) => ('error' in one ? [[one.trackId, one.error.code]] : []));
  expect(failed).toEqual([
    ['unknown', 'TRACK_NOT_FOUND'],
    ['own', 'OWN_TRACK'],
  ]);
  expect(results.filter((one) => 'subscription' in one)).toHaveLength(160 - limits.subscriptionsPerAnswer);
  await Promise.all([...people, ann].map((session) => session.leave()));
});

it('an answer is bounded in bytes too, and the rest follows on request', async () => {
  const ann = await cluster.join(node, 'heavy', 'ann');
  const large = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`x-${n}`, 'ж'.repeat(1000)]));
  for (let one = 0; one < 8; one++) {
    const { codecs, ...plain } = audioParameters({ mid: `a${one}`, ssrc: ssrc++ });
    const parameters: RtpParameters = {
      ...plain,
      codecs: codecs.map((codec) => ({ ...codec, parameters: large })),
    };
    await ann.publishAudio(`mic-${one}`, parameters);
  }
  const bob = await cluster.place(node, 'heavy', 'bob');
  const answer = await bob.request('open', { ...bob.opening, autoSubscribe: true });
  expect(bytesOf(answer)).toBeLessThan(limits.busMessageBytes);
  expect(answer.subscriptions.length).toBeLessThan(8);
  let rest = Array.from({ length: 8 }, (_, one) => ({ trackId: `mic-${one}` }));
  for (let round = 0; rest.length > 0; round++) {
    expect(round).toBeLessThan(4);
    const some = await bob.request('subscribeMany', { tracks: rest });
    expect(some.results.length).toBeGreaterThan(0);
    expect(bytesOf(some)).toBeLessThan(limits.busMessageBytes);
    expect(some.results.every((one) => 'subscription' in one)).toBe(true);
    rest = rest.slice(some.results.length);
  }
  expect(node.counts.subscriptions).toBe(8);
  await Promise.all([ann.leave(), bob.leave()]);
});
