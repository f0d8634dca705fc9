import { limits, type Track, type TrackSource } from '@skein/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { chooseReady, fittingCount } from './ready-choice.ts';

const track = (trackId: string, source: TrackSource): Track => ({ trackId, source }) as Track;
const names = (tracks: readonly Track[]): string[] => tracks.map(({ trackId }) => trackId);
const all = { canReceive: () => true };

it('microphones come first, then presentations, then cameras, in the order of the room', () => {
  const room = [
    track('cam-1', 'camera'),
    track('mic-1', 'microphone'),
    track('screen', 'screen'),
    track('cam-2', 'camera'),
    track('film', 'screen-audio'),
    track('mic-2', 'microphone'),
  ];
  expect(names(chooseReady(room, all))).toEqual(['mic-1', 'mic-2', 'film', 'screen', 'cam-1', 'cam-2']);
  const some = { canReceive: ({ trackId }: Track) => trackId.endsWith('2') };
  expect(names(chooseReady(room, some))).toEqual(['mic-2', 'cam-2']);
});

it('a room of a thousand gives no more than one answer holds, all of it microphones', () => {
  const room = Array.from({ length: 1000 }, (_, who) => [
    track(`cam-${who}`, 'camera'),
    track(`mic-${who}`, 'microphone'),
  ]).flat();
  const chosen = chooseReady(room, all);
  expect(chosen).toHaveLength(limits.subscriptionsPerAnswer);
  expect(new Set(chosen.map(({ source }) => source))).toEqual(new Set(['microphone']));
});

it('the fitting items are below the limit, maximal, and never none', () => {
  const item = fc.string({ unit: 'binary', maxLength: 60 });
  fc.assert(
    fc.property(fc.array(item, { minLength: 1 }), fc.integer({ min: 1, max: 600 }), (items, limitBytes) => {
      const bytesOf = (some: readonly string[]): number =>
        some.reduce((sum, one) => sum + Buffer.byteLength(JSON.stringify(one)) + 1, 0);
      const count = fittingCount(items, limitBytes);
      expect(count).toBeGreaterThanOrEqual(1);
      expect(count === 1 || bytesOf(items.slice(0, count)) <= limitBytes).toBe(true);
      expect(count === items.length || bytesOf(items.slice(0, count + 1)) > limitBytes).toBe(true);
    }),
  );
});
