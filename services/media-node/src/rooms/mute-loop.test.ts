import { subjects } from '@skein/protocol';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { TestCluster } from '../testing/cluster.ts';
import { audioParameters } from '../testing/rtp-parameters.ts';
import { TRACK_STATE_EVERY_MS } from './announcer.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

it('a loop of mutes is written ten times a second, and its last one always', async () => {
  const node = await cluster.addNode();
  const ann = await cluster.join(node, 'loop', 'ann');
  await ann.publishAudio('trk_loop', audioParameters({ ssrc: 1 }));
  let told = 0;
  cluster.bus.subscribe(subjects.room('loop'), () => told++);
  const startedMs = performance.now();
  let muted = false;
  for (let round = 0; round < 30; round++) {
    const wishes = Array.from({ length: 33 }, () =>
      ann.request('setTrackMuted', { trackId: 'trk_loop', muted: (muted = !muted) }),
    );
    await Promise.all(wishes);
  }
  const mostTold = (performance.now() - startedMs) / TRACK_STATE_EVERY_MS + 2;
  expect(told).toBeLessThanOrEqual(mostTold);
  const [shown] = (await cluster.store.rooms.snapshot('loop'))!.tracks;
  expect(shown).toMatchObject({ trackId: 'trk_loop', muted });
  // Once more after a rest, it is told at once.
  await vi.waitFor(() => ann.request('setTrackMuted', { trackId: 'trk_loop', muted: !muted }));
  expect((await cluster.store.rooms.snapshot('loop'))!.tracks[0]).toMatchObject({ muted: !muted });
});
