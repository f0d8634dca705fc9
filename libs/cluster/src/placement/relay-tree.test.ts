import { describe, expect, it } from 'vitest';
import { relaysFor } from './relay-tree.ts';

const nodes = (count: number): Set<string> =>
  new Set(Array.from({ length: count }, (_, at) => `media-node-${at + 1}`));

/** Whom each node pulls from what `origin` publishes. */
function tree(origin: string, room: ReadonlySet<string>, fanOut?: number): Map<string, string> {
  const others = [...room].filter((node) => node !== origin);
  return new Map(others.map((node) => [node, relaysFor(node, origin, room, fanOut)[0] ?? origin]));
}

function copies(parents: ReadonlyMap<string, string>): Map<string, number> {
  const sent = new Map<string, number>();
  for (const parent of parents.values()) sent.set(parent, (sent.get(parent) ?? 0) + 1);
  return sent;
}

describe('a tree of relays', () => {
  it('has none while the origin can feed all nodes itself', () => {
    expect(new Set(tree('media-node-1', nodes(9)).values())).toEqual(new Set(['media-node-1']));
  });

  it.each([10, 20, 50, 73, 300])('of %i nodes has two levels, and nobody feeds too many', (count) => {
    const origin = 'media-node-7';
    const parents = tree(origin, nodes(count));
    const most = Math.max(8, Math.ceil(Math.sqrt(count - 1)));
    const relays = new Set([...parents.values()].filter((parent) => parent !== origin));
    expect([...relays].map((relay) => parents.get(relay))).toEqual([...relays].map(() => origin));
    expect(Math.max(...copies(parents).values())).toBeLessThanOrEqual(most);
  });

  it('is the same on all nodes with the same view of the room, in any order', () => {
    const room = nodes(50);
    const reversed = new Set([...room].toReversed());
    expect(tree('media-node-3', reversed)).toEqual(new Map([...tree('media-node-3', room)].toReversed()));
  });

  it('is another one for each origin, so that no node relays for all', () => {
    const relays = [1, 2, 3, 4, 5, 6].map((at) => [...copies(tree(`media-node-${at}`, nodes(50))).keys()]);
    expect(new Set(relays.flat()).size).toBeGreaterThan(15);
  });

  it('leaves most ways as they are when a node comes or goes', () => {
    const before = tree('media-node-1', nodes(50));
    const after = tree('media-node-1', nodes(51));
    const changed = [...before].filter(([node, parent]) => after.get(node) !== parent);
    expect(changed.length).toBeLessThan(15);
  });

  it('names all relays, the best first, for when that one fails', () => {
    const room = nodes(50);
    const parents = tree('media-node-1', room);
    const relays = new Set([...parents.values()].filter((parent) => parent !== 'media-node-1'));
    const [leaf] = [...parents].find(([, parent]) => parent !== 'media-node-1') ?? [];
    expect(new Set(relaysFor(leaf ?? '', 'media-node-1', room))).toEqual(relays);
  });

  it('counts in a node that the room does not show yet, and has no relay for the origin itself', () => {
    const room = nodes(50);
    expect(relaysFor('media-node-1', 'media-node-1', room)).toEqual([]);
    expect([...room, 'new']).toContain(relaysFor('new', 'media-node-1', room)[0] ?? 'media-node-1');
  });
});
