import { expect, it } from 'vitest';
import { pageTokenAfter, roomBeforePage } from './page-token.ts';

it.each(['lobby', 'a room / with %', 'Zimmer ä 🎉'])('a token of %s leads back to it', (name) => {
  expect(roomBeforePage(pageTokenAfter(name))).toBe(name);
});

it('the empty token is the first page', () => {
  expect(roomBeforePage('')).toBeUndefined();
});

it.each(['%%%', 'AAE', pageTokenAfter('a\u0000b'), Buffer.from([0xff]).toString('base64url')])(
  'the made-up token %j is refused, naming the field',
  (token) => {
    expect(() => roomBeforePage(token)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', details: { field: 'request.pageToken' } }),
    );
  },
);
