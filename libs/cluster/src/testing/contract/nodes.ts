import { describe, expect, it } from 'vitest';
import type { NodeRegistry } from '../../leases/node-registry.ts';
import { aNode } from '../builders.ts';
import type { StoreUnderTest, UseStore } from './store-under-test.ts';

const ttlMs = 5000;

export function nodesContract(use: UseStore): void {
  let test: StoreUnderTest;
  let nodes: NodeRegistry;
  use((ready) => {
    test = ready;
    nodes = ready.store.nodes;
  });

  /** The number that only the present leader has. */
  async function lead(): Promise<number> {
    return (await test.store.leader.hold('one', 60_000)) ?? Number.NaN;
  }

  describe('the node registry', () => {
    it('lists a node with its record, fence and the age of its lease', async () => {
      const fence = await nodes.renew(aNode('n1'), { fence: undefined, ttlMs });
      expect(await nodes.renew(aNode('n1', { beat: 2 }), { fence, ttlMs })).toBe(fence);
      const listed = await nodes.list();
      expect(listed).toEqual([
        {
          ...{ record: aNode('n1', { beat: 2 }), fence },
          leaseAgeMs: expect.any(Number) as number,
          renewedAtMs: expect.any(Number) as number,
        },
      ]);
      expect(listed[0]?.leaseAgeMs).toBeLessThan(1000);
    });

    it('gives a new start a higher fence, and refuses the earlier one from then on', async () => {
      const first = await nodes.renew(aNode('n1'), { fence: undefined, ttlMs });
      const second = await nodes.renew(aNode('n1', { startedAtMs: 1_700_000_000_001 }), {
        fence: undefined,
        ttlMs,
      });
      expect(second).toBeGreaterThan(first);
      await expect(nodes.renew(aNode('n1'), { fence: first, ttlMs })).rejects.toMatchObject({
        code: 'STALE_EPOCH',
      });
      await nodes.release('n1', first);
      expect((await nodes.list())[0]?.fence).toBe(second);
    });

    it('gives an expired lease back to its holder, and queued renewals do not fence each other', async () => {
      const fence = await nodes.renew(aNode('n1'), { fence: undefined, ttlMs });
      await test.expireNode('n1');
      const queued = [nodes.renew(aNode('n1'), { fence, ttlMs }), nodes.renew(aNode('n1'), { fence, ttlMs })];
      expect(await Promise.all(queued)).toEqual([fence, fence]);
    });

    it('forgets a node that released its lease or let it run out', async () => {
      const fence = await nodes.renew(aNode('n1'), { fence: undefined, ttlMs });
      await nodes.renew(aNode('n2'), { fence: undefined, ttlMs });
      await nodes.release('n1', fence);
      await test.expireNode('n2');
      expect(await nodes.list()).toEqual([]);
    });

    it('evicts a node whose lease has run out, and refuses its next renewal', async () => {
      const leaderFence = await lead();
      const fence = await nodes.renew(aNode('n1'), { fence: undefined, ttlMs });
      expect(await nodes.evict('n1', fence, leaderFence)).toBe(false);
      expect(await nodes.renew(aNode('n1'), { fence, ttlMs })).toBe(fence);
      await test.expireNode('n1');
      expect(await nodes.evict('n1', fence, leaderFence)).toBe(true);
      expect(await nodes.evict('n1', fence, leaderFence)).toBe(true);
      expect(await nodes.list()).toEqual([]);
      await expect(nodes.renew(aNode('n1'), { fence, ttlMs })).rejects.toMatchObject({ code: 'STALE_EPOCH' });
    });

    it('revokes the lease of a crashed start, but never that of a later one', async () => {
      const leaderFence = await lead();
      const fence = await nodes.renew(aNode('n1'), { fence: undefined, ttlMs });
      expect(await nodes.evict('n1', fence, leaderFence, { crashed: true })).toBe(true);
      expect(await nodes.list()).toEqual([]);
      await expect(nodes.renew(aNode('n1'), { fence, ttlMs })).rejects.toMatchObject({ code: 'STALE_EPOCH' });
      const again = await nodes.renew(aNode('n1'), { fence: undefined, ttlMs });
      expect(await nodes.evict('n1', fence, leaderFence, { crashed: true })).toBe(false);
      expect(await nodes.evict('n1', 0, leaderFence, { crashed: true })).toBe(false);
      expect(await nodes.list()).toMatchObject([{ fence: again }]);
    });

    it('gives a new start of an evicted node a lease that the eviction does not touch', async () => {
      const leaderFence = await lead();
      const fence = await nodes.renew(aNode('n1'), { fence: undefined, ttlMs });
      await test.expireNode('n1');
      await nodes.evict('n1', fence, leaderFence);
      const again = await nodes.renew(aNode('n1'), { fence: undefined, ttlMs });
      expect(again).toBeGreaterThan(fence);
      expect(await nodes.evict('n1', fence, leaderFence)).toBe(false);
      expect(await nodes.renew(aNode('n1'), { fence: again, ttlMs })).toBe(again);
      expect(await nodes.list()).toMatchObject([{ fence: again }]);
    });

    it('tells a reader what has changed since its last reading, and no loads unless asked', async () => {
      const first = await nodes.renew(aNode('n1'), { fence: undefined, ttlMs });
      const second = await nodes.renew(aNode('n2'), { fence: undefined, ttlMs });
      const all = await nodes.read();
      expect(all).toMatchObject({ whole: true, gone: [] });
      expect(new Set(all.nodes.map(({ fence }) => fence))).toEqual(new Set([first, second]));

      await nodes.renew(aNode('n1', { beat: 2, sessions: 7 }), { fence: first, ttlMs });
      const nothing = await nodes.read({ since: all.version });
      expect(nothing).toEqual({
        version: all.version,
        whole: false,
        nodes: [],
        gone: [],
        reports: new Map(),
      });
      const loads = await nodes.read({ since: all.version, loads: true });
      expect(loads.reports.get('n1')).toMatchObject({ beat: 2, fence: first, load: { sessions: 7 } });
      expect(loads.reports.size).toBe(2);

      await nodes.renew(aNode('n1', { state: 'draining' }), { fence: first, ttlMs });
      await test.expireNode('n2');
      const changed = await nodes.read({ since: all.version });
      expect(changed.nodes.map(({ record }) => [record.nodeId, record.state])).toEqual([['n1', 'draining']]);
      expect(changed).toMatchObject({ whole: false, gone: ['n2'] });
    });

    it('gives a reader of another history all there is', async () => {
      await nodes.renew(aNode('n1'), { fence: undefined, ttlMs });
      const { version } = await nodes.read();
      expect(await nodes.read({ since: version + 1 })).toMatchObject({ whole: true });
      await test.lose();
      await nodes.renew(aNode('n2'), { fence: undefined, ttlMs });
      const regrown = await nodes.read({ since: version });
      expect(regrown).toMatchObject({ whole: true });
      expect(regrown.nodes.map(({ record }) => record.nodeId)).toEqual(['n2']);
    });

    it('lets only the leader evict, and records the eviction in the audit log', async () => {
      const leaderFence = await lead();
      const fence = await nodes.renew(aNode('n1'), { fence: undefined, ttlMs });
      await test.expireNode('n1');
      // Held up past its lease; another one leads since.
      await test.expireLeader();
      await expect(nodes.evict('n1', fence, leaderFence)).rejects.toMatchObject({ code: 'STALE_EPOCH' });
      const next = (await test.store.leader.hold('two', 60_000)) ?? Number.NaN;
      await expect(nodes.evict('n1', fence, leaderFence)).rejects.toMatchObject({ code: 'STALE_EPOCH' });
      expect(await nodes.renew(aNode('n1'), { fence, ttlMs })).toBe(fence);
      await test.expireNode('n1');
      expect(await nodes.evict('n1', fence, next)).toBe(true);
      expect(await test.store.leader.view()).toEqual({
        ...{ holderId: 'two', fence: next },
        auditLog: [{ id: expect.any(String) as string, fence: next, what: 'evict n1' }],
      });
    });

    it('refuses a lease time out of range', async () => {
      for (const wrong of [499, 60_001, Number.NaN]) {
        await expect(nodes.renew(aNode('n1'), { fence: undefined, ttlMs: wrong })).rejects.toMatchObject({
          code: 'INVALID_ARGUMENT',
          details: { field: 'ttlMs' },
        });
      }
    });

    it('counts assignments per node and beat, for a short time', async () => {
      expect(await nodes.countAssignment('n1', 1)).toBe(1);
      expect(await nodes.countAssignment('n1', 1)).toBe(2);
      expect(await nodes.countAssignment('n1', 2)).toBe(1);
      expect(await nodes.countAssignment('n2', 1)).toBe(1);
    });
  });
}
