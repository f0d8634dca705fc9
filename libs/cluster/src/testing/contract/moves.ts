import type { Participant } from '@skein/protocol';
import { describe, expect, it } from 'vitest';
import type { MoveRequest, RoomStore } from '../../store/room-store.ts';
import { aRequest, aTrack } from '../builders.ts';
import type { StoreUnderTest, UseStore } from './store-under-test.ts';

function aMove(from: Participant, given: Partial<MoveRequest> = {}): MoveRequest {
  const candidates = { fallbackNodeId: 'node-2', openNodeIds: ['node-2', 'node-3'] };
  const { identity, epoch: fromEpoch } = from;
  return {
    ...aRequest({ identity, candidates, sessionId: `ses_${identity}_2` }),
    ...{ fromEpoch, reason: 'node-died', ...given },
  };
}

/** Moves and announcements. */
export function movesContract(use: UseStore): void {
  let test: StoreUnderTest;
  let rooms: RoomStore;
  use((ready) => {
    test = ready;
    rooms = ready.store.rooms;
  });

  async function join(identity: string): Promise<Participant> {
    return (await rooms.place(aRequest({ identity }))).participant;
  }

  const hosts = (): Promise<Record<string, number>> => test.hosts('blue');

  describe('moving', () => {
    it('raises the epoch, keeps the tracks, and is one change', async () => {
      const ann = await join('ann');
      const track = aTrack({ trackId: 't1', identity: 'ann', epoch: ann.epoch });
      await rooms.publishTrack('blue', 'ses_ann', track);
      const moved = await rooms.move(aMove(ann));
      const { participant } = moved;
      expect(participant).toMatchObject({
        nodeId: 'node-2',
        joinedAtMs: ann.joinedAtMs,
        sessionId: 'ses_ann_2',
      });
      expect(participant.epoch).toBeGreaterThan(ann.epoch);
      expect(moved.superseded).toEqual(ann);
      expect(moved.snapshot.tracks).toEqual([track]);
      expect(moved.changes).toEqual([
        {
          version: moved.snapshot.version,
          change: { type: 'participantMoved', participant, reason: 'node-died' },
        },
      ]);
      expect(await rooms.changesSince('blue', moved.snapshot.version - 1)).toEqual(moved.changes);
      expect(await hosts()).toEqual({ 'node-2': 1 });
    });

    it('lets the new session publish the same track again, take it away, or leave with it', async () => {
      const ann = await join('ann');
      for (const trackId of ['t1', 't2', 't3'])
        await rooms.publishTrack('blue', 'ses_ann', aTrack({ trackId, identity: 'ann', epoch: ann.epoch }));
      const { participant } = await rooms.move(aMove(ann));
      const again = aTrack({ trackId: 't1', identity: 'ann', epoch: participant.epoch, nodeId: 'node-2' });
      const stale = rooms.publishTrack('blue', 'ses_ann', aTrack({ ...again, epoch: ann.epoch }));
      await expect(stale).rejects.toMatchObject({ code: 'STALE_EPOCH' });
      expect((await rooms.publishTrack('blue', 'ses_ann_2', again)).changes[0]?.change).toEqual({
        ...{ type: 'trackPublished', track: again },
      });
      expect((await rooms.unpublishTrack('blue', participant, 't2', 'not-moved')).changes).toHaveLength(1);
      const tracks = (await rooms.snapshot('blue'))?.tracks ?? [];
      expect(tracks.map(({ trackId, epoch }) => `${trackId} ${epoch}`).toSorted()).toEqual([
        `t1 ${participant.epoch}`,
        `t3 ${ann.epoch}`,
      ]);
      await rooms.leave('blue', participant, 'left');
      expect(await test.isEmpty()).toBe(true);
    });

    it('refuses who is not at the epoch that it moves from, and a cluster without a node', async () => {
      const ann = await join('ann');
      await rooms.move(aMove(ann));
      await expect(rooms.move(aMove(ann, { sessionId: 'ses_x' }))).rejects.toMatchObject({
        code: 'STALE_EPOCH',
      });
      const bob = await join('bob');
      const candidates = { fallbackNodeId: undefined, openNodeIds: [] };
      await expect(rooms.move(aMove(bob, { candidates }))).rejects.toMatchObject({
        code: 'NO_NODE_AVAILABLE',
      });
    });

    it('gives the same participant and no changes when it is repeated', async () => {
      const ann = await join('ann');
      const first = await rooms.move(aMove(ann));
      const second = await rooms.move(aMove(ann));
      expect(second.participant).toEqual(first.participant);
      expect(second.snapshot).toEqual(first.snapshot);
      expect(second.changes).toEqual([]);
    });

    it('restores a participant that the store has lost, at a higher version and epoch', async () => {
      const ann = await join('ann');
      const lastVersion = (await rooms.snapshot('blue'))?.version ?? Number.NaN;
      await test.lose();
      const fromEpoch = ann.epoch + 10_000_000_000;
      const moved = await rooms.move(aMove(ann, { fromEpoch, metadata: 'm' }));
      expect(moved.participant).toMatchObject({ identity: 'ann', metadata: 'm', epoch: fromEpoch + 1 });
      expect(moved.superseded).toBeUndefined();
      expect(moved.changes[0]?.change.type).toBe('participantJoined');
      expect(moved.snapshot.version).toBeGreaterThan(lastVersion + 1);
      expect(await rooms.listRooms({ pageSize: 9 })).toEqual(['blue']);
      expect(await hosts()).toEqual({ 'node-2': 1 });
    });
  });

  describe('announcing', () => {
    const track = (trackId: string, identity: string, epoch: number) => aTrack({ trackId, identity, epoch });

    it('puts back what an empty store has lost, above all known versions, and lists the room', async () => {
      const [ann, bob] = [await join('ann'), await join('bob')];
      const tracks = [track('t1', 'ann', ann.epoch)];
      const known = (await rooms.snapshot('blue'))?.version ?? Number.NaN;
      await test.lose();
      const knownVersion = known + 1_000_000_000_000;
      const { changes } = await rooms.announce('blue', { participants: [ann, bob], tracks, knownVersion });
      expect(changes.map(({ change }) => change.type)).toEqual([
        ...['participantJoined', 'participantJoined', 'trackPublished'],
      ]);
      expect(changes[0]?.version).toBeGreaterThan(knownVersion + 1);
      const snapshot = await rooms.snapshot('blue');
      expect(snapshot).toMatchObject({ participants: [ann, bob], tracks, version: changes.at(-1)?.version });
      expect(snapshot?.bornVersion).toBe(changes[0]?.version);
      expect(await rooms.listRooms({ pageSize: 9 })).toEqual(['blue']);
      expect(await hosts()).toEqual({ 'node-1': 2 });
      expect(await rooms.unpublishTrack('blue', ann, 't1', 'x')).toMatchObject({ changes: [{}] });
    });

    it('changes nothing when it is repeated, or when there is nothing to announce', async () => {
      const ann = await join('ann');
      const held = { participants: [ann], tracks: [track('t1', 'ann', ann.epoch)] };
      await rooms.publishTrack('blue', 'ses_ann', aTrack({ ...held.tracks[0], trackId: 't1', ...ann }));
      expect(await rooms.announce('blue', held)).toEqual({ changes: [] });
      expect(await rooms.announce('red', { participants: [], tracks: [] })).toEqual({ changes: [] });
      expect(await rooms.announce('red', { participants: [], tracks: held.tracks })).toEqual({ changes: [] });
      expect(await rooms.snapshot('red')).toBeUndefined();
    });

    it('never takes over from a higher epoch, and replaces a lower one with its tracks', async () => {
      const old = await join('ann');
      const { participant: ann } = await rooms.move(aMove(old));
      const late = { participants: [old], tracks: [track('t1', 'ann', old.epoch)] };
      expect(await rooms.announce('blue', late)).toEqual({ changes: [] });
      await rooms.publishTrack('blue', 'ses_ann_2', track('t2', 'ann', ann.epoch));
      const newer = { ...ann, epoch: ann.epoch + 5, nodeId: 'node-3' };
      await rooms.announce('blue', { participants: [newer], tracks: [track('t1', 'ann', newer.epoch)] });
      const snapshot = await rooms.snapshot('blue');
      expect(snapshot?.participants).toEqual([newer]);
      expect(snapshot?.tracks.map(({ trackId }) => trackId)).toEqual(['t1']);
      expect(await hosts()).toEqual({ 'node-3': 1 });
    });

    it('replaces a track that is in transit, and leaves the tracks of others alone', async () => {
      const ann = await join('ann');
      const bob = await join('bob');
      await rooms.publishTrack('blue', 'ses_ann', track('t1', 'ann', ann.epoch));
      await rooms.publishTrack('blue', 'ses_bob', track('t2', 'bob', bob.epoch));
      const { participant } = await rooms.move(aMove(ann));
      const tracks = [track('t1', 'ann', participant.epoch), track('t2', 'ann', participant.epoch)];
      const { changes } = await rooms.announce('blue', { participants: [participant], tracks });
      expect(changes.map(({ change }) => change)).toEqual([{ type: 'trackPublished', track: tracks[0] }]);
    });
  });
}
