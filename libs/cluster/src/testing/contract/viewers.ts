import type { Role } from '@skein/protocol';
import { describe, expect, it } from 'vitest';
import type { Placed, PlaceRequest, RoomStore } from '../../store/room-store.ts';
import { aRequest, aTrack } from '../builders.ts';
import type { StoreUnderTest, UseStore } from './store-under-test.ts';

export function viewersContract(use: UseStore): void {
  let test: StoreUnderTest;
  let rooms: RoomStore;
  use((ready) => {
    test = ready;
    rooms = ready.store.rooms;
  });

  function join(identity: string, role: Role, given: Partial<PlaceRequest> = {}): Promise<Placed> {
    return rooms.place(aRequest({ identity, role, ...given }));
  }

  const types = ({ changes }: Placed): string[] => changes.map(({ change }) => change.type);

  describe('a viewer', () => {
    it('is placed and leaves without a change, and is counted with the nodes that carry viewers', async () => {
      const { snapshot: before } = await join('ann', 'participant');
      const vic = await join('vic', 'viewer');
      expect(vic).toMatchObject({ changes: [], superseded: undefined, viewership: { viewers: 1 } });
      expect(vic.participant).toMatchObject({ identity: 'vic', sessionId: 'ses_vic', nodeId: 'node-1' });
      expect(vic.snapshot).toMatchObject({ version: before.version, participants: before.participants });
      expect(await rooms.viewers('blue')).toEqual([vic.participant]);
      expect(await rooms.viewers('blue', ['ann', 'vic', 'nobody'])).toEqual([vic.participant]);
      expect(await rooms.heads(['blue'])).toEqual([
        { version: before.version, viewership: { ...vic.viewership, viewers: 1, nodeIds: ['node-1'] } },
      ]);
      const { changes, viewership } = await rooms.leave('blue', vic.participant, 'left');
      expect([changes, viewership?.viewers, viewership?.nodeIds]).toEqual([[], 0, []]);
      expect(viewership?.revision).toBeGreaterThan(vic.viewership?.revision ?? Infinity);
      expect((await rooms.snapshot('blue'))?.version).toBe(before.version);
    });

    it('makes the room, holds it while nobody else is there, and frees every key with the last one', async () => {
      const vic = await join('vic', 'viewer');
      expect(await rooms.listRooms({ pageSize: 9 })).toEqual(['blue']);
      expect(vic.snapshot).toMatchObject({ participants: [], tracks: [] });
      const ann = await join('ann', 'participant');
      expect(ann.changes).toMatchObject([{ version: vic.snapshot.version + 1 }]);
      expect(await rooms.changesSince('blue', vic.snapshot.version)).toEqual(ann.changes);
      await rooms.leave('blue', ann.participant, 'left');
      expect(await rooms.snapshot('blue')).toMatchObject({ participants: [], viewership: { viewers: 1 } });
      expect(await rooms.leave('blue', vic.participant, 'left')).toEqual({ changes: [] });
      expect(await test.isEmpty()).toBe(true);
    });

    it('counts under the limit of the room, once', async () => {
      await join('ann', 'participant', { maxParticipants: 2 });
      await join('vic', 'viewer', { maxParticipants: 2 });
      await join('vic', 'viewer', { maxParticipants: 2 });
      for (const role of ['participant', 'viewer'] as const)
        await expect(join('bob', role, { maxParticipants: 2 })).rejects.toMatchObject({ code: 'ROOM_FULL' });
    });

    it('draws others to its node', async () => {
      await join('vic', 'viewer', { candidates: { fallbackNodeId: 'node-3', openNodeIds: ['node-3'] } });
      expect((await join('ann', 'participant')).participant.nodeId).toBe('node-3');
    });

    it('publishes nothing', async () => {
      const { participant } = await join('vic', 'viewer');
      const track = aTrack({ trackId: 't1', identity: 'vic', epoch: participant.epoch });
      await expect(rooms.publishTrack('blue', 'ses_vic', track)).rejects.toMatchObject({
        code: 'SESSION_NOT_FOUND',
      });
    });
  });

  describe('an identity that joins again', () => {
    it('as a viewer, again, is placed at a higher epoch without a change', async () => {
      const first = await join('vic', 'viewer');
      const second = await join('vic', 'viewer', { sessionId: 'ses_2' });
      expect(second).toMatchObject({
        changes: [],
        superseded: first.participant,
        viewership: { viewers: 1 },
      });
      expect(second.participant.epoch).toBeGreaterThan(first.participant.epoch);
      expect(await rooms.leave('blue', first.participant, 'left')).toEqual({ changes: [] });
      expect(await rooms.viewers('blue')).toEqual([second.participant]);
    });

    it('as a viewer, having been a participant, leaves with its tracks', async () => {
      await join('bob', 'participant');
      const first = await join('ann', 'participant');
      await rooms.publishTrack(
        'blue',
        'ses_ann',
        aTrack({ trackId: 't1', identity: 'ann', epoch: first.participant.epoch }),
      );
      const second = await join('ann', 'viewer', { sessionId: 'ses_2' });
      expect(second.superseded).toEqual(first.participant);
      expect(second.changes.map(({ change }) => change)).toEqual([
        { type: 'participantLeft', identity: 'ann', epoch: first.participant.epoch, reason: 'superseded' },
      ]);
      expect(second.snapshot).toMatchObject({ participants: [{ identity: 'bob' }], tracks: [] });
      expect(await rooms.changesSince('blue', second.snapshot.version - 1)).toEqual(second.changes);
    });

    it('as a participant, having been a viewer, joins and is a viewer no more', async () => {
      const first = await join('ann', 'viewer');
      const second = await join('ann', 'participant', { sessionId: 'ses_2' });
      expect(types(second)).toEqual(['participantJoined']);
      expect(second).toMatchObject({
        superseded: first.participant,
        viewership: { viewers: 0, nodeIds: [] },
      });
      expect(await rooms.viewers('blue')).toEqual([]);
    });
  });

  describe('a viewer that is placed again', () => {
    const away = { candidates: { fallbackNodeId: 'node-2', openNodeIds: ['node-2'] } };
    const move = (fromEpoch: number) =>
      rooms.move({
        ...aRequest({ identity: 'vic', role: 'viewer', sessionId: 'ses_2', ...away }),
        ...{ fromEpoch, reason: 'node-died' },
      });

    it('moves without a change, and a repeat gives the same', async () => {
      const { participant: vic } = await join('vic', 'viewer');
      const moved = await move(vic.epoch);
      expect(moved).toMatchObject({ changes: [], superseded: vic, viewership: { nodeIds: ['node-2'] } });
      const again = await move(vic.epoch);
      expect(again.participant).toEqual(moved.participant);
      expect(again.viewership).toBeUndefined();
      await expect(move(vic.epoch - 1)).resolves.toMatchObject({ participant: moved.participant });
      await expect(
        rooms.move({
          ...aRequest({ identity: 'vic', role: 'viewer', sessionId: 'ses_3' }),
          ...{ fromEpoch: vic.epoch, reason: 'x' },
        }),
      ).rejects.toMatchObject({ code: 'STALE_EPOCH' });
    });

    it('is there again after the store has lost the room', async () => {
      const { participant: vic } = await join('vic', 'viewer');
      await test.lose();
      const moved = await move(vic.epoch);
      expect(moved).toMatchObject({ changes: [], viewership: { viewers: 1 }, superseded: undefined });
      expect(moved.participant.epoch).toBeGreaterThan(vic.epoch);
      expect(await rooms.listRooms({ pageSize: 9 })).toEqual(['blue']);
    });
  });

  describe('what a node announces', () => {
    it('brings viewers back that the store has lost, and nobody that was placed again since', async () => {
      const { participant: ann } = await join('ann', 'participant');
      const { participant: vic, viewership } = await join('vic', 'viewer');
      const { participant: old } = await join('old', 'viewer');
      await test.lose();
      const { participant: now } = await join('old', 'viewer', { sessionId: 'ses_2' });
      const held = { participants: [ann], viewers: [vic, old], tracks: [] };
      const written = await rooms.announce('blue', held);
      expect(written.changes.map(({ change }) => change.type)).toEqual(['participantJoined']);
      expect(written.viewership).toMatchObject({ viewers: 2, nodeIds: ['node-1'] });
      expect(written.viewership?.revision).toBeGreaterThan(viewership?.revision ?? Infinity);
      const stored = await rooms.viewers('blue');
      expect(stored.toSorted((one, other) => (one.identity < other.identity ? -1 : 1))).toEqual([now, vic]);
      expect(await rooms.announce('blue', held)).toEqual({ changes: [] });
    });

    it('makes a room again that had viewers only', async () => {
      const { participant: vic } = await join('vic', 'viewer');
      await test.lose();
      const written = await rooms.announce('blue', { participants: [], viewers: [vic], tracks: [] });
      expect(written).toMatchObject({ changes: [], viewership: { viewers: 1 } });
      expect(await rooms.listRooms({ pageSize: 9 })).toEqual(['blue']);
      expect(await rooms.snapshot('blue')).toMatchObject({ participants: [] });
    });
  });
}
