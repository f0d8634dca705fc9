import { describe, expect, it } from 'vitest';
import { aRequest, aTrack } from '../builders.ts';
import type { StoreUnderTest, UseStore } from './store-under-test.ts';

/** A room that somebody damaged, and its repair. */
export function damageContract(use: UseStore): void {
  let test: StoreUnderTest;
  use((ready) => (test = ready));
  const lead = async (): Promise<number> => (await test.store.leader.hold('control', 60_000)) ?? Number.NaN;

  describe('a room whose tracks hold something else', () => {
    it('fails its own calls until a repair, which keeps the members as a room born again', async () => {
      const { rooms } = test.store;
      const { participant, snapshot: before } = await rooms.place(aRequest({ identity: 'ann' }));
      const { epoch } = participant;
      await rooms.publishTrack('blue', 'ses_ann', aTrack({ trackId: 't1', identity: 'ann', epoch }));
      await rooms.place(aRequest({ identity: 'vic', role: 'viewer' }));
      await rooms.place(aRequest({ identity: 'zoe', room: 'red' }));
      const fence = await lead();
      expect(await rooms.repair('blue', fence)).toBe(0);
      await test.corruptTracks('blue');
      await expect(rooms.snapshot('blue')).rejects.toMatchObject({ code: 'INTERNAL' });
      const other = aTrack({ trackId: 't2', identity: 'ann', epoch });
      await expect(rooms.publishTrack('blue', 'ses_ann', other)).rejects.toMatchObject({ code: 'INTERNAL' });
      expect(await rooms.snapshot('red')).toMatchObject({ participants: [{ identity: 'zoe' }] });

      expect(await rooms.repair('blue', fence)).toBe(1);
      const after = await rooms.snapshot('blue');
      expect(after).toMatchObject({ participants: [participant], tracks: [], viewership: { viewers: 1 } });
      expect(after?.bornVersion).toBe(after?.version);
      expect(after?.version).toBeGreaterThan(before.version);
      expect(await rooms.repair('blue', fence)).toBe(0);
    });

    it('is repaired by the leader only, which the audit log records', async () => {
      const { rooms, leader } = test.store;
      await rooms.place(aRequest({ identity: 'ann' }));
      const fence = await lead();
      await test.corruptTracks('blue');
      await test.expireLeader();
      await expect(rooms.repair('blue', fence)).rejects.toMatchObject({ code: 'STALE_EPOCH' });
      const next = await lead();
      expect(await rooms.repair('blue', next)).toBe(1);
      expect((await leader.view()).auditLog).toMatchObject([{ fence: next, what: 'repair blue' }]);
    });
  });
}
