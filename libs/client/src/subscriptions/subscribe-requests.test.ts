import type { ReadySubscription, SubscribeResult } from '@skein/protocol';
import { describe, expect, it } from 'vitest';
import { SkeinClientError } from '../errors/client-error.ts';
import { ready } from '../testing/client-harness.ts';
import { SubscribeRequests, type RequestedTrack } from './subscribe-requests.ts';

interface SentBatch {
  readonly tracks: readonly string[];
  readonly answer: (results: readonly SubscribeResult[]) => void;
  readonly fail: (error: SkeinClientError) => void;
}

/** A gateway that answers when the test says so. */
function setUp() {
  const many: SentBatch[] = [];
  const one: string[] = [];
  const requests = new SubscribeRequests({
    one: async (trackId) => {
      one.push(trackId);
      if (trackId === 'bad') throw new SkeinClientError('INVALID_ARGUMENT', 'layers out of range');
      return ready(trackId);
    },
    many: (tracks: readonly RequestedTrack[]) =>
      new Promise((answer, fail) =>
        many.push({ tracks: tracks.map(({ trackId }) => trackId), answer, fail }),
      ),
    isAudio: (trackId) => trackId.startsWith('mic'),
  });
  const outcomes = new Map<string, string>();
  const request = (trackId: string): void =>
    void requests.request(trackId, undefined).then(
      (answer: ReadySubscription) => outcomes.set(trackId, answer.subscriptionId),
      (error: SkeinClientError) => outcomes.set(trackId, error.code),
    );
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { many, one, request, outcomes, settle };
}

const had = (trackId: string): SubscribeResult => ({ trackId, subscription: ready(trackId) });

describe('subscribe requests', () => {
  it('are sent as `subscribe` when there is only one', async () => {
    const { many, one, request, outcomes, settle } = setUp();
    request('cam');
    await settle();
    expect([one, many, outcomes.get('cam')]).toEqual([['cam'], [], 'sub_cam']);
  });

  it('are sent in bounded batches, two at a time, audio first', async () => {
    const { many, request, outcomes, settle } = setUp();
    for (let who = 0; who < 100; who++) {
      request(`cam-${who}`);
      request(`mic-${who}`);
    }
    await settle();
    const sizes = (): number[] => many.map(({ tracks }) => tracks.length);
    expect(sizes()).toEqual([64, 64]);
    expect(many[0]?.tracks.every((trackId) => trackId.startsWith('mic'))).toBe(true);
    for (let answered = 0; answered < many.length; answered++) {
      expect(sizes().length - answered).toBeLessThanOrEqual(2);
      many[answered]?.answer(many[answered]?.tracks.map(had) ?? []);
      await settle();
    }
    expect(sizes()).toEqual([64, 64, 64, 8]);
    expect(outcomes.size).toBe(200);
    expect(outcomes.get('cam-99')).toBe('sub_cam-99');
  });

  it('are repeated when the answer had no room for them', async () => {
    const { many, request, outcomes, settle } = setUp();
    for (const trackId of ['a', 'b', 'c']) request(trackId);
    await settle();
    many[0]?.answer([had('a')]);
    await settle();
    expect(many[1]?.tracks).toEqual(['b', 'c']);
    many[1]?.answer([had('b'), had('c')]);
    await settle();
    expect([...outcomes.values()]).toEqual(['sub_a', 'sub_b', 'sub_c']);
  });

  it('fail with the errors of their own tracks', async () => {
    const { many, request, outcomes, settle } = setUp();
    for (const trackId of ['a', 'gone']) request(trackId);
    await settle();
    const error = { code: 'TRACK_NOT_FOUND', message: 'there is no such track' } as const;
    many[0]?.answer([had('a'), { trackId: 'gone', error }]);
    await settle();
    expect([...outcomes]).toEqual([
      ['a', 'sub_a'],
      ['gone', 'TRACK_NOT_FOUND'],
    ]);
  });

  it('are sent one by one after a batch with an invalid request was refused', async () => {
    const { many, one, request, outcomes, settle } = setUp();
    for (const trackId of ['a', 'bad', 'c']) request(trackId);
    await settle();
    many[0]?.fail(new SkeinClientError('INVALID_ARGUMENT', 'tracks.1.preferredLayers'));
    await settle();
    expect(one).toEqual(['a', 'bad', 'c']);
    expect(Object.fromEntries(outcomes)).toEqual({ a: 'sub_a', bad: 'INVALID_ARGUMENT', c: 'sub_c' });
  });

  it('all fail when the batch fails or the answer has no results', async () => {
    const { many, request, outcomes, settle } = setUp();
    for (const trackId of ['a', 'b']) request(trackId);
    await settle();
    many[0]?.fail(new SkeinClientError('UNAVAILABLE', 'the session is being moved'));
    await settle();
    expect([...outcomes.values()]).toEqual(['UNAVAILABLE', 'UNAVAILABLE']);
    for (const trackId of ['c', 'd']) request(trackId);
    await settle();
    many[1]?.answer([]);
    await settle();
    expect([outcomes.get('c'), outcomes.get('d')]).toEqual(['INTERNAL', 'INTERNAL']);
  });

  it('share one entry when a track is requested twice, and both resolve', async () => {
    const { many, request, outcomes, settle } = setUp();
    for (const trackId of ['a', 'b', 'a']) request(trackId);
    await settle();
    expect(many[0]?.tracks).toEqual(['a', 'b']);
    many[0]?.answer([had('a'), had('b')]);
    await settle();
    expect(outcomes.size).toBe(2);
  });
});
