import type { ReadySubscription, SubscribeResult } from '@skein/protocol';
import { describe, expect, test } from 'vitest';
import { SkeinClientError } from '../errors/client-error.ts';
import { ready } from '../testing/client-harness.ts';
import { SubscribeRequests, type WantedTrack } from './subscribe-requests.ts';

interface Asked {
  readonly tracks: readonly string[];
  readonly answer: (results: readonly SubscribeResult[]) => void;
  readonly fail: (error: SkeinClientError) => void;
}

/** A gateway that answers when a test says so. */
function setUp() {
  const many: Asked[] = [];
  const one: string[] = [];
  const requests = new SubscribeRequests({
    one: async (trackId) => {
      one.push(trackId);
      if (trackId === 'bad') throw new SkeinClientError('INVALID_ARGUMENT', 'layers out of range');
      return ready(trackId);
    },
    many: (tracks: readonly WantedTrack[]) =>
      new Promise((answer, fail) =>
        many.push({ tracks: tracks.map(({ trackId }) => trackId), answer, fail }),
      ),
    isSound: (trackId) => trackId.startsWith('mic'),
  });
  const outcomes = new Map<string, string>();
  const ask = (trackId: string): void =>
    void requests.ask(trackId, undefined).then(
      (answer: ReadySubscription) => outcomes.set(trackId, answer.subscriptionId),
      (error: SkeinClientError) => outcomes.set(trackId, error.code),
    );
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { many, one, ask, outcomes, settle };
}

const had = (trackId: string): SubscribeResult => ({ trackId, subscription: ready(trackId) });

describe('tracks that are wanted', () => {
  test('alone are asked for by themselves', async () => {
    const { many, one, ask, outcomes, settle } = setUp();
    ask('cam');
    await settle();
    expect([one, many, outcomes.get('cam')]).toEqual([['cam'], [], 'sub_cam']);
  });

  test('in one moment are asked for in bounded batches, two at a time, sound first', async () => {
    const { many, ask, outcomes, settle } = setUp();
    for (let who = 0; who < 100; who++) {
      ask(`cam-${who}`);
      ask(`mic-${who}`);
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

  test('that did not fit into an answer are asked for again', async () => {
    const { many, ask, outcomes, settle } = setUp();
    for (const trackId of ['a', 'b', 'c']) ask(trackId);
    await settle();
    many[0]?.answer([had('a')]);
    await settle();
    expect(many[1]?.tracks).toEqual(['b', 'c']);
    many[1]?.answer([had('b'), had('c')]);
    await settle();
    expect([...outcomes.values()]).toEqual(['sub_a', 'sub_b', 'sub_c']);
  });

  test('fail one by one, each with its own error', async () => {
    const { many, ask, outcomes, settle } = setUp();
    for (const trackId of ['a', 'gone']) ask(trackId);
    await settle();
    const error = { code: 'TRACK_NOT_FOUND', message: 'there is no such track' } as const;
    many[0]?.answer([had('a'), { trackId: 'gone', error }]);
    await settle();
    expect([...outcomes]).toEqual([
      ['a', 'sub_a'],
      ['gone', 'TRACK_NOT_FOUND'],
    ]);
  });

  test('of a batch with a wish that is not allowed are asked for alone', async () => {
    const { many, one, ask, outcomes, settle } = setUp();
    for (const trackId of ['a', 'bad', 'c']) ask(trackId);
    await settle();
    many[0]?.fail(new SkeinClientError('INVALID_ARGUMENT', 'tracks.1.preferredLayers'));
    await settle();
    expect(one).toEqual(['a', 'bad', 'c']);
    expect(Object.fromEntries(outcomes)).toEqual({ a: 'sub_a', bad: 'INVALID_ARGUMENT', c: 'sub_c' });
  });

  test('fail together when the request does, or is answered for none of them', async () => {
    const { many, ask, outcomes, settle } = setUp();
    for (const trackId of ['a', 'b']) ask(trackId);
    await settle();
    many[0]?.fail(new SkeinClientError('UNAVAILABLE', 'the session is being moved'));
    await settle();
    expect([...outcomes.values()]).toEqual(['UNAVAILABLE', 'UNAVAILABLE']);
    for (const trackId of ['c', 'd']) ask(trackId);
    await settle();
    many[1]?.answer([]);
    await settle();
    expect([outcomes.get('c'), outcomes.get('d')]).toEqual(['INTERNAL', 'INTERNAL']);
  });

  test('twice wait once, and both are answered', async () => {
    const { many, ask, outcomes, settle } = setUp();
    for (const trackId of ['a', 'b', 'a']) ask(trackId);
    await settle();
    expect(many[0]?.tracks).toEqual(['a', 'b']);
    many[0]?.answer([had('a'), had('b')]);
    await settle();
    expect(outcomes.size).toBe(2);
  });
});
