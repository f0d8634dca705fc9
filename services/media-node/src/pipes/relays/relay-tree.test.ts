import { relaysFor } from '@skein/cluster';
import type { ReadySubscription } from '@skein/protocol';
import { systemClock } from '@skein/runtime';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { MediaNode } from '../../node/media-node.ts';
import { quickPipes, TestCluster, type TestSession } from '../../testing/cluster.ts';
import { audioParameters } from '../../testing/rtp-parameters.ts';

let cluster: TestCluster;
let nodes: readonly MediaNode[];
let ssrc = 8100;

beforeAll(async () => {
  cluster = await TestCluster.start();
  // With a fan-out of one, three nodes beside the origin are many: one of them relays for the other two.
  // Nobody is to go round the relay because this machine is busy.
  const patient = { openDeadlineMs: 10_000, pullDeadlineMs: 10_000, relayLeaseMs: 300 };
  const pipePolicy = { ...quickPipes, ...patient, fanOut: 1 };
  nodes = await Promise.all(
    ['one', 'two', 'three', 'four'].map((nodeId) => cluster.addNode({ nodeId, pipePolicy })),
  );
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

/** One on each node; the first one speaks. The others watch, the one on the relay first. */
async function meet(
  room: string,
): Promise<{ all: readonly TestSession[]; watching: readonly Watching[]; relay: string }> {
  const all = await Promise.all(nodes.map((node, at) => cluster.join(node, room, `person-${at}`)));
  await all[0]?.publishAudio('mic', audioParameters({ ssrc: ++ssrc }));
  const names = new Set(nodes.map(({ nodeId }) => nodeId));
  const relay =
    [...names].find((node) => node !== 'one' && relaysFor(node, 'one', names, 1).length === 0) ?? '';
  const viewers = all
    .slice(1)
    .toSorted((one, other) => Number(isAt(other, relay)) - Number(isAt(one, relay)));
  const watching: Watching[] = [];
  for (const viewer of viewers) watching.push({ viewer, mic: await viewer.watch('mic') });
  return { all, watching, relay };
}

interface Watching {
  readonly viewer: TestSession;
  readonly mic: ReadySubscription;
}

function isAt({ ref }: TestSession, nodeId: string): boolean {
  return ref.nodeId === nodeId;
}

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
  it('a relayed track leaves its origin once, and every viewer gets each packet once', async () => {
    const { all, watching, relay } = await meet('hall');
    let sent = 0;
    using _speaking = systemClock.every(20, () => {
      const packet = { payloadType: 111, sequenceNumber: ++sent & 0xffff, timestamp: 960 * sent };
      cluster.engine.inject(ssrc, { ...packet, payload: Buffer.alloc(60, 1) });
    });
    await vi.waitUntil(() => watching.every(({ viewer, mic }) => viewer.received(mic).length >= 20), {
      timeout: 10_000,
    });
    for (const { viewer, mic } of watching) {
      const numbers = viewer.received(mic).map((packet) => packet.readUInt16BE(2));
      expect(new Set(numbers).size).toBe(numbers.length);
    }
    const leaves = nodes.map(({ nodeId }) => nodeId).filter((node) => node !== 'one' && node !== relay);
    expect(await crossings('hall')).toEqual(
      nodes.map(({ nodeId: at }) => {
        if (at === 'one') return { at, from: [], to: [relay] };
        if (at !== relay) return { at, from: [relay], to: [] };
        return { at, from: ['one'], to: expect.arrayContaining(leaves) as string[] };
      }),
    );
    await Promise.all(all.map((session) => session.leave()));
  });

  it('a relay outlives its own participants while others need it, and then goes', async () => {
    const { all, relay } = await meet('lobby');
    const leaving = all.find((session) => isAt(session, relay));
    await leaving?.leave();
    const atRelay = (await crossings('lobby')).find(({ at }) => at === relay);
    expect(atRelay?.from).toEqual(['one']);
    expect(atRelay?.to).toHaveLength(2);
    await Promise.all(all.filter((session) => session !== leaving).map((session) => session.leave()));
    await vi.waitUntil(() => nodes.every(({ counts }) => counts.routers + counts.nodePipes === 0), {
      timeout: 10_000,
    });
  });
});
