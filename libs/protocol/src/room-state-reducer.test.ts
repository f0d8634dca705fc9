import { describe, expect, it } from 'vitest';
import { applyChange, roomStateOf, snapshotOf, type RoomState } from './room-state-reducer.ts';
import type { Participant, RoomChange, Track } from './room-state.ts';

const ada: Participant = {
  identity: 'ada',
  name: 'Ada',
  sessionId: 'ses_1',
  nodeId: 'n1',
  epoch: 10,
  joinedAtMs: 1,
};
const camera: Track = {
  trackId: 'trk_1',
  identity: 'ada',
  epoch: 10,
  nodeId: 'n1',
  routerId: 'r1',
  kind: 'video',
  source: 'camera',
  muted: false,
  mimeType: 'video/vp8',
  spatialLayers: 3,
  temporalLayers: 1,
};
const empty = roomStateOf({ room: 'demo', version: 5, participants: [], tracks: [] });

function applied(state: RoomState, ...changes: RoomChange[]): RoomState {
  return changes.reduce((now, change) => {
    const result = applyChange(now, { version: now.version + 1, change });
    if (result.outcome !== 'applied') throw new Error(result.outcome);
    return result.state;
  }, state);
}

const withCamera = applied(
  empty,
  { type: 'participantJoined', participant: ada },
  { type: 'trackPublished', track: camera },
);

describe('applyChange', () => {
  it('adds participants and tracks without modifying its input', () => {
    expect(snapshotOf(withCamera)).toEqual({
      room: 'demo',
      version: 7,
      participants: [ada],
      tracks: [camera],
    });
    expect(empty.participants.size).toBe(0);
  });

  it('voids the tracks of a lower epoch when a participant is placed again', () => {
    const again = applied(withCamera, {
      type: 'participantJoined',
      participant: { ...ada, epoch: 11, nodeId: 'n2' },
    });
    expect(again.participants.get('ada')?.nodeId).toBe('n2');
    expect(again.tracks.size).toBe(0);
  });

  it('keeps the metadata of a migrated participant, which clients get without it', () => {
    const described = applied(empty, {
      type: 'participantJoined',
      participant: { ...ada, metadata: 'host' },
    });
    const participant = { ...ada, epoch: 11, nodeId: 'n2' };
    const moved = applied(described, { type: 'participantMoved', participant, reason: 'drain' });
    expect(moved.participants.get('ada')).toEqual({ ...participant, metadata: 'host' });
  });

  it('keeps the tracks of a migrated participant until each is published again', () => {
    const moved = applied(withCamera, {
      type: 'participantMoved',
      participant: { ...ada, epoch: 11, nodeId: 'n2', sessionId: 'ses_2' },
      reason: 'drain',
    });
    expect(moved.participants.get('ada')).toMatchObject({ epoch: 11, nodeId: 'n2' });
    expect(moved.tracks.get('trk_1')).toBe(withCamera.tracks.get('trk_1'));
    const again = applied(moved, { type: 'trackPublished', track: { ...camera, epoch: 11, nodeId: 'n2' } });
    expect([...again.tracks.values()]).toEqual([{ ...camera, epoch: 11, nodeId: 'n2' }]);
  });

  it('removes tracks that a migrated participant did not publish again, and all when it leaves', () => {
    const moved = applied(withCamera, {
      type: 'participantMoved',
      participant: { ...ada, epoch: 11 },
      reason: 'node-died',
    });
    const unpublished = applied(moved, {
      type: 'trackUnpublished',
      trackId: 'trk_1',
      identity: 'ada',
      reason: 'not-moved',
    });
    expect([unpublished.participants.size, unpublished.tracks.size]).toEqual([1, 0]);
    const left = applied(moved, { type: 'participantLeft', identity: 'ada', epoch: 11, reason: 'left' });
    expect([left.participants.size, left.tracks.size]).toEqual([0, 0]);
  });

  it('adds a migrated participant that the state did not know', () => {
    const moved = applied(empty, { type: 'participantMoved', participant: ada, reason: 'node-died' });
    expect([...moved.participants.values()]).toEqual([ada]);
  });

  it('shows a participant as lost until its client resumes', () => {
    const update = { type: 'participantUpdated', identity: 'ada', epoch: 10 } as const;
    const lost = applied(withCamera, { ...update, connection: 'lost' });
    expect(lost.participants.get('ada')).toEqual({ ...ada, connection: 'lost' });
    expect(lost.tracks).toBe(withCamera.tracks);
    expect(applied(lost, { ...update, connection: 'connected' }).participants.get('ada')).toEqual(ada);
    const stale = applied(withCamera, { ...update, epoch: 9, connection: 'lost' });
    expect(stale.participants).toBe(withCamera.participants);
  });

  it('removes the tracks together with their participant', () => {
    const left = applied(withCamera, { type: 'participantLeft', identity: 'ada', epoch: 10, reason: 'left' });
    expect([left.participants.size, left.tracks.size]).toEqual([0, 0]);
  });

  it('mutes and removes tracks', () => {
    const muted = applied(withCamera, { type: 'trackUpdated', trackId: 'trk_1', muted: true });
    expect(muted.tracks.get('trk_1')?.muted).toBe(true);
    const gone = applied(muted, {
      type: 'trackUnpublished',
      trackId: 'trk_1',
      identity: 'ada',
      reason: 'unpublished',
    });
    expect(gone.tracks.size).toBe(0);
  });

  it('reports old changes, and the first version of missing ones', () => {
    const change: RoomChange = { type: 'participantJoined', participant: ada };
    expect(applyChange(empty, { version: 5, change })).toEqual({ outcome: 'duplicate' });
    expect(applyChange(empty, { version: 8, change })).toEqual({ outcome: 'gap', missingFrom: 6 });
  });
});
