import fc from 'fast-check';
import { expect, it } from 'vitest';
import { subjects } from './subjects.ts';

it('gives each room a subject of its own, of three tokens, whatever its name holds', () => {
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

it('keeps plain names readable', () => {
  expect(subjects.room('standup-7')).toBe('skein.room.standup-7');
  expect(subjects.room('a.b')).toBe('skein.room.~612e62');
});
