import { SkeinError } from '@skein/protocol';
import { FakeClock } from '@skein/runtime/testing';
import { describe, expect, it } from 'vitest';
import { audioParameters } from '../testing/rtp-parameters.ts';
import { rejectedParameters } from './mediasoup-rejection.ts';
import { ANSWER_DEADLINE_MS, WorkerAnswers } from './worker-answers.ts';

function setUp() {
  const clock = new FakeClock();
  const worker = { gone: false };
  return { clock, worker, answers: new WorkerAnswers(clock, () => worker.gone) };
}

describe('what is asked of a worker', () => {
  it('a request to a worker is answered and counted', async () => {
    const { answers } = setUp();
    expect(await answers.to(Promise.resolve('router'))).toBe('router');
    expect(answers.count).toBe(1);
  });

  it('a request fails as mediasoup does, which proves nothing about the worker', async () => {
    const { answers } = setUp();
    await expect(answers.to(Promise.reject(new TypeError('wrong')))).rejects.toThrow(TypeError);
    expect(answers.count).toBe(0);
  });

  it('a request without an answer in time fails; a late result is freed and counted', async () => {
    const { answers, clock } = setUp();
    const request = Promise.withResolvers<string>();
    const late: string[] = [];
    const outcome = answers
      .to(request.promise, (one) => late.push(one))
      .catch((error: unknown) => SkeinError.from(error));
    await clock.advance(ANSWER_DEADLINE_MS);
    expect(await outcome).toMatchObject({ code: 'DEADLINE_EXCEEDED', retryAfterMs: 1000 });
    request.resolve('router');
    await clock.advance(0);
    expect([late, answers.count]).toEqual([['router'], 1]);
  });

  it('a request fails UNAVAILABLE when the worker is gone, not as a rejection', async () => {
    const { answers, worker } = setUp();
    worker.gone = true;
    const error: unknown = await answers
      .to(Promise.reject(new Error('channel closed')))
      .catch((one: unknown) => one);
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: 500 });
    expect(rejectedParameters(error, audioParameters({ ssrc: 1 }))).toBe(error);
  });
});
