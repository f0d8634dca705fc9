import type { RoomSnapshot } from '@skein/protocol';
import { describe, expect, it } from 'vitest';
import { asOneMedia, asOneRoom, isWhole, type NodeMedia, type Observation } from './observation.ts';

function room(identity: string): RoomSnapshot {
  const member = { identity, name: identity, sessionId: identity, nodeId: 'n1', epoch: 1, joinedAtMs: 0 };
  return { room: `room of ${identity}`, version: 1, participants: [member], tracks: [] };
}

describe('several rooms', () => {
  it('have the members of each, and those that are gone have none', () => {
    const one = asOneRoom([room('ada'), 'gone', room('ben')]);
    if (typeof one === 'string') throw new Error(one);
    expect(one.participants.map(({ identity }) => identity)).toEqual(['ada', 'ben']);
    expect(asOneRoom(['gone', 'gone'])).toBe('gone');
  });

  it('are unknown when one of them is', () => {
    expect(asOneRoom([room('ada'), 'unknown'])).toBe('unknown');
  });

  it('are held by a node that answered for each', () => {
    const media: NodeMedia = { sessions: [], pipes: [{ id: 'p', tracksIn: [], tracksOut: [] }] };
    expect(asOneMedia([media, media])).toEqual({ sessions: [], pipes: [...media.pipes, ...media.pipes] });
    expect(asOneMedia([media, 'silent'])).toBe('silent');
  });
});

it('is whole when store, nodes and people answered', () => {
  const whole: Observation = {
    ...{ atMs: 0, expected: [], room: room('ada'), acts: [], clients: [], silentClients: 0 },
    nodes: new Map([['n1', { sessions: [], pipes: [] }]]),
  };
  expect(isWhole(whole)).toBe(true);
  expect(isWhole({ ...whole, room: 'unknown' })).toBe(false);
  expect(isWhole({ ...whole, nodes: new Map([['n1', 'silent']]) })).toBe(false);
  expect(isWhole({ ...whole, silentClients: 1 })).toBe(false);
});
