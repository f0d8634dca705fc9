import { expect, test } from 'vitest';
import { MEDIA_REBUILDS, MediaLosses, REMEMBERED_MS } from './media-losses.ts';

test('a client that loses its media again and again waits longer each time, and then is given up', () => {
  const losses = new MediaLosses();
  const steps = Array.from({ length: MEDIA_REBUILDS + 2 }, (_, index) =>
    losses.add({ nodeId: `node-${index}`, atMs: index * 1000 }),
  );
  const waits = steps.flatMap((step) => (step.do === 'rebuild' ? [step.afterMs] : []));
  expect(waits).toHaveLength(MEDIA_REBUILDS);
  expect(waits).toEqual(waits.toSorted((one, other) => one - other));
  expect(steps.slice(MEDIA_REBUILDS)).toEqual([{ do: 'giveUp' }, { do: 'giveUp' }]);
  expect(losses.count).toBe(MEDIA_REBUILDS + 1);
});

test('it stays away from all nodes that it did not get through to, the last one last', () => {
  const losses = new MediaLosses();
  losses.add({ nodeId: 'one', atMs: 0 });
  expect(losses.add({ nodeId: 'two', atMs: 1 })).toMatchObject({ shunnedNodeIds: ['one', 'two'] });
});

test('what is long ago does not count', () => {
  const losses = new MediaLosses();
  for (let index = 0; index <= MEDIA_REBUILDS; index++) losses.add({ nodeId: 'one', atMs: index });
  const later = losses.add({ nodeId: 'two', atMs: REMEMBERED_MS + MEDIA_REBUILDS });
  expect(later).toMatchObject({ do: 'rebuild', shunnedNodeIds: ['two'] });
});
