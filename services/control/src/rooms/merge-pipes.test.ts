import type { PipeMedia, RoomMedia } from '@skein/rpc';
import { describe, expect, it } from 'vitest';
import { mergePipes } from './merge-pipes.ts';

function media(nodeId: string, pipes: readonly PipeMedia[]): RoomMedia {
  return { room: 'lobby', nodeId, version: 1, routerIds: [], sessions: [], pipes: [...pipes] };
}

interface EndText {
  local: string;
  peer: string;
  tracksIn?: string[];
  tracksOut?: string[];
}

/** Ends as `node/router`. */
function end({ local, peer, tracksIn = [], tracksOut = [] }: EndText): PipeMedia {
  const [peerNodeId = '', peerRouterId = ''] = peer.split('/');
  const kind = local.split('/')[0] === peerNodeId ? 'WORKER' : 'NODE';
  return { kind, localRouterId: local.split('/')[1] ?? '', peerNodeId, peerRouterId, tracksIn, tracksOut };
}

const ab = { fromNodeId: 'a', fromRouterId: 'r1', toNodeId: 'b', toRouterId: 'r2' };

describe('merging what both ends say', () => {
  it('gives one pipe per pair of routers, with the directions of each end turned the same way', () => {
    const merged = mergePipes([
      media('b', [end({ local: 'b/r2', peer: 'a/r1', tracksIn: ['mic-a'], tracksOut: ['mic-b'] })]),
      media('a', [end({ local: 'a/r1', peer: 'b/r2', tracksIn: ['mic-b'], tracksOut: ['mic-a'] })]),
    ]);
    expect(merged).toEqual([{ ...ab, tracksForward: ['mic-a'], tracksBackward: ['mic-b'] }]);
  });

  it('shows a pipe that only one end reported', () => {
    const merged = mergePipes([media('b', [end({ local: 'b/r2', peer: 'a/r1', tracksIn: ['mic-a'] })])]);
    expect(merged).toEqual([{ ...ab, tracksForward: ['mic-a'], tracksBackward: [] }]);
  });

  it('shows a track that only one end knows yet', () => {
    const merged = mergePipes([
      media('a', [end({ local: 'a/r1', peer: 'b/r2', tracksOut: ['cam-a', 'mic-a'] })]),
      media('b', [end({ local: 'b/r2', peer: 'a/r1', tracksIn: ['mic-a'] })]),
    ]);
    expect(merged).toEqual([{ ...ab, tracksForward: ['cam-a', 'mic-a'], tracksBackward: [] }]);
  });

  it('joins the two ends of a pipe between workers of one node', () => {
    const merged = mergePipes([
      media('a', [
        end({ local: 'a/r2', peer: 'a/r1', tracksIn: ['mic'] }),
        end({ local: 'a/r1', peer: 'a/r2', tracksOut: ['mic'] }),
      ]),
    ]);
    const pair = { fromNodeId: 'a', fromRouterId: 'r1', toNodeId: 'a', toRouterId: 'r2' };
    expect(merged).toEqual([{ ...pair, tracksForward: ['mic'], tracksBackward: [] }]);
  });

  it('does not hide a track that crosses twice', () => {
    const merged = mergePipes([
      media('a', [end({ local: 'a/r1', peer: 'b/r2', tracksOut: ['mic', 'mic'] })]),
      media('b', [end({ local: 'b/r2', peer: 'a/r1', tracksIn: ['mic'] })]),
    ]);
    expect(merged[0]?.tracksForward).toEqual(['mic', 'mic']);
  });

  it('does not hide a second pipe between the same routers', () => {
    const twice = [end({ local: 'a/r1', peer: 'b/r2' }), end({ local: 'a/r1', peer: 'b/r2' })];
    expect(mergePipes([media('a', twice), media('b', [end({ local: 'b/r2', peer: 'a/r1' })])])).toHaveLength(
      2,
    );
  });

  it('sorts by the pair of routers', () => {
    const merged = mergePipes([
      media('c', [end({ local: 'c/r3', peer: 'b/r2' }), end({ local: 'c/r3', peer: 'a/r1' })]),
      media('a', [end({ local: 'a/r1', peer: 'b/r2' })]),
    ]);
    expect(merged.map((pipe) => pipe.fromNodeId + pipe.toNodeId)).toEqual(['ab', 'ac', 'bc']);
  });
});
