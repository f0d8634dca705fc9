import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ScenarioRefused } from '../../scenario/refused.ts';
import { scenarioSchema, type Scenario } from '../../scenario/schema.ts';
import { planRun, type RunPlan, type Step } from './plan.ts';

const context = { roomPrefix: 'r-', gateways: 2 };

function scenario(group: object, more: object = {}): Scenario {
  return scenarioSchema.parse({
    ...{ name: 'x', duration: '60s', ...more },
    groups: [{ name: 'people', peersPerRoom: 2, ...group }],
  });
}

type StepOf<Type extends Step['type']> = Extract<Step, { type: Type }>;

function steps<Type extends Step['type']>(plan: RunPlan, type: Type): StepOf<Type>[] {
  return plan.steps.filter((step): step is StepOf<Type> => step.type === type);
}

describe('a plan', () => {
  it('fills the rooms alike, at the rate that was asked for, over all gateways', () => {
    const plan = planRun(scenario({ rooms: 2, join: { rate: 10, after: '1s' } }), context);
    const joins = steps(plan, 'join').map(({ atMs, gateway, peer }) => [
      atMs,
      peer.peerId,
      peer.room,
      gateway,
    ]);
    expect(joins).toEqual([
      [1000, 'people-1-1', 'r-people-1', 0],
      [1100, 'people-2-1', 'r-people-2', 1],
      [1200, 'people-1-2', 'r-people-1', 0],
      [1300, 'people-2-2', 'r-people-2', 1],
    ]);
    expect(plan.fullFromMs).toBe(1300);
  });

  it('has peers publish, receive and wish for layers as the group says', () => {
    const group = {
      publish: { audio: true, video: { layers: 2 } },
      layers: { spatial: 1 },
      node: 'media-node-2',
    };
    expect(steps(planRun(scenario(group), context), 'join')[0]?.peer).toMatchObject({
      publish: [{ source: 'microphone' }, { source: 'camera', layers: 2 }],
      ...{ subscribe: true, preferredLayers: { spatialLayer: 1 }, nodeId: 'media-node-2' },
    });
  });

  it('has viewers join as such', () => {
    const roles = (group: object) =>
      steps(planRun(scenario(group), context), 'join').map(({ peer }) => peer.role);
    expect(roles({ role: 'viewer' })).toEqual(['viewer', 'viewer']);
    expect(roles({})).toEqual([undefined, undefined]);
  });

  it('lets people leave and come again under the same identity', () => {
    const plan = planRun(scenario({ peersPerRoom: 1, stay: '20s', away: '5s' }), context);
    expect(steps(plan, 'join').map(({ atMs, peer }) => [atMs, peer.peerId, peer.identity])).toEqual([
      [0, 'people-1-1', 'people-1-1'],
      [25_000, 'people-1-1~2', 'people-1-1'],
      [50_000, 'people-1-1~3', 'people-1-1'],
    ]);
    expect(steps(plan, 'leave').map(({ atMs, peerId }) => [atMs, peerId])).toEqual([
      [20_000, 'people-1-1'],
      [45_000, 'people-1-1~2'],
    ]);
  });

  it('changes layers while a peer is there', () => {
    const layers = { choose: [{ spatial: 0 }, { spatial: 2 }], every: '10s' };
    const plan = planRun(scenario({ peersPerRoom: 1, layers, stay: '35s' }), context);
    expect(steps(plan, 'layers').map(({ atMs }) => atMs)).toEqual([10_000, 20_000, 30_000]);
  });

  it('draws the same for a peer whatever other groups there are', () => {
    const group = { name: 'people', peersPerRoom: 1, stay: { min: '1s', max: '50s' } };
    const alone = planRun(scenario(group), context);
    const parsed = scenario(group);
    const others = scenario({ name: 'others', peersPerRoom: 5 }).groups;
    const among = planRun({ ...parsed, groups: [...others, ...parsed.groups] }, context);
    expect(steps(among, 'leave')).toEqual(steps(alone, 'leave'));
  });

  it('is another run’s of the same seed in all but the names of its rooms', () => {
    const group = { stay: { min: '1s', max: '50s' }, join: { rate: 1, arrivals: 'random' } };
    const [one, other] = ['load_a-', 'load_b-'].map((roomPrefix) =>
      planRun(scenario(group), { ...context, roomPrefix }),
    );
    expect(JSON.stringify(one)).toContain('"room":"load_a-people-1"');
    expect(JSON.stringify(one).replaceAll('load_a-', 'load_b-')).toBe(JSON.stringify(other));
  });

  it('refuses what no machine could hold', () => {
    const endless = scenario({ rooms: 10, peersPerRoom: 10, stay: '1s', away: '0s' }, { duration: '1h' });
    expect(() => planRun(endless, { ...context, mostSteps: 10_000 })).toThrow(
      new ScenarioRefused('x has over 10000 steps: take fewer peers, longer stays or less time'),
    );
  });
});

describe('any plan', () => {
  const anyGroup = fc.record({
    rooms: fc.integer({ min: 1, max: 4 }),
    peersPerRoom: fc.integer({ min: 1, max: 5 }),
    join: fc.oneof(
      fc.record({ rate: fc.integer({ min: 1, max: 50 }), arrivals: fc.constantFrom('even', 'random') }),
      fc.record({ over: fc.constantFrom('0s', '10s', '50s'), arrivals: fc.constantFrom('even', 'random') }),
    ),
    stay: fc.constantFrom('1s', '20s', '90s'),
    away: fc.constantFrom('0s', '3s'),
    layers: fc.constantFrom('highest', { choose: [{ spatial: 0 }, { spatial: 1 }], every: '7s' }),
  });

  it('is the same for the same seed, in order, and no peer acts before it joins or after it left', () => {
    fc.assert(
      fc.property(anyGroup, fc.integer({ min: 1, max: 1000 }), (group, seed) => {
        const plan = planRun(scenario(group, { seed }), context);
        expect(planRun(scenario(group, { seed }), context)).toEqual(plan);
        const times = plan.steps.map(({ atMs }) => atMs);
        expect(times).toEqual(times.toSorted((one, other) => one - other));
        expect(times.every((atMs) => atMs < 60_000)).toBe(true);
        expect(outOfTurn(plan.steps)).toEqual([]);
      }),
    );
  });
});

/** Steps of peers that are not there, and joins of people who are there already. */
function outOfTurn(steps: readonly Step[]): Step[] {
  const here = new Map<string, string | undefined>();
  return steps.filter((step) => {
    if (step.type === 'fault') return false;
    if (step.type === 'join') {
      const isTwice = [...here.values()].includes(step.peer.identity);
      here.set(step.peer.peerId, step.peer.identity);
      return isTwice;
    }
    const isGone = !here.has(step.peerId);
    if (step.type === 'leave') here.delete(step.peerId);
    return isGone;
  });
}
