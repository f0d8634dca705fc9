import { limits } from '@skein/protocol';
import { describe, expect, it } from 'vitest';
import { RequestAdmission } from './request-admission.ts';

/** What the bus lets a node serve at once. */
const MAX_IN_FLIGHT = 4096;

/** Requests that wait until they are let go. */
function setUp() {
  const admission = new RequestAdmission();
  const waiting: (() => void)[] = [];
  const refused: unknown[] = [];
  const ask = (sessionId: string, count = 1): void => {
    for (let one = 0; one < count; one++) {
      admission
        .run(sessionId, () => new Promise<void>((resolve) => waiting.push(resolve)))
        .catch((error: unknown) => refused.push(error));
    }
  };
  const settle = async (): Promise<void> => {
    for (const letGo of waiting.splice(0)) letGo();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { admission, ask, refused, settle };
}

describe('the requests that a node serves at once', () => {
  it('64 sessions with all their requests in flight leave capacity for 500 others', async () => {
    const { admission, ask, refused, settle } = setUp();
    for (let session = 0; session < 64; session++) ask(`greedy-${session}`, limits.requestsInFlight);
    expect(admission.total).toBeLessThan(MAX_IN_FLIGHT / 2);
    await settle();
    for (let session = 0; session < 64; session++) ask(`greedy-${session}`, limits.requestsInFlight);
    await new Promise((resolve) => setImmediate(resolve));
    refused.length = 0;
    for (let session = 0; session < 500; session++) ask(`modest-${session}`, 4);
    await new Promise((resolve) => setImmediate(resolve));
    expect(refused).toEqual([]);
    expect(admission.total).toBeLessThan(MAX_IN_FLIGHT);
  });

  it('a session has the protocol`s limit while few requests run, and a small share while many do', async () => {
    const { admission, ask, refused, settle } = setUp();
    ask('one', limits.requestsInFlight);
    expect(admission.total).toBe(limits.requestsInFlight);
    for (let session = 0; session < 15; session++) ask(`more-${session}`, limits.requestsInFlight);
    ask('two', 6);
    await new Promise((resolve) => setImmediate(resolve));
    expect(refused).toHaveLength(2);
    expect(refused[0]).toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      retryAfterMs: expect.any(Number) as number,
    });
    await settle();
    expect(admission.total).toBe(0);
    ask('two', 6);
    expect(admission.total).toBe(6);
  });
});
