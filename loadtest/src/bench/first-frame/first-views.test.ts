import { Emitter } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import { expect, it } from 'vitest';
import type { Joined, PeerEvent, PeerProcessEvents } from '@skein/native-peer';
import { FirstViews } from './first-views.ts';

const joined: Joined = { peerId: 'ann', sessionId: 's', nodeId: 'n', joinMs: 5, answerMs: 4, tracks: 1 };

function setUp() {
  const clock = new FakeClock();
  const events = new Emitter<PeerProcessEvents>();
  const views = new FirstViews({ events }, clock);
  const tell = (event: PeerEvent): void => events.emit('event', event);
  return { clock, views, tell };
}

it('follows a newcomer to the first picture, in any order of events', async () => {
  const { views, tell } = setUp();
  const view = views.follow('ann', 1000, () => Promise.resolve(joined));
  tell({ type: 'firstKeyFrame', peerId: 'ben', afterMs: 1 });
  tell({ type: 'firstKeyFrame', peerId: 'ann', afterMs: 40 });
  tell({ type: 'connected', peerId: 'ann', direction: 'send', afterMs: 10 });
  tell({ type: 'firstPacket', peerId: 'ann', afterMs: 30 });
  tell({ type: 'connected', peerId: 'ann', direction: 'recv', afterMs: 20 });
  expect(await view).toEqual({ answeredMs: 5, connectedMs: 20, packetMs: 30, frameMs: 40 });
});

it('says what came when there was no picture in time', async () => {
  const { clock, views, tell } = setUp();
  const view = views.follow('ann', 1000, () => Promise.resolve(joined));
  const failure = view.catch(String);
  tell({ type: 'connected', peerId: 'ann', direction: 'recv', afterMs: 20 });
  await clock.advance(1000);
  expect(await failure).toMatch('ann had no picture within 1000 ms: connectedMs');
});

it('fails as the join does', async () => {
  const { views } = setUp();
  const view = views.follow('ann', 1000, () => Promise.reject(new Error('refused')));
  await expect(view).rejects.toThrow('refused');
});
