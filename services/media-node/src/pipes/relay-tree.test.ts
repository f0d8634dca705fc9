import { systemClock } from '@skein/runtime';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { MediaNode } from '../media-node.ts';
import { quickPipes, TestCluster, type TestSession } from '../test-cluster.ts';
import { audioParameters } from '../test-media.ts';

const SSRC = 8100;

let cluster: TestCluster;
let nodes: readonly MediaNode[];

beforeAll(async () => {
  cluster = await TestCluster.start();
  // With a fan-out of one, three nodes beside the origin are many: one of them relays for the other two.
  const pipePolicy = { ...quickPipes, fanOut: 1 };
  nodes = await Promise.all(
    ['one', 'two', 'three', 'four'].map((nodeId) => cluster.addNode({ nodeId, pipePolicy })),
  );
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

interface Crossing {
  readonly at: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/** Between which nodes the track crosses. */
async function crossings(room: string): Promise<readonly Crossing[]> {
  return await Promise.all(
    nodes.map(async (node) => {
      const { pipes } = await cluster.status(node).getRoomMedia({ room });
      const ofTrack = (which: 'tracksIn' | 'tracksOut'): string[] =>
        pipes.filter((pipe) => pipe[which].includes('mic')).map(({ peerNodeId }) => peerNodeId);
      return { at: node.nodeId, from: ofTrack('tracksIn'), to: ofTrack('tracksOut') };
    }),
  );
}

describe('a room on many nodes', () => {
  test('gets a track through a relay: the origin sends one copy, and every viewer has each packet once', async () => {
    const [speaker, ...viewers] = (await Promise.all(
      nodes.map((node, at) => cluster.join(node, 'hall', `person-${at}`)),
    )) as [TestSession, ...TestSession[]];
    await speaker.publishAudio('mic', audioParameters({ ssrc: SSRC }));
    const watched = await Promise.all(
      viewers.map(async (viewer) => ({ viewer, mic: await viewer.watch('mic') })),
    );
    let sent = 0;
    using _speaking = systemClock.every(20, () => {
      const packet = { payloadType: 111, sequenceNumber: ++sent & 0xffff, timestamp: 960 * sent };
      cluster.engine.inject(SSRC, { ...packet, payload: Buffer.alloc(60, 1) });
    });
    await vi.waitUntil(() => watched.every(({ viewer, mic }) => viewer.received(mic).length >= 20), {
      timeout: 10_000,
    });
    for (const { viewer, mic } of watched) {
      const numbers = viewer.received(mic).map((packet) => packet.readUInt16BE(2));
      expect(new Set(numbers).size).toBe(numbers.length);
    }
    const [origin, ...others] = await crossings('hall');
    expect(origin?.to).toHaveLength(1);
    const relay = others.find(({ to }) => to.length > 0);
    expect(relay).toMatchObject({ at: origin?.to[0], from: ['one'] });
    const leaves = others.filter((one) => one !== relay);
    expect(relay?.to.toSorted()).toEqual(leaves.map(({ at }) => at).toSorted());
    for (const leaf of leaves) expect(leaf).toMatchObject({ from: [relay?.at], to: [] });
    await Promise.all([speaker, ...viewers].map((session) => session.leave()));
  });

  test('keeps its relay when the last one there leaves, for as long as others need it, and nothing is left in the end', async () => {
    const [speaker, ...viewers] = (await Promise.all(
      nodes.map((node, at) => cluster.join(node, 'lobby', `person-${at}`)),
    )) as [TestSession, ...TestSession[]];
    await speaker.publishAudio('mic', audioParameters({ ssrc: SSRC + 1 }));
    for (const viewer of viewers) await viewer.watch('mic');
    const relay = (await crossings('lobby')).find(({ at, to }) => at !== 'one' && to.length > 0);
    const [leaving, ...staying] = viewers.toSorted(
      (one, other) => Number(other.place.nodeId === relay?.at) - Number(one.place.nodeId === relay?.at),
    );
    await leaving?.leave();
    // Its node goes on relaying for as long as others pull through it.
    expect(await crossings('lobby')).toContainEqual(
      expect.objectContaining({ at: relay?.at, from: ['one'] }),
    );
    await Promise.all([speaker, ...staying].map((session) => session.leave()));
    await vi.waitUntil(() => nodes.every(({ counts }) => counts.routers + counts.nodePipes === 0), {
      timeout: 10_000,
    });
  });
});
