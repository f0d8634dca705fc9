import { expect, it } from 'vitest';
import { describeError } from './describe-error.ts';

it('an error shows its type, code, message, details, stack and causes', () => {
  const cause = Object.assign(new TypeError('deep'), { code: 'EPIPE' });
  const error = Object.assign(new Error('top', { cause }), {
    code: 'PIPE_FAILED',
    details: { trackId: 'trk_1' },
  });
  expect(describeError(error)).toEqual({
    type: 'Error',
    message: 'top',
    code: 'PIPE_FAILED',
    details: { trackId: 'trk_1' },
    stack: expect.stringContaining('describe-error.test') as string,
    cause: expect.objectContaining({ type: 'TypeError', message: 'deep', code: 'EPIPE' }) as unknown,
  });
});

it('a cyclic chain of causes is cut', () => {
  const error = new Error('around');
  error.cause = error;
  expect(JSON.stringify(describeError(error)).match(/"message"/g)).toHaveLength(6);
});

it('a thrown value that is no error is shown as text', () => {
  expect(describeError('just text')).toEqual({ type: 'string', message: 'just text' });
  expect(describeError(undefined)).toEqual({ type: 'undefined', message: 'undefined' });
});

it('a long text is cut', () => {
  expect(describeError(new Error('x'.repeat(5000))).message).toHaveLength(2001);
});
