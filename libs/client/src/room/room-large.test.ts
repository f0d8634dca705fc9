import { expect, it } from 'vitest';
import { ClientHarness, participant, ready, track } from '../testing/client-harness.ts';

const PARTICIPANTS = 150;
const others = Array.from({ length: PARTICIPANTS }, (_, who) => participant(`p${who}`));
const tracks = others.flatMap(({ identity }) => [
  track(`cam-${identity}`, identity),
  track(`mic-${identity}`, identity, { kind: 'audio', source: 'microphone', mimeType: 'audio/opus' }),
]);
const READY = 96;
const subscriptions = tracks
  .filter(({ kind }) => kind === 'audio')
  .slice(0, READY)
  .map(({ trackId }) => ready(trackId));

const requestedTracks = (harness: ClientHarness): string[] =>
  harness.gateway
    .sent('subscribeMany')
    .flatMap(({ data }) => (data['tracks'] as { trackId: string }[]).map(({ trackId }) => trackId));

it('a large room subscribes beyond the join answer in a few requests, each track once', async () => {
  const harness = new ClientHarness({ others, tracks, subscriptions });
  const received = new Set<string>();
  const room = await harness.join();
  room.on('trackSubscribed', ({ track: { id } }) => received.add(id));
  await harness.pass(1000);
  const requested = requestedTracks(harness);
  expect(requested).toHaveLength(tracks.length - READY);
  expect(new Set(requested).size).toBe(requested.length);
  expect(requested.slice(0, PARTICIPANTS - READY).every((trackId) => trackId.startsWith('mic'))).toBe(true);
  expect(harness.gateway.sent('subscribeMany').length).toBeLessThanOrEqual(4);
  expect(harness.gateway.sent('subscribe')).toEqual([]);
  expect(harness.link.receivers).toHaveLength(tracks.length);
});

it('a large room subscribes to the remaining tracks again after a rebuild', async () => {
  const harness = new ClientHarness({ others, tracks, subscriptions });
  await harness.join();
  await harness.pass(500);
  harness.gateway.requests.splice(0);
  const again = subscriptions.map((one) => ({ ...one, subscriptionId: `${one.subscriptionId}_2` }));
  harness.moveSession('rebuild', 2, again);
  await harness.pass(1000);
  expect(requestedTracks(harness).toSorted()).toEqual(
    tracks
      .map(({ trackId }) => trackId)
      .filter((trackId) => !subscriptions.some((one) => one.trackId === trackId))
      .toSorted(),
  );
});

it('a large room applies waiting changes once a state in pages is complete', async () => {
  const harness = new ClientHarness({ others: others.slice(0, 10) });
  const { answers } = harness.gateway;
  const join = answers.get('join');
  answers.set('join', (data) => {
    const answer = join?.(data) as { room: object };
    return { ...answer, room: { ...answer.room, pages: 3 } };
  });
  answers.set('roomPage', ({ page }) => ({
    participants: others.slice(10 * Number(page), 10 * Number(page) + 10),
    tracks: [],
  }));
  const room = await harness.join();
  expect(room.participants.size).toBe(30);

  const state = { room: 'standup', version: 20, participants: others.slice(0, 10), tracks: [] };
  harness.gateway.event('roomReplaced', { ...state, pages: 2 }, 20);
  harness.roomChanged(21, { type: 'participantJoined', participant: participant('late') });
  expect(room.participants.has('late')).toBe(false);
  await harness.settle();
  expect(room.participants.size).toBe(21);
  expect(room.participants.has('late')).toBe(true);
});
