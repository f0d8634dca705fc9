import { expect, it } from 'vitest';
import { Bench, participant } from '../testing/client-harness.ts';

it('somebody whose connection is lost is told as an update, and is the same person when it is back', async () => {
  const bench = new Bench({ others: [participant('ada'), participant('ben', { connection: 'lost' })] });
  const room = await bench.join();
  const [ada, ben] = ['ada', 'ben'].map((identity) => room.participants.get(identity));
  const told: string[] = [];
  room.on('participantUpdated', ({ participant: one }) => told.push(`${one.identity} ${one.connection}`));
  room.on('participantLeft', ({ participant: one }) => told.push(`${one.identity} left`));
  expect([ada?.connection, ben?.connection]).toEqual(['connected', 'lost']);
  const update = (identity: string, connection: string): unknown => ({
    type: 'participantUpdated',
    identity,
    epoch: 1,
    connection,
  });
  bench.roomChanged(11, update('ada', 'lost'));
  bench.roomChanged(12, update('ben', 'connected'));
  bench.roomChanged(13, update('ada', 'connected'));
  expect(told).toEqual(['ada lost', 'ben connected', 'ada connected']);
  expect(room.participants.get('ada')).toBe(ada);
});
