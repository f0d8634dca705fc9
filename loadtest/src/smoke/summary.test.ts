import { describe, expect, it } from 'vitest';
import { faultsOf, firstFrameDelays, joinDelay } from './summary.ts';

const healthy = {
  participants: 3,
  nodes: 3,
  videosPlaying: 6,
  audiosPlaying: 6,
  pipes: 3,
  duplicatePipedTracks: 0,
  firstFrameMs: { p50: 180, max: 400 },
  joinMs: { p50: 12, max: 30 },
  leakedAfterLeave: 0,
};

it('the first frame counts from the connect of those present, from the event for later ones', () => {
  const delays = firstFrameDelays({
    connectMs: 100,
    presentAtJoin: ['ada'],
    publishedMs: { ben: 900 },
    firstFrameMs: { ada: 350, ben: 1000, me: 50 },
  });
  expect(delays).toEqual([250, 100]);
});

it('measures a join from the open socket', () => {
  expect(
    joinDelay({ openMs: 10, joinedMs: 25, presentAtJoin: [], publishedMs: {}, firstFrameMs: {} }),
  ).toEqual([15]);
  expect(joinDelay({ openMs: 10, presentAtJoin: [], publishedMs: {}, firstFrameMs: {} })).toEqual([]);
});

describe('faultsOf', () => {
  it('finds nothing wrong with a healthy cluster', () => {
    expect(faultsOf(healthy)).toEqual([]);
  });

  it.each([
    [{ videosPlaying: 5 }, 'videosPlaying is 5, not 6'],
    [{ pipes: 6 }, 'pipes is 6, not 3'],
    [{ duplicatePipedTracks: 1 }, 'duplicatePipedTracks is 1, not 0'],
    [{ leakedAfterLeave: 2 }, 'leakedAfterLeave is 2, not 0'],
    [{ firstFrameMs: { p50: 500, max: 900 } }, 'firstFrameMs.p50 is 500, not under 500'],
  ])('names what is off in %j', (change, fault) => {
    expect(faultsOf({ ...healthy, ...change })).toEqual([fault]);
  });
});
