import { SkeinError } from '@skein/protocol';
import type { OfferRelayRequest, PipeProbe, PipeServiceClient } from '@skein/rpc';
import { seededRandom } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultPipePolicy } from '../model/pipe-policy.ts';
import { RelayFinder } from './relay-finder.ts';

let asked: string[];
let told: readonly string[];
let ofTree: readonly string[];
let able: Set<string>;
let changes: number;
let finder: RelayFinder;

const clock = new FakeClock();

beforeEach(() => {
  asked = [];
  ofTree = [];
  able = new Set();
  changes = 0;
  const client = async (nodeId: string): Promise<PipeServiceClient> => {
    const offerRelay = async (request: OfferRelayRequest): Promise<{ routerId: string }> => {
      const { originNodeId, givenUp = [] } = request;
      asked.push(nodeId);
      told = givenUp.map(({ callerInstanceId }) => callerInstanceId);
      if (!able.has(nodeId)) throw SkeinError.unavailable(originNodeId);
      return { routerId: `router of ${nodeId}` };
    };
    return { offerRelay } as Partial<PipeServiceClient> as PipeServiceClient;
  };
  finder = new RelayFinder({
    ...{ nodeId: 'here', policy: defaultPipePolicy },
    ...{ clock, random: seededRandom(1), log: silentLogger },
    peers: { client, ready: ['here', 'there', 'in-room', 'other', 'another'] },
    room: { name: 'lobby', nodeIds: new Set(['here', 'there', 'in-room']) },
    treeRelays: () => ofTree,
    onChange: () => changes++,
  });
});

async function found(): Promise<unknown> {
  await vi.waitFor(() => expect(finder.view.get('there')?.kind).not.toBe('finding'));
  return finder.view.get('there');
}

describe('a relay', () => {
  it('a relay is searched among the nodes of the room first, without this one and the origin', async () => {
    able.add('in-room').add('other');
    finder.find('there');
    expect(await found()).toEqual({
      kind: 'found',
      at: { nodeId: 'in-room', routerId: 'router of in-room' },
      foundAtMs: clock.monotonicMs(),
    });
    expect([asked, changes]).toEqual([['in-room'], 1]);
  });

  it('each search asks other nodes, and starts over when all were asked', async () => {
    able.add('in-room').add('other').add('another');
    const nodes: unknown[] = [];
    for (let round = 0; round < 4; round++) {
      finder.find('there');
      await found();
      nodes.push(asked.at(-1));
    }
    expect(nodes[0]).toBe('in-room');
    expect(new Set(nodes.slice(1, 3))).toEqual(new Set(['other', 'another']));
    expect(nodes[3]).toBe('in-room');
  });

  it('a search without success is repeated later', async () => {
    finder.find('there');
    expect(await found()).toMatchObject({ kind: 'none' });
    expect(asked).toHaveLength(3);
  });

  it('a relay that is found after the search was given up is forgotten', async () => {
    able.add('in-room');
    finder.find('there');
    finder.forget('there');
    await vi.waitFor(() => expect(asked).toEqual(['in-room']));
    expect(finder.view.size).toBe(0);
  });

  it('a relay gets the given-up pipes until the origin is reachable again', async () => {
    const pipe = (callerInstanceId: string): PipeProbe => ({
      ...{ room: 'lobby', callerInstanceId },
      calleeInstanceId: 'theirs',
    });
    able.add('in-room');
    finder.gaveUp('there', pipe('first'));
    finder.gaveUp('there', pipe('second'));
    finder.gaveUp('elsewhere', pipe('another'));
    finder.find('there');
    await found();
    expect(told).toEqual(['first', 'second']);
    finder.reached('there');
    finder.find('there');
    await found();
    expect(told).toEqual([]);
  });

  it('a tree relay is one of the first two that the tree names, or none', async () => {
    ofTree = ['in-room', 'other', 'another'];
    able.add('other').add('another');
    finder.find('there');
    expect(await found()).toMatchObject({ kind: 'found', at: { nodeId: 'other' } });
    expect(asked).toEqual(['in-room', 'other']);
    able.delete('other');
    finder.find('there');
    expect(await found()).toMatchObject({ kind: 'none' });
  });
});
