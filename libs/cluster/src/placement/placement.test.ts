import { seededRandom } from '@skein/runtime';
import { describe, expect, it } from 'vitest';
import { chooseCandidates, defaultPlacementPolicy, projectedLoad, type NodeView } from './placement.ts';
import { aNode } from '../testing/builders.ts';

const now = 1_700_000_000_000;

function view(
  nodeId: string,
  given: Parameters<typeof aNode>[1] & { assigned?: number; recent?: number; ageMs?: number } = {},
): NodeView {
  const { assigned = 0, recent = 0, ageMs = 0, ...rest } = given;
  const record = aNode(nodeId, rest);
  return { record, lastSeenMs: now - ageMs, assignedSinceBeat: assigned, recentSessions: recent };
}

function choose(nodes: readonly NodeView[], query: Partial<Parameters<typeof chooseCandidates>[1]> = {}) {
  return chooseCandidates(nodes, { now, random: seededRandom(1), ...query });
}

describe('chooseCandidates', () => {
  it.each([2, 3, 5, 10])(
    'spreads 200 sessions over %i nodes within 1.3 times the fair share',
    (nodeCount) => {
      for (let seed = 0; seed < 50; seed++) {
        const random = seededRandom(seed);
        const assigned = new Map(Array.from({ length: nodeCount }, (_, n) => [`n${n}`, 0]));
        for (let n = 0; n < 200; n++) {
          const views = [...assigned].map(([nodeId, count]) => view(nodeId, { assigned: count }));
          const { fallbackNodeId = '' } = choose(views, { random });
          assigned.set(fallbackNodeId, (assigned.get(fallbackNodeId) ?? 0) + 1);
        }
        expect(Math.max(...assigned.values())).toBeLessThanOrEqual((200 / nodeCount) * 1.3);
      }
    },
  );

  it('never chooses a node that is stale, draining or full', () => {
    const nodes = [
      view('stale', { ageMs: defaultPlacementPolicy.staleAfterMs + 1 }),
      view('draining', { state: 'draining' }),
      view('full', { used: 0.9, sessions: 400 }),
      view('promised', { used: 0.8, sessions: 100, assigned: 100 }),
      view('open', { used: 0.89, sessions: 400 }),
    ];
    for (let seed = 0; seed < 100; seed++) {
      const { fallbackNodeId, openNodeIds } = choose(nodes, { random: seededRandom(seed) });
      expect(fallbackNodeId).toBe('open');
      expect(openNodeIds).toEqual(['open']);
    }
  });

  it('takes the less loaded of the two, counting what was assigned since the report', () => {
    const nodes = [
      view('busy', { used: 0.3, sessions: 100, assigned: 100 }),
      view('calm', { used: 0.4, sessions: 100 }),
    ];
    for (let seed = 0; seed < 50; seed++)
      expect(choose(nodes, { random: seededRandom(seed) }).fallbackNodeId).toBe('calm');
  });

  it('keeps a room off a node far above the mean, but not off a node slightly above it', () => {
    const nodes = [
      view('hot', { used: 0.6, sessions: 300 }),
      view('warm', { used: 0.35, sessions: 150 }),
      view('cool', { used: 0.2, sessions: 100 }),
    ];
    expect(choose(nodes).openNodeIds).toEqual(['warm', 'cool']);
  });

  it('keeps a burst off a node that got more sessions lately, unless no other node is open', () => {
    const nodes = [view('n1', { recent: 30 }), view('n2', { assigned: 31 }), view('n3', { recent: 9 })];
    expect(choose(nodes).openNodeIds).toEqual(['n3']);
    const empty = view('new', { recent: 100 });
    const full = ['a', 'b'].map((nodeId) => view(nodeId, { used: 0.8, sessions: 400 }));
    expect(choose([empty, ...full]).openNodeIds).toEqual(['new']);
  });

  it('lets ten come to one node at once, whatever the others have', () => {
    const nodes = [view('n1', { recent: 5, assigned: 4 }), view('n2')];
    expect(choose(nodes).openNodeIds).toEqual(['n1', 'n2']);
  });

  it('leaves out excluded nodes, even a preferred one', () => {
    const nodes = [view('n1'), view('n2')];
    expect(choose(nodes, { excludeNodeIds: ['n1'] }).openNodeIds).toEqual(['n2']);
    expect(() => choose(nodes, { excludeNodeIds: ['n1'], preferredNodeId: 'n1' })).toThrowError(
      expect.objectContaining({ code: 'NODE_NOT_FOUND' }) as Error,
    );
  });

  it('stays in the region while it has an open node', () => {
    const nodes = [
      view('near', { region: 'north', used: 0.8, sessions: 300 }),
      view('far', { region: 'south' }),
    ];
    expect(choose(nodes, { region: 'north' })).toMatchObject({
      fallbackNodeId: 'near',
      openNodeIds: ['near'],
    });
    expect(choose(nodes, { region: 'west' }).openNodeIds).toEqual(['far']);
  });

  it('has no fallback when there is no open node', () => {
    expect(choose([])).toEqual({ fallbackNodeId: undefined, openNodeIds: [] });
  });

  it('takes a wish for a node that is ready, even a full one, and refuses any other', () => {
    const nodes = [view('full', { used: 1 }), view('stale', { ageMs: 10_000 }), view('open')];
    expect(choose(nodes, { preferredNodeId: 'full' }).preferredNodeId).toBe('full');
    for (const preferredNodeId of ['stale', 'unknown']) {
      expect(() => choose(nodes, { preferredNodeId })).toThrowError(
        expect.objectContaining({ code: 'NODE_NOT_FOUND' }) as Error,
      );
    }
  });
});

describe('projectedLoad', () => {
  const load = (used: number, sessions: number, assigned: number) =>
    projectedLoad(view('n', { used, sessions, assigned }), defaultPlacementPolicy);

  it('takes the average cost of a session, within bounds', () => {
    expect(load(0.5, 100, 10)).toBeCloseTo(0.55);
    expect(load(0.001, 100, 10)).toBeCloseTo(0.001 + 10 * defaultPlacementPolicy.minSessionCost);
    expect(load(0.5, 1, 10)).toBeCloseTo(0.5 + 10 * defaultPlacementPolicy.maxSessionCost);
    expect(load(0, 0, 10)).toBeCloseTo(10 * defaultPlacementPolicy.minSessionCost);
  });

  it('expects of sessions that came since the report before what those before them cost', () => {
    const grown = view('n', { used: 0.25, sessions: 100, assigned: 10 });
    const settled = { used: 0.2, sessions: 40 };
    expect(projectedLoad({ ...grown, settled }, defaultPlacementPolicy)).toBeCloseTo(0.2 + 70 * 0.005);
    const measured = view('n', { used: 0.7, sessions: 100 });
    expect(projectedLoad({ ...measured, settled }, defaultPlacementPolicy)).toBeCloseTo(0.7);
    expect(
      projectedLoad({ ...grown, settled: { used: 0.2, sessions: 120 } }, defaultPlacementPolicy),
    ).toBeLessThan(0.3);
  });
});
