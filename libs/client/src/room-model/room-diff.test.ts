import { roomStateOf, type Participant, type RoomState, type Track } from '@skein/protocol';
import { describe, expect, it } from 'vitest';
import { participant, track } from '../testing/client-harness.ts';
import { diffRooms } from './room-diff.ts';

const room = (participants: Participant[], tracks: Track[] = []): RoomState =>
  roomStateOf({ room: 'standup', version: 1, participants, tracks });

const told = (before: RoomState, after: RoomState): string[] =>
  diffRooms(before, after).map(
    (one) => `${one.type} ${'track' in one ? one.track.trackId : one.participant.identity}`,
  );

describe('the difference between two states of a room', () => {
  it('is nothing between equal states', () => {
    expect(
      told(
        room([participant('ada')], [track('t1', 'ada')]),
        room([participant('ada')], [track('t1', 'ada')]),
      ),
    ).toEqual([]);
  });

  it('tells people before their tracks, and tracks that went before their people', () => {
    const before = room([participant('ada')], [track('t1', 'ada')]);
    const after = room([participant('bob')], [track('t2', 'bob')]);
    expect(told(before, after)).toEqual([
      'trackGone t1',
      'participantGone ada',
      'participantNew bob',
      'trackNew t2',
    ]);
  });

  it('tells a participant who was placed again as changed, not as gone and new', () => {
    const before = room([participant('ada')]);
    const after = room([participant('ada', { epoch: 2, nodeId: 'n2', sessionId: 'ses_2' })]);
    expect(told(before, after)).toEqual(['participantChanged ada']);
  });

  it('tells mutes and moves of a track as changes of it', () => {
    const before = room([participant('ada')], [track('t1', 'ada'), track('t2', 'ada')]);
    const after = room(
      [participant('ada')],
      [track('t1', 'ada', { muted: true }), track('t2', 'ada', { nodeId: 'n2', epoch: 2 })],
    );
    expect(told(before, after)).toEqual(['trackChanged t1', 'trackChanged t2']);
  });
});
