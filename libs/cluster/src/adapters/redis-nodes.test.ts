import type { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import type { LeaderLease } from '../leases/leader-lease.ts';
import type { NodeRegistry } from '../leases/node-registry.ts';
import { aNode } from '../testing/builders.ts';
import { useRedis } from '../testing/redis-store.ts';

let nodes: NodeRegistry;
let leader: LeaderLease;
let raw: Redis;

useRedis((test) => {
  raw = test.raw;
  ({ nodes, leader } = test.store);
});

const ttlMs = 5000;

describe('the keys of the node registry', () => {
  it('keep a lease until its time is over', async () => {
    await nodes.renew(aNode('n1'), { fence: undefined, ttlMs });
    const listed = await nodes.list();
    const untilMs = Number(await raw.zscore('skein:{nodes}:leases', 'n1')) / 1000;
    expect(untilMs - (listed[0]?.renewedAtMs ?? 0)).toBeCloseTo(ttlMs, 0);
  });

  it('keep nothing but the fence of a node that released its lease or let it run out', async () => {
    const fence = await nodes.renew(aNode('n1'), { fence: undefined, ttlMs });
    await nodes.renew(aNode('n2'), { fence: undefined, ttlMs });
    await nodes.release('n1', fence);
    await raw.zadd('skein:{nodes}:leases', 1, 'n2');
    expect(await nodes.list()).toEqual([]);
    expect(await raw.exists('skein:{nodes}:abouts', 'skein:{nodes}:reports', 'skein:{nodes}:leases')).toBe(0);
  });

  it('keep the fence of an evicted node for an hour, unless the node starts again', async () => {
    const leaderFence = (await leader.hold('one', 60_000)) ?? Number.NaN;
    const fence = await nodes.renew(aNode('n1'), { fence: undefined, ttlMs });
    await raw.zadd('skein:{nodes}:leases', 1, 'n1');
    await nodes.evict('n1', fence, leaderFence);
    const forgetAtMs = Number(await raw.zscore('skein:{nodes}:forget', 'n1')) / 1000;
    expect(forgetAtMs - fence / 1000).toBeGreaterThan(3_500_000);
    await nodes.renew(aNode('n1'), { fence: undefined, ttlMs });
    expect(await raw.zscore('skein:{nodes}:forget', 'n1')).toBeNull();
  });

  it('keep a count of assignments for a short time', async () => {
    await nodes.countAssignment('n1', 1);
    expect(await raw.pttl('skein:node:n1:assigned:1')).toBeGreaterThan(0);
  });

  it('forgets what is left of a node that is gone after an hour', async () => {
    const fence = await nodes.renew(aNode('n1'), { fence: undefined, ttlMs });
    const before = await nodes.read();
    await nodes.release('n1', fence);
    await raw.zadd('skein:{nodes}:forget', 1, 'n1');
    // The change itself has been dropped: an earlier reader gets all nodes.
    expect(await nodes.read({ since: before.version })).toMatchObject({ whole: true, nodes: [], gone: [] });
    expect((await raw.keys('*')).toSorted()).toEqual(['skein:{nodes}:meta']);
  });

  it('costs one command for each renewal and each reading, however many nodes there are', async () => {
    for (let at = 0; at < 30; at++) await nodes.renew(aNode(`n${at}`), { fence: undefined, ttlMs });
    const { version } = await nodes.read();
    const asked = async (work: () => Promise<unknown>): Promise<number> => {
      await raw.config('RESETSTAT');
      await work();
      const info = await raw.info('commandstats');
      return Number(/cmdstat_evalsha:calls=(\d+)/.exec(info)?.[1] ?? 0);
    };
    expect(await asked(() => nodes.list())).toBe(1);
    expect(await asked(() => nodes.read({ since: version, loads: true }))).toBe(1);
    expect(await asked(() => nodes.renew(aNode('n1', { beat: 3 }), { fence: undefined, ttlMs }))).toBe(1);
  });
});

describe('the key of the leader lease', () => {
  it('has a higher number even when the store has a clock that fell back', async () => {
    await raw.hset('skein:reconciler', { holder: 'z', fence: '9000000000000000', untilUs: '1' });
    expect(await leader.hold('a', 60_000)).toBe(9_000_000_000_000_001);
  });
});
