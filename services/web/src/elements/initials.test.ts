import { expect, it } from 'vitest';
import { hueOf, initialsOf } from './initials.ts';

it.each([
  ['Ada Lovelace', 'AL'],
  ['grace', 'G'],
  ['Jean-Luc van der Picard', 'JP'],
  ['  ', '?'],
  ['李 小龙', '李小'],
  ['𝒜lice', '𝒜'],
])('initialsOf(%j) is %s', (name, initials) => {
  expect(initialsOf(name)).toBe(initials);
});

it('hueOf gives an identity the same hue everywhere', () => {
  expect(hueOf('ada', 8)).toBe(hueOf('ada', 8));
  expect(new Set(['a', 'b', 'c', 'd', 'e', 'f'].map((identity) => hueOf(identity, 8))).size).toBeGreaterThan(
    3,
  );
});
