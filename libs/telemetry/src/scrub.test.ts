import { describe, expect, it } from 'vitest';
import { scrubLine } from './scrub.ts';

const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl';

describe('IP addresses', () => {
  it.each([
    ['10.1.2.3', '[ip]'],
    ['connect ECONNREFUSED 127.0.0.1:6379', 'connect ECONNREFUSED [ip]'],
    ['a10.1.2.3b', 'a[ip]b'],
    ['10.1.2.3.5000', '[ip].5000'],
    ['from 192.168.0.255, 8.8.8.8.', 'from [ip], [ip].'],
    ['::1', '[ip]'],
    ['[::1]:443', '[ip]'],
    ['at fe80::1%eth0 now', 'at [ip] now'],
    ['2001:db8::8a2e:370:7334', '[ip]'],
    ['2001:0db8:85a3:0000:0000:8a2e:0370:7334', '[ip]'],
    ['2001:db8::', '[ip]'],
    ['::ffff:10.1.2.3', '[ip]'],
    ['64:ff9b::10.1.2.3', '[ip]'],
    ['http://[2001:DB8::1]:8080/x', 'http://[ip]/x'],
  ])('%s becomes %s', (text, scrubbed) => {
    expect(scrubLine(text)).toBe(scrubbed);
  });

  it.each(['\n', '\t', '\b', '\f', '\r', '\u0001', '"', '\\'])(
    'and tokens are found in JSON after %j',
    (before) => {
      for (const [secret, instead] of [
        ['10.1.2.3', '[ip]'],
        ['fe80::1', '[ip]'],
        [jwt, '[token]'],
      ]) {
        const scrubbed = scrubLine(JSON.stringify({ text: `x${before}${secret}` }));
        expect(JSON.parse(scrubbed)).toEqual({ text: `x${before}${instead}` });
      }
    },
  );

  it.each([
    '1.2.3',
    '12:34:56',
    'std::vector',
    'node 22.23.3',
    '2026-01-02T03:04:05.678Z',
    'a :: b',
    '999.1.1.1000',
  ])('%s is not scrubbed', (text) => {
    expect(scrubLine(text)).toBe(text);
  });
});

describe('secrets', () => {
  it.each([
    [`token ${jwt} expired`, 'token [token] expired'],
    ['Authorization: Bearer abc.def-123', 'Authorization: Bearer [token]'],
    ['GET /v1/signal?room=lobby&token=abc HTTP', 'GET /v1/signal?room=lobby&token=[hidden] HTTP'],
    ['redis://user:pass@store.example:6379', 'redis://[hidden]@store.example:6379'],
    [
      'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:QUJD+/=|2^20',
      'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:[key]^20',
    ],
    ['a=candidate:1 1 udp 2130706431 host.local 5000 typ host', '[candidate]'],
  ])('%s becomes %s', (text, scrubbed) => {
    expect(scrubLine(text)).toBe(scrubbed);
  });

  it('fields with names of secrets are hidden, also in JSON inside JSON', () => {
    const secret = { keyBase64: 'QUJD', password: 'p"q\\', nested: { token: 'x' } };
    const line = JSON.stringify({ ...secret, room: 'lobby', body: JSON.stringify(secret) });
    const hidden = { keyBase64: '[hidden]', password: '[hidden]', nested: { token: '[hidden]' } };
    const scrubbed = JSON.parse(scrubLine(line)) as { body: string };
    expect({ ...scrubbed, body: JSON.parse(scrubbed.body) as unknown }).toEqual({
      ...hidden,
      room: 'lobby',
      body: hidden,
    });
  });

  it('a whole SDP is removed, and the text beside it stays', () => {
    const sdp = 'v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns="x"\r\na=ice-pwd:abc\r\n';
    const line = JSON.stringify({ before: 1, msg: `bad offer ${sdp}`, room: 'lobby' });
    expect(JSON.parse(scrubLine(line))).toEqual({ before: 1, msg: 'bad offer [sdp]', room: 'lobby' });
  });
});

it('names chosen by users are not scrubbed', () => {
  const line = JSON.stringify({
    room: 'Zimmer 12: Café "Größe"',
    participant: 'ann@example.org',
    nodeId: 'node-1',
  });
  expect(scrubLine(line)).toBe(line);
});
