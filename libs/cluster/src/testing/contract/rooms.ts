import { describe, expect, it } from 'vitest';
import type { Placed, RoomStore } from '../../store/room-store.ts';
import { aRequest, aTrack } from '../builders.ts';
import type { StoreUnderTest, UseStore } from './store-under-test.ts';

/** Placing, tracks, leaving, the log and the list of rooms. */
export function roomsContract(use: UseStore): void {
  let test: StoreUnderTest;
  let rooms: RoomStore;
  use((ready) => {
    test = ready;
    rooms = ready.store.rooms;
  });

  async function join(identity: string, room = 'blue'): Promise<Placed> {
    return await rooms.place(aRequest({ room, identity }));
  }

  describe('placing', () => {
    it('puts the first participant on the fallback node and gives the whole room', async () => {
      const placed = await rooms.place(aRequest({ identity: 'ann', metadata: '{"a":[]}', name: 'Ann "é"' }));
      const { participant } = placed;
      expect(participant).toMatchObject({
        identity: 'ann',
        name: 'Ann "é"',
        metadata: '{"a":[]}',
        nodeId: 'node-1',
        sessionId: 'ses_ann',
      });
      expect(placed.superseded).toBeUndefined();
      expect(placed.snapshot).toMatchObject({ room: 'blue', participants: [participant], tracks: [] });
      expect(placed.changes).toEqual([
        { version: placed.snapshot.version, change: { type: 'participantJoined', participant } },
      ]);
      const bornVersion = placed.snapshot.version;
      expect(await rooms.snapshot('blue')).toEqual({ ...placed.snapshot, bornVersion });
    });

    it('prefers the open node that hosts most of the room, and leaves one that is not open', async () => {
      const on = (identity: string, nodeId: string) =>
        rooms.place(
          aRequest({
            identity,
            candidates: { fallbackNodeId: undefined, openNodeIds: [], preferredNodeId: nodeId },
          }),
        );
      for (const [identity, nodeId] of [
        ['a', 'n1'],
        ['b', 'n2'],
        ['c', 'n2'],
        ['d', 'n3'],
        ['e', 'n3'],
        ['f', 'n3'],
      ] as const) {
        expect((await on(identity, nodeId)).participant.nodeId).toBe(nodeId);
      }
      const choose = async (identity: string, openNodeIds: string[]) =>
        (await rooms.place(aRequest({ identity, candidates: { fallbackNodeId: 'n9', openNodeIds } })))
          .participant.nodeId;
      expect(await choose('g', ['n1', 'n2', 'n9'])).toBe('n2');
      expect(await choose('h', ['n1', 'n3'])).toBe('n3');
      expect(await choose('i', ['n9', 'n', 'n33'])).toBe('n9');
    });

    it('counts a participant at its present node only', async () => {
      const on = (identity: string, preferredNodeId: string) =>
        rooms.place(
          aRequest({ identity, candidates: { fallbackNodeId: undefined, openNodeIds: [], preferredNodeId } }),
        );
      for (const nodeId of ['n1', 'n1', 'n1', 'n2']) await on('ann', nodeId);
      const bob = (await on('bob', 'n1')).participant;
      await on('cy', 'n2');
      await rooms.leave('blue', bob, 'left');
      const candidates = { fallbackNodeId: 'n9', openNodeIds: ['n1', 'n9'] };
      expect((await rooms.place(aRequest({ identity: 'dan', candidates }))).participant.nodeId).toBe('n9');
    });

    it('fails with NO_NODE_AVAILABLE when there is none, and makes no room', async () => {
      const request = aRequest({
        identity: 'ann',
        candidates: { fallbackNodeId: undefined, openNodeIds: [] },
      });
      await expect(rooms.place(request)).rejects.toMatchObject({ code: 'NO_NODE_AVAILABLE' });
      expect(await test.isEmpty()).toBe(true);
    });

    it('fails with ROOM_FULL at the limit, but lets a participant take over from itself', async () => {
      await rooms.place(aRequest({ identity: 'ann', maxParticipants: 1 }));
      await expect(rooms.place(aRequest({ identity: 'bob', maxParticipants: 1 }))).rejects.toMatchObject({
        code: 'ROOM_FULL',
        details: { limit: 1 },
      });
      const again = await rooms.place(aRequest({ identity: 'ann', maxParticipants: 1, sessionId: 'ses_2' }));
      expect(again.superseded?.sessionId).toBe('ses_ann');
    });

    it('lets a second session take over: a higher epoch, the old tracks gone, one entry in the log', async () => {
      const first = await join('ann');
      const { epoch } = first.participant;
      await join('bob');
      await rooms.publishTrack('blue', 'ses_ann', aTrack({ trackId: 't1', identity: 'ann', epoch }));
      const second = await rooms.place(aRequest({ identity: 'ann', sessionId: 'ses_ann2' }));
      expect(second.superseded).toEqual(first.participant);
      expect(second.participant.epoch).toBeGreaterThan(epoch);
      expect(second.participant.joinedAtMs).toBe(first.participant.joinedAtMs);
      expect(second.snapshot.tracks).toEqual([]);
      expect(second.snapshot.participants).toHaveLength(2);
      expect(second.changes).toHaveLength(1);
      const t2 = aTrack({ trackId: 't2', identity: 'ann', epoch });
      await expect(rooms.publishTrack('blue', 'ses_ann', t2)).rejects.toMatchObject({ code: 'STALE_EPOCH' });
      const stale = { identity: 'ann', epoch };
      await expect(rooms.updateTrack('blue', stale, 't1', true)).rejects.toMatchObject({
        code: 'STALE_EPOCH',
      });
      await expect(rooms.unpublishTrack('blue', stale, 't1', 'x')).rejects.toMatchObject({
        code: 'STALE_EPOCH',
      });
      expect(await rooms.leave('blue', stale, 'x')).toEqual({ changes: [] });
      expect((await rooms.snapshot('blue'))?.participants).toHaveLength(2);
    });

    it('raises versions and epochs when a room is freed and made again at once', async () => {
      let lastVersion = 0;
      let lastEpoch = 0;
      for (let round = 0; round < 50; round++) {
        for (const sessionId of ['s1', 's2', 's3']) {
          const { participant, snapshot } = await rooms.place(aRequest({ identity: 'ann', sessionId }));
          expect(snapshot.version).toBeGreaterThan(lastVersion);
          expect(participant.epoch).toBeGreaterThan(lastEpoch);
          lastVersion = snapshot.version;
          lastEpoch = participant.epoch;
        }
        const left = await rooms.leave('blue', { identity: 'ann', epoch: lastEpoch }, 'left');
        lastVersion = left.changes[0]?.version ?? Number.NaN;
      }
    });
  });

  describe('the connection of a participant’s client', () => {
    it('is shown as lost until it is back or the participant is placed again', async () => {
      const { participant } = await join('ann');
      const { epoch } = participant;
      const session = { identity: 'ann', epoch };
      const change = { type: 'participantUpdated', ...session };
      const lost = await rooms.updateConnection('blue', session, 'lost');
      expect(lost.changes).toMatchObject([{ change: { ...change, connection: 'lost' } }]);
      expect(await rooms.updateConnection('blue', session, 'lost')).toEqual({ changes: [] });
      expect((await rooms.snapshot('blue'))?.participants).toEqual([{ ...participant, connection: 'lost' }]);
      const back = await rooms.updateConnection('blue', session, 'connected');
      expect(back.changes).toMatchObject([{ change: { ...change, connection: 'connected' } }]);
      expect((await rooms.snapshot('blue'))?.participants).toEqual([participant]);
      await rooms.updateConnection('blue', session, 'lost');
      const again = await join('ann');
      expect(again.snapshot.participants[0]?.connection).toBeUndefined();
      await expect(rooms.updateConnection('blue', session, 'lost')).rejects.toMatchObject({
        code: 'STALE_EPOCH',
      });
    });

    it('survives a store that has lost the room', async () => {
      const { participant } = await join('ann');
      const lost = { ...participant, connection: 'lost' as const };
      await rooms.leave('blue', participant, 'left');
      const { changes } = await rooms.announce('blue', { participants: [lost], tracks: [] });
      expect(changes).toMatchObject([{ change: { type: 'participantJoined', participant: lost } }]);
      expect((await rooms.snapshot('blue'))?.participants).toEqual([lost]);
    });
  });

  describe('tracks', () => {
    it('are shown once, muted, and taken away', async () => {
      const { epoch } = (await join('ann')).participant;
      const session = { identity: 'ann', epoch };
      const track = aTrack({ trackId: 't1', identity: 'ann', epoch, name: 'x","muted":false}' });
      const shown = await rooms.publishTrack('blue', 'ses_ann', track);
      expect(shown.changes[0]?.change).toEqual({ type: 'trackPublished', track });
      const reordered = Object.fromEntries(Object.entries(track).toReversed()) as typeof track;
      expect(await rooms.publishTrack('blue', 'ses_ann', reordered)).toEqual({ changes: [] });
      expect((await rooms.updateTrack('blue', session, 't1', true)).changes).toHaveLength(1);
      expect(await rooms.updateTrack('blue', session, 't1', true)).toEqual({ changes: [] });
      expect((await rooms.snapshot('blue'))?.tracks).toEqual([{ ...track, muted: true }]);
      expect((await rooms.unpublishTrack('blue', session, 't1', 'off')).changes).toHaveLength(1);
      expect(await rooms.unpublishTrack('blue', session, 't1', 'off')).toEqual({ changes: [] });
      await expect(rooms.updateTrack('blue', session, 't1', true)).rejects.toMatchObject({
        code: 'TRACK_NOT_FOUND',
      });
      expect((await rooms.snapshot('blue'))?.tracks).toEqual([]);
    });

    it('need a participant, a current session, an id of their own, and stay under the limit', async () => {
      const { epoch } = (await join('ann')).participant;
      const { epoch: bobs } = (await join('bob')).participant;
      const publish = (sessionId: string, track: Parameters<typeof aTrack>[0]) =>
        rooms.publishTrack('blue', sessionId, aTrack(track));
      await expect(publish('ses_cy', { trackId: 't1', identity: 'cy', epoch })).rejects.toMatchObject({
        code: 'SESSION_NOT_FOUND',
      });
      await expect(publish('ses_other', { trackId: 't1', identity: 'ann', epoch })).rejects.toMatchObject({
        code: 'STALE_EPOCH',
      });
      for (let n = 0; n < 16; n++) await publish('ses_ann', { trackId: `t${n}`, identity: 'ann', epoch });
      await expect(publish('ses_ann', { trackId: 't16', identity: 'ann', epoch })).rejects.toMatchObject({
        code: 'LIMIT_EXCEEDED',
      });
      await expect(publish('ses_bob', { trackId: 't1', identity: 'bob', epoch: bobs })).rejects.toMatchObject(
        {
          code: 'INVALID_ARGUMENT',
        },
      );
      const bob = { identity: 'bob', epoch: bobs };
      await expect(rooms.updateTrack('blue', bob, 't1', true)).rejects.toMatchObject({
        code: 'TRACK_NOT_FOUND',
      });
      expect(await rooms.unpublishTrack('blue', bob, 't1', 'x')).toEqual({ changes: [] });
      await rooms.unpublishTrack('blue', { identity: 'ann', epoch }, 't3', 'x');
      expect((await publish('ses_ann', { trackId: 't16', identity: 'ann', epoch })).changes).toHaveLength(1);
    });
  });

  describe('leaving', () => {
    it('takes the tracks along, and the last one frees every key', async () => {
      const ann = (await join('ann')).participant;
      const bob = (await join('bob')).participant;
      await rooms.publishTrack(
        'blue',
        'ses_ann',
        aTrack({ trackId: 't1', identity: 'ann', epoch: ann.epoch }),
      );
      const left = await rooms.leave('blue', ann, 'left');
      expect(left.changes.map(({ change }) => change.type)).toEqual(['participantLeft']);
      expect(await rooms.snapshot('blue')).toMatchObject({ participants: [bob], tracks: [] });
      const last = await rooms.leave('blue', bob, 'left');
      expect(last.changes[0]?.version).toBe((left.changes[0]?.version ?? 0) + 1);
      expect(await test.isEmpty()).toBe(true);
      expect(await rooms.snapshot('blue')).toBeUndefined();
      expect(await rooms.changesSince('blue', 1)).toBeUndefined();
      expect(await rooms.leave('blue', bob, 'left')).toEqual({ changes: [] });
    });
  });

  describe('the log', () => {
    it('gives what came after a version, nothing for the present one, and undefined past its end', async () => {
      const first = await join('ann');
      const second = await join('bob');
      const from = first.snapshot.version;
      expect(await rooms.changesSince('blue', from)).toEqual(second.changes);
      expect(await rooms.changesSince('blue', from + 1)).toEqual([]);
      expect(await rooms.changesSince('blue', from + 2)).toBeUndefined();
      expect(await rooms.changesSince('blue', from - 2)).toBeUndefined();
    });

    it('is bounded', async () => {
      const { epoch } = (await join('ann')).participant;
      const from =
        (await rooms.publishTrack('blue', 'ses_ann', aTrack({ trackId: 't', identity: 'ann', epoch })))
          .changes[0]?.version ?? 0;
      for (let n = 1; n <= 1000; n++)
        await rooms.updateTrack('blue', { identity: 'ann', epoch }, 't', n % 2 === 1);
      expect(await rooms.changesSince('blue', from)).toBeUndefined();
      expect(await rooms.changesSince('blue', from + 500)).toHaveLength(500);
    });
  });

  describe('the rooms', () => {
    it('are listed in byte order, by pages, with any name', async () => {
      const names = ['a', 'b', 'z}{room:x', 'ä', '{rooms}', 'Z', '日本', 'a b', '-', '+', '(a', '[b'];
      for (const room of names) await join('ann', room);
      const sorted = names.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
      const listed: string[] = [];
      for (;;) {
        const page = await rooms.listRooms({
          pageSize: 5,
          ...(listed.length > 0 && { after: listed.at(-1) ?? '' }),
        });
        listed.push(...page);
        if (page.length < 5) break;
      }
      expect(listed).toEqual(sorted);
      expect(await rooms.heads([...names, 'nowhere'])).toEqual([
        ...names.map(() => ({ version: expect.any(Number) as number })),
        undefined,
      ]);
    });
  });

  describe('200 joins of one room at once, over four connections', () => {
    it('keep the limit and lose no version', async () => {
      const stores = await Promise.all([1, 2, 3, 4].map(() => test.connect()));
      const joins = Array.from({ length: 200 }, (_, n) => {
        const request = aRequest({ identity: `p${n}`, maxParticipants: 150 });
        return (stores[n % stores.length] ?? test.store).rooms.place(request);
      });
      const outcomes = await Promise.allSettled(joins);
      await Promise.all(stores.map((one) => one.close()));
      const placed = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      const refused = outcomes.flatMap((outcome) =>
        outcome.status === 'rejected' ? [outcome.reason as { code: string }] : [],
      );
      expect(placed).toHaveLength(150);
      expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['ROOM_FULL']));
      const versions = placed
        .flatMap(({ changes }) => changes.map(({ version }) => version))
        .toSorted((a, b) => a - b);
      const first = versions[0] ?? 0;
      expect(versions).toEqual(Array.from({ length: 150 }, (_, n) => first + n));
      const log = await rooms.changesSince('blue', first);
      expect(log?.map(({ version }) => version)).toEqual(versions.slice(1));
      expect((await rooms.snapshot('blue'))?.participants).toHaveLength(150);
      expect(new Set(placed.map(({ participant }) => participant.nodeId))).toEqual(new Set(['node-1']));
    });
  });
}
