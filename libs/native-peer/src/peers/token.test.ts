import { expect, it } from 'vitest';
import { withToken } from './token.ts';

it('adds a token to a join, and to nothing else', () => {
  expect(withToken('{"id":"1","method":"join","data":{"room":"a"}}', 'secret')).toBe(
    '{"id":"1","method":"join","data":{"room":"a","token":"secret"}}',
  );
  expect(withToken('{"id":"2","method":"ping"}', 'secret')).toBe('{"id":"2","method":"ping"}');
  expect(withToken('{"id":"1","method":"join"}', undefined)).toBe('{"id":"1","method":"join"}');
});
