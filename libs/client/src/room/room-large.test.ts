import { expect, test } from 'vitest';
import { Bench, participant, ready, track } from '../testing/client-harness.ts';

const PEOPLE = 150;
const others = Array.from({ length: PEOPLE }, (_, who) => participant(`p${who}`));
const tracks = others.flatMap(({ identity }) => [
  track(`cam-${identity}`, identity),
  track(`mic-${identity}`, identity, { kind: 'audio', source: 'microphone', mimeType: 'audio/opus' }),
]);
const READY = 96;
const subscriptions = tracks
  .filter(({ kind }) => kind === 'audio')
  .slice(0, READY)
  .map(({ trackId }) => ready(trackId));

const askedFor = (bench: Bench): string[] =>
  bench.gateway
    .sent('subscribeMany')
    .flatMap(({ data }) => (data['tracks'] as { trackId: string }[]).map(({ trackId }) => trackId));

test('what the join answer has no room for is asked for in a few requests, each track once, and is received', async () => {
  const bench = new Bench({ others, tracks, subscriptions });
  const received = new Set<string>();
  const room = await bench.join();
  room.on('trackSubscribed', ({ track: { id } }) => received.add(id));
  await bench.pass(1000);
  const asked = askedFor(bench);
  expect(asked).toHaveLength(tracks.length - READY);
  expect(new Set(asked).size).toBe(asked.length);
  expect(asked.slice(0, PEOPLE - READY).every((trackId) => trackId.startsWith('mic'))).toBe(true);
  expect(bench.gateway.sent('subscribeMany').length).toBeLessThanOrEqual(4);
  expect(bench.gateway.sent('subscribe')).toEqual([]);
  expect(bench.link.receivers).toHaveLength(tracks.length);
});

test('after a rebuild the rest is asked for of the new session', async () => {
  const bench = new Bench({ others, tracks, subscriptions });
  await bench.join();
  await bench.pass(500);
  bench.gateway.requests.splice(0);
  const again = subscriptions.map((one) => ({ ...one, subscriptionId: `${one.subscriptionId}_2` }));
  bench.moveSession('rebuild', 2, again);
  await bench.pass(1000);
  expect(askedFor(bench).toSorted()).toEqual(
    tracks
      .map(({ trackId }) => trackId)
      .filter((trackId) => !subscriptions.some((one) => one.trackId === trackId))
      .toSorted(),
  );
});

test('a room that comes in pages is whole when it is joined, and replaced in pages while changes wait', async () => {
  const bench = new Bench({ others: others.slice(0, 10) });
  const { answers } = bench.gateway;
  const join = answers.get('join');
  answers.set('join', (data) => {
    const answer = join?.(data) as { room: object };
    return { ...answer, room: { ...answer.room, pages: 3 } };
  });
  answers.set('roomPage', ({ page }) => ({
    participants: others.slice(10 * Number(page), 10 * Number(page) + 10),
    tracks: [],
  }));
  const room = await bench.join();
  expect(room.participants.size).toBe(30);

  const state = { room: 'standup', version: 20, participants: others.slice(0, 10), tracks: [] };
  bench.gateway.event('roomReplaced', { ...state, pages: 2 }, 20);
  bench.roomChanged(21, { type: 'participantJoined', participant: participant('late') });
  expect(room.participants.has('late')).toBe(false);
  await bench.settle();
  expect(room.participants.size).toBe(21);
  expect(room.participants.has('late')).toBe(true);
});
