import type { TransportOffer } from '@skein/protocol';
import { describe, expect, it } from 'vitest';
import { answerSdp, offeredFingerprint } from './packet-link.ts';

const SHA_256 = Array.from({ length: 32 }, () => 'AB').join(':');

const offer: TransportOffer = {
  id: 't1',
  iceParameters: { usernameFragment: 'frag', password: 'pass', iceLite: true },
  iceCandidates: [
    { foundation: 'udp', priority: 9, ip: '192.0.2.1', protocol: 'udp', port: 40_000, type: 'host' },
    { foundation: 'tcp', priority: 8, ip: '192.0.2.1', protocol: 'tcp', port: 40_000, type: 'host' },
  ],
  dtlsParameters: { role: 'auto', fingerprints: [{ algorithm: 'sha-256', value: SHA_256 }] },
};

describe('the server’s side as an answer', () => {
  it('is passive and ICE-lite, and has its UDP candidates only', () => {
    const lines = answerSdp(offer, 'send').split('\r\n');
    expect(lines).toContain('a=setup:passive');
    expect(lines).toContain('a=ice-lite');
    expect(lines).toContain('a=recvonly');
    expect(lines.filter((line) => line.startsWith('a=candidate'))).toEqual([
      'a=candidate:udp 1 udp 9 192.0.2.1 40000 typ host',
    ]);
    expect(answerSdp(offer, 'recv')).toContain('a=sendonly');
  });

  it('cannot be made without a fingerprint that libdatachannel knows', () => {
    const without = { ...offer, dtlsParameters: { role: 'auto' as const, fingerprints: [] } };
    expect(() => answerSdp(without, 'recv')).toThrow(/SHA-256/);
  });
});

it('our own fingerprint is read from the offer, as a DTLS client’s', () => {
  expect(offeredFingerprint(`v=0\r\na=fingerprint:sha-256 ${SHA_256}\r\n`)).toEqual({
    role: 'client',
    fingerprints: [{ algorithm: 'sha-256', value: SHA_256 }],
  });
  expect(() => offeredFingerprint('v=0\r\n')).toThrow(/fingerprint/);
});
