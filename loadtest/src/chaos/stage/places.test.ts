import { expect, it } from 'vitest';
import { movedClients, placesOf } from './places.ts';

const ada = { identity: 'ada', name: 'Ada', sessionId: 's1', nodeId: 'n1', epoch: 1, joinedAtMs: 0 };
const ben = { identity: 'ben', name: 'Ben', sessionId: 's2', nodeId: 'n2', epoch: 1, joinedAtMs: 0 };
const before = placesOf({ participants: [ada, ben] });

it('reports nobody who stays in place while others join', () => {
  const after = placesOf({ participants: [ben, ada, { ...ada, identity: 'visitor-1' }] });
  expect(movedClients(['ada', 'ben'], before, after, 'slowness alone')).toEqual([]);
});

it('tells of who has another session, and of who is gone', () => {
  const after = placesOf({ participants: [{ ...ada, epoch: 2, sessionId: 's3' }] });
  expect(movedClients(['ada', 'ben'], before, after, 'slowness alone')).toEqual([
    'ada was moved by slowness alone: n1, epoch 1, session s1, then n1, epoch 2, session s3',
    'ben was moved by slowness alone: n2, epoch 1, session s2, then nowhere',
  ]);
  expect(movedClients(['ada'], before, placesOf(undefined), 'slowness alone')).toHaveLength(1);
});
