import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LeaderLease } from '../../leases/leader-lease.ts';
import type { ClusterStore } from '../../store/cluster-store.ts';
import { aRequest } from '../builders.ts';
import type { StoreUnderTest, UseStore } from './store-under-test.ts';

const ttlMs = 60_000;

export function leaderContract(use: UseStore): void {
  let test: StoreUnderTest;
  let one: LeaderLease;
  let other: LeaderLease;
  let second: ClusterStore;
  use((ready) => {
    test = ready;
    one = ready.store.leader;
  });
  beforeAll(async () => {
    second = await test.connect();
    other = second.leader;
  });
  afterAll(async () => {
    await second.close();
  });

  describe('the leader lease', () => {
    it('has one holder at a time, whose number stays while it renews', async () => {
      const fence = await one.hold('a', ttlMs);
      expect(fence).toBeGreaterThan(0);
      expect(await other.hold('b', ttlMs)).toBeUndefined();
      expect(await one.hold('a', ttlMs)).toBe(fence);
    });

    it('goes to another one when it has run out, with a higher number', async () => {
      const first = await one.hold('a', ttlMs);
      await test.expireLeader();
      const second = await other.hold('b', ttlMs);
      expect(second).toBeGreaterThan(first ?? Number.NaN);
      expect(await one.hold('a', ttlMs)).toBeUndefined();
      await one.release('a');
      expect(await other.hold('b', ttlMs)).toBe(second);
    });

    it('gives a higher fence to a holder that let the lease run out', async () => {
      const first = await one.hold('a', ttlMs);
      await test.expireLeader();
      expect(await one.hold('a', ttlMs)).toBeGreaterThan(first ?? Number.NaN);
    });

    it('is free at once when it is given back', async () => {
      const first = await one.hold('a', ttlMs);
      await one.release('a');
      expect(await other.hold('b', ttlMs)).toBeGreaterThan(first ?? Number.NaN);
    });

    it('goes to exactly one of many that ask at once', async () => {
      const asked = await Promise.all(
        Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? one : other).hold(`h${n}`, ttlMs)),
      );
      expect(asked.filter((fence) => fence !== undefined)).toHaveLength(1);
    });

    it('is refused to one that was held up, who wants to take somebody out of a room', async () => {
      const first = (await one.hold('a', ttlMs)) ?? Number.NaN;
      const { rooms } = test.store;
      const { participant } = await rooms.place(aRequest({ identity: 'ann' }));
      const takeOut = async (fence: number) => await rooms.leave('blue', participant, 'node-died', fence);
      await test.expireLeader();
      await expect(takeOut(first)).rejects.toMatchObject({ code: 'STALE_EPOCH' });
      const second = (await other.hold('b', ttlMs)) ?? Number.NaN;
      await expect(takeOut(first)).rejects.toMatchObject({ code: 'STALE_EPOCH' });
      expect(await rooms.snapshot('blue')).toMatchObject({ participants: [{ identity: 'ann' }] });
      expect((await takeOut(second)).changes).toHaveLength(1);
      expect((await takeOut(second)).changes).toEqual([]);
      expect((await one.view()).auditLog).toMatchObject([{ fence: second, what: 'remove ann' }]);
      expect(await one.hold('b', ttlMs)).toBe(second);
    });

    it('takes 500 ms to a minute', async () => {
      for (const wrong of [499, 60_001])
        await expect(one.hold('a', wrong)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    });
  });
}
