import { describe, expect, it } from 'vitest';
import type { PlaceRequest } from '../../store/room-store.ts';
import { aRequest } from '../builders.ts';
import type { StoreUnderTest, UseStore } from './store-under-test.ts';

/** Who gets an identity back after having been away. */
export function claimsContract(use: UseStore): void {
  let test: StoreUnderTest;
  use((ready) => (test = ready));

  let sessions = 0;
  const join = (given: Partial<PlaceRequest> = {}) =>
    test.store.rooms.place(aRequest({ identity: 'ada', sessionId: `ses_${++sessions}`, ...given }));
  const holder = async () => (await test.store.rooms.snapshot('blue'))?.participants[0]?.sessionId;

  describe('a client that was away and joins again', () => {
    it('stays out when another device has taken its identity since', async () => {
      const laptop = await join({ stayId: 'laptop' });
      const phone = await join({ stayId: 'phone' });
      const { epoch: lastEpoch } = laptop.participant;
      await expect(join({ stayId: 'laptop', lastEpoch })).rejects.toMatchObject({ code: 'SUPERSEDED' });
      await expect(join({ lastEpoch })).rejects.toMatchObject({ code: 'SUPERSEDED' });
      expect(await holder()).toBe(phone.participant.sessionId);
    });

    it('stays out also when that device was moved, is a viewer now, or the room is full', async () => {
      const laptop = await join({ stayId: 'laptop' });
      const phone = await join({ stayId: 'phone', role: 'viewer' });
      const { epoch: fromEpoch } = phone.participant;
      const request = aRequest({ identity: 'ada', sessionId: 'ses_moved', stayId: 'phone', role: 'viewer' });
      await test.store.rooms.move({ ...request, fromEpoch, reason: 'drain' });
      const again = join({ stayId: 'laptop', lastEpoch: laptop.participant.epoch, maxParticipants: 1 });
      await expect(again).rejects.toMatchObject({ code: 'SUPERSEDED' });
    });

    it('gets its place back when only its own session was moved meanwhile', async () => {
      const { participant } = await join({ stayId: 'laptop' });
      const request = aRequest({ identity: 'ada', sessionId: 'ses_moved', stayId: 'laptop' });
      await test.store.rooms.move({ ...request, fromEpoch: participant.epoch, reason: 'drain' });
      const again = await join({ stayId: 'laptop', lastEpoch: participant.epoch });
      expect(again.superseded?.sessionId).toBe('ses_moved');
    });

    it('gets its place back when its last join had succeeded and only the answer was lost', async () => {
      const { participant } = await join({ stayId: 'laptop' });
      const lastEpoch = participant.epoch;
      await join({ stayId: 'laptop', lastEpoch });
      const again = await join({ stayId: 'laptop', lastEpoch });
      expect(await holder()).toBe(again.participant.sessionId);
    });

    it('gets its place back when the other device has left, or the store has lost the room', async () => {
      const laptop = await join({ stayId: 'laptop' });
      const lastEpoch = laptop.participant.epoch;
      const phone = await join({ stayId: 'phone' });
      await test.store.rooms.leave('blue', phone.participant, 'left');
      await join({ stayId: 'laptop', lastEpoch });
      await test.lose();
      await join({ stayId: 'laptop', lastEpoch });
      expect((await test.store.rooms.snapshot('blue'))?.participants).toHaveLength(1);
    });

    it('takes the identity over when somebody asked for it, without its last epoch', async () => {
      await join({ stayId: 'laptop' });
      const phone = await join({ stayId: 'phone' });
      const again = await join({ stayId: 'laptop' });
      expect(again.superseded).toEqual(phone.participant);
    });
  });
}
