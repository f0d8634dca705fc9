import { describe, expect, it } from 'vitest';
import { FORWARD_PLANS, groupBySpread, packetRatio, type ForwardSize } from './sizes.ts';

const size = (change: Partial<ForwardSize>): ForwardSize => ({
  ...{ name: 'a size', publishers: 1, publish: [{ source: 'microphone' }], viewers: 9, mutual: false },
  ...{ spread: { nodes: 1, workersPerNode: 1 }, maxRatio: 1.1, ...change },
});
const onTwoNodes = { nodes: 2, workersPerNode: 1 };

describe('what pipes add to the packets of a room', () => {
  it('is nothing on one worker', () => {
    expect(packetRatio(size({}))).toBe(1);
  });

  it('is one more sent and one more received for each packet of a track', () => {
    expect(packetRatio(size({ spread: onTwoNodes }))).toBe(12 / 10);
    expect(packetRatio(size({ spread: { nodes: 1, workersPerNode: 2 } }))).toBe(12 / 10);
    expect(packetRatio(size({ spread: { nodes: 3, workersPerNode: 1 } }))).toBe(14 / 10);
  });

  it('weighs more the fewer receive a track', () => {
    const meeting = { publishers: 16, viewers: 0, mutual: true, spread: onTwoNodes };
    expect(packetRatio(size(meeting))).toBe(18 / 16);
    expect(packetRatio(size({ viewers: 199, spread: onTwoNodes }))).toBe(202 / 200);
  });
});

describe('the sizes of the long form', () => {
  const { sizes, pipedSizes } = FORWARD_PLANS.long;

  it('are within 1.10 of a bare worker where nothing is piped', () => {
    expect(sizes.map((one) => [packetRatio(one), one.maxRatio])).toEqual(sizes.map(() => [1, 1.1]));
  });

  it('cross two workers of a node and two nodes, with a budget above the cost of the packets', () => {
    const spreads = pipedSizes.map(({ spread }) => spread);
    expect(spreads).toContainEqual({ nodes: 1, workersPerNode: 2 });
    expect(spreads).toContainEqual(onTwoNodes);
    for (const one of pipedSizes) expect(one.maxRatio).toBeGreaterThan(packetRatio(one));
  });
});

it('sizes with the same spread share a cluster', () => {
  const [one, two, three] = [
    size({ name: 'one' }),
    size({ name: 'two' }),
    size({ name: 'three', spread: onTwoNodes }),
  ];
  expect(groupBySpread([one, two, three])).toEqual([[one, two], [three]]);
  expect(groupBySpread([])).toEqual([]);
});
