import { describe, expect, it } from 'vitest';
import { attendanceText } from './attendance-text.ts';

describe('attendanceText', () => {
  it.each([
    ['participant', 1, 0, 'Only you'],
    ['participant', 1, 1, 'You and 1 viewer'],
    ['participant', 1, 1204, 'You and 1,204 viewers'],
    ['participant', 2, 0, '2 people'],
    ['participant', 3, 2, '3 people, 2 viewers'],
    ['viewer', 0, 1, 'Only you'],
    ['viewer', 0, 5, '5 viewers'],
    ['viewer', 1, 1, '1 person, 1 viewer'],
    ['viewer', 4, 30, '4 people, 30 viewers'],
  ] as const)(
    'describes the call to a %s among %i participants and %i viewers',
    (role, participants, viewers, text) => {
      expect(attendanceText(role, participants, viewers)).toBe(text);
    },
  );

  it('counts this viewer before the number of viewers is known', () => {
    expect(attendanceText('viewer', 2, 0)).toBe('2 people, 1 viewer');
    expect(attendanceText('viewer', 0, 0)).toBe('Only you');
  });
});
