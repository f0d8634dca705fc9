import fc from 'fast-check';
import { expect, it } from 'vitest';
import { subjects } from './subjects.ts';

it('the subject of a room is unique and has three tokens, whatever characters its name has', () => {
  const seen = new Map<string, string>();
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (room) => {
      const subject = subjects.room(room);
      expect(subject).toMatch(/^skein\.room\.[\w~-]+$/);
      expect(seen.get(subject) ?? room).toBe(room);
      seen.set(subject, room);
    }),
  );
});

it('a plain name stays readable in its subject', () => {
  expect(subjects.room('standup-7')).toBe('skein.room.standup-7');
  expect(subjects.room('a.b')).toBe('skein.room.~612e62');
});
