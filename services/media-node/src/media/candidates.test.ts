import { expect, it } from 'vitest';
import { announcedCandidates } from './candidates.ts';

const socket = { foundation: 'udpcandidate', protocol: 'udp', type: 'host' } as const;
const candidate = (ip: string, port: number, priority: number) => ({
  ...socket,
  ip,
  address: ip,
  port,
  priority,
});
const shown = (listen: { ip: string; announced: string[] }[], port = 4000) =>
  announcedCandidates(
    listen.map(({ ip }, index) => candidate(ip, port, 1_000_000_000 - index * 25_600)),
    listen,
  );

it('a socket without announced addresses is announced as it is', () => {
  expect(shown([{ ip: '10.0.0.1', announced: [] }])).toEqual([candidate('10.0.0.1', 4000, 1_000_000_000)]);
});

it('each announced address is a candidate, the first one preferred', () => {
  const told = shown([
    { ip: '0.0.0.0', announced: ['203.0.113.7', '10.0.0.7'] },
    { ip: '::', announced: ['2001:db8::7'] },
  ]);
  expect(told.map(({ address }) => address)).toEqual(['203.0.113.7', '10.0.0.7', '2001:db8::7']);
  expect(told.every(({ ip, address }) => ip === address)).toBe(true);
  const priorities = told.map(({ priority }) => priority);
  expect(priorities).toEqual(priorities.toSorted((a, b) => b - a));
  expect(new Set(priorities).size).toBe(3);
  expect(told.map(({ foundation }) => foundation)).toEqual(['udpcandidate', 'udpcandidate1', 'udpcandidate']);
});

it('two sockets behind one address and port are one candidate', () => {
  const behindNat = ['10.0.0.1', '10.0.0.2'].map((ip) => ({ ip, announced: ['203.0.113.7'] }));
  expect(shown(behindNat).map(({ address }) => address)).toEqual(['203.0.113.7']);
});

it('an IPv6 address is the same however it is written', () => {
  const told = announcedCandidates(
    [candidate('fd00::1', 1, 1)],
    [{ ip: 'FD00:0::1', announced: ['2001:db8::7'] }],
  );
  expect(told.map(({ address }) => address)).toEqual(['2001:db8::7']);
});
