import { expect, it } from 'vitest';
import { nodeSatisfies } from './node-version.ts';

it.each([
  ['22.15.0', '>=22.15.0', true],
  ['22.14.9', '>=22.15.0', false],
  ['20.20.2', '>=22.15.0', false],
  ['24.0.0', '>=22.15.0', true],
  ['24.0.0', '>=22.15.0 <23', false],
  ['22.23.3', '>=22.15.0 <23', true],
  ['23.0.0-nightly2024', '>=22.15.0 <23', false],
])('Node.js %s is in %s: %s', (version, engines, satisfied) => {
  expect(nodeSatisfies(version, engines)).toBe(satisfied);
});

it('a range of another form is rejected', () => {
  expect(() => nodeSatisfies('22.15.0', '^22')).toThrow(RangeError);
});
