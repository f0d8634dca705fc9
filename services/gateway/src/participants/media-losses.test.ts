import { expect, it } from 'vitest';
import { MEDIA_REBUILDS, MediaLosses, REMEMBERED_MS } from './media-losses.ts';

it('repeated media losses wait longer each time and are then given up', () => {
  const losses = new MediaLosses();
  const steps = Array.from({ length: MEDIA_REBUILDS + 2 }, (_, index) =>
    losses.add({ nodeId: `node-${index}`, atMs: index * 1000 }),
  );
  const waits = steps.flatMap((step) => (step.kind === 'rebuild' ? [step.afterMs] : []));
  expect(waits).toHaveLength(MEDIA_REBUILDS);
  expect(waits).toEqual(waits.toSorted((one, other) => one - other));
  expect(steps.slice(MEDIA_REBUILDS)).toEqual([{ kind: 'giveUp' }, { kind: 'giveUp' }]);
  expect(losses.count).toBe(MEDIA_REBUILDS + 1);
});

it('a rebuild avoids all nodes that the client did not reach, the latest one last', () => {
  const losses = new MediaLosses();
  losses.add({ nodeId: 'one', atMs: 0 });
  expect(losses.add({ nodeId: 'two', atMs: 1 })).toMatchObject({ avoidedNodeIds: ['one', 'two'] });
});

it('an old media loss does not count', () => {
  const losses = new MediaLosses();
  for (let index = 0; index <= MEDIA_REBUILDS; index++) losses.add({ nodeId: 'one', atMs: index });
  const later = losses.add({ nodeId: 'two', atMs: REMEMBERED_MS + MEDIA_REBUILDS });
  expect(later).toMatchObject({ kind: 'rebuild', avoidedNodeIds: ['two'] });
});
