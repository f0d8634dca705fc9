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
  it('is answered, and counted', async () => {
    const { answers } = setUp();
    expect(await answers.to(Promise.resolve('router'))).toBe('router');
    expect(answers.count).toBe(1);
  });

  it('fails as mediasoup does, which is no sign of the worker', async () => {
    const { answers } = setUp();
    await expect(answers.to(Promise.reject(new TypeError('wrong')))).rejects.toThrow(TypeError);
    expect(answers.count).toBe(0);
  });

  it('fails when there is no answer in time; what comes later is let go, and counts', async () => {
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

  it('fails as unavailable when the worker is gone, and not as a refusal of what was asked', async () => {
    const { answers, worker } = setUp();
    worker.gone = true;
    const error: unknown = await answers
      .to(Promise.reject(new Error('channel closed')))
      .catch((one: unknown) => one);
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: 500 });
    expect(rejectedParameters(error, audioParameters({ ssrc: 1 }))).toBe(error);
  });
});
