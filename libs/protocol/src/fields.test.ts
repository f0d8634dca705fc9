import { describe, expect, it } from 'vitest';
import { displayName, opaqueId, roomName } from './fields.ts';
import { parseInput } from './parse.ts';

describe('room names', () => {
  it.each(['a', 'Physik 101', 'команда', '会議室', '🎓 class', 'x'.repeat(128)])('takes %j', (name) => {
    expect(parseInput(roomName, name)).toBe(name);
  });

  it.each([
    ['', 'must not be empty'],
    ['   ', 'must not be blank'],
    ['x'.repeat(129), 'must have at most 128 characters'],
    ['a\u0000b', 'must not contain control characters'],
    ['a\nb', 'must not contain control characters'],
    ['a\u202eb', 'must not contain control characters'],
  ])('refuses %j', (name, problem) => {
    expect(() => parseInput(roomName, name, 'data.room')).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: `data.room: ${problem}`,
        details: { field: 'data.room' },
      }),
    );
  });
});

it('an error names the invalid field of an object', () => {
  expect(() => parseInput(displayName, 7, 'data.name')).toThrow(
    expect.objectContaining({ details: { field: 'data.name' } }),
  );
});

it('ids accept 1-64 plain characters only', () => {
  expect(opaqueId.safeParse('trk_a-1.b:2').success).toBe(true);
  expect(opaqueId.safeParse('a b').success).toBe(false);
  expect(opaqueId.safeParse('x'.repeat(65)).success).toBe(false);
});
