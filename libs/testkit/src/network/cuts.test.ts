import { expect, it } from 'vitest';
import { cutsAround, cutsBetween, OUTSIDE, ruleset } from './cuts.ts';

const addresses = new Map([
  [OUTSIDE, '10.9.8.1'],
  ['a', '10.9.8.2'],
  ['b', '10.9.8.3'],
]);

it('cuts a host off from everyone in both directions', () => {
  expect(cutsAround('a', ['a', 'b'])).toEqual([...cutsBetween('a', OUTSIDE), ...cutsBetween('a', 'b')]);
});

it('drops where packets arrive, and replaces the rules of before in one transaction', () => {
  expect(
    ruleset('t', 'b', cutsBetween('a', 'b'), addresses)
      .split('\n')
      .map((line) => line.trim()),
  ).toEqual([
    'table inet t {}',
    'delete table inet t',
    'table inet t {',
    'chain cuts {',
    'type filter hook input priority -10; policy accept;',
    'ip saddr 10.9.8.2 drop',
    '}',
    '}',
    '',
  ]);
});

it('leaves no table behind for a receiver that nothing is cut for', () => {
  expect(ruleset('t', OUTSIDE, cutsBetween('a', 'b'), addresses)).toBe(
    'table inet t {}\ndelete table inet t\n',
  );
});

it('narrows a cut to a port, a protocol or a share of the packets', () => {
  const rules = ruleset(
    't',
    OUTSIDE,
    [
      { from: 'a', to: OUTSIDE, only: { protocol: 'tcp', port: 6379 } },
      { from: 'b', to: OUTSIDE, only: { protocol: 'udp' }, lossPercent: 5 },
    ],
    addresses,
  );
  expect(rules).toContain('ip saddr 10.9.8.2 tcp dport 6379 drop');
  expect(rules).toContain('ip saddr 10.9.8.3 meta l4proto udp numgen random mod 100 < 5 drop');
});

it('refuses a host that is not there', () => {
  expect(() => ruleset('t', 'a', [{ from: 'z', to: 'a' }], addresses)).toThrow('no host z');
});
