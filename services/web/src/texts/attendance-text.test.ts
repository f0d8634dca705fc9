import { describe, expect, it } from 'vitest';
import { peopleText } from './attendance-text.ts';

describe('who is in the call', () => {
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
  ] as const)('for a %s: %i people and %i viewers', (role, people, viewers, text) => {
    expect(peopleText(role, people, viewers)).toBe(text);
  });

  it('counts a viewer itself before it was told how many there are', () => {
    expect(peopleText('viewer', 2, 0)).toBe('2 people, 1 viewer');
    expect(peopleText('viewer', 0, 0)).toBe('Only you');
  });
});
