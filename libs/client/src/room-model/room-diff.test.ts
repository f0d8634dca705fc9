import { roomStateOf, type Participant, type RoomState, type Track } from '@skein/protocol';
import { describe, expect, it } from 'vitest';
import { participant, track } from '../testing/client-harness.ts';
import { diffRooms } from './room-diff.ts';

const room = (participants: Participant[], tracks: Track[] = []): RoomState =>
  roomStateOf({ room: 'standup', version: 1, participants, tracks });

const differences = (before: RoomState, after: RoomState): string[] =>
  diffRooms(before, after).map(
    (one) => `${one.type} ${'track' in one ? one.track.trackId : one.participant.identity}`,
  );

describe('diffRooms', () => {
  it('returns nothing for equal states', () => {
    expect(
      differences(
        room([participant('ada')], [track('t1', 'ada')]),
        room([participant('ada')], [track('t1', 'ada')]),
      ),
    ).toEqual([]);
  });

  it('lists tracks that left, participants that left, new participants, new tracks', () => {
    const before = room([participant('ada')], [track('t1', 'ada')]);
    const after = room([participant('bob')], [track('t2', 'bob')]);
    expect(differences(before, after)).toEqual([
      'trackGone t1',
      'participantGone ada',
      'participantNew bob',
      'trackNew t2',
    ]);
  });

  it('lists a participant that was placed again as changed', () => {
    const before = room([participant('ada')]);
    const after = room([participant('ada', { epoch: 2, nodeId: 'n2', sessionId: 'ses_2' })]);
    expect(differences(before, after)).toEqual(['participantChanged ada']);
  });

  it('lists mutes and migrations of a track as changes', () => {
    const before = room([participant('ada')], [track('t1', 'ada'), track('t2', 'ada')]);
    const after = room(
      [participant('ada')],
      [track('t1', 'ada', { muted: true }), track('t2', 'ada', { nodeId: 'n2', epoch: 2 })],
    );
    expect(differences(before, after)).toEqual(['trackChanged t1', 'trackChanged t2']);
  });
});
