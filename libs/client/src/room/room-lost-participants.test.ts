import { expect, it } from 'vitest';
import { ClientHarness, participant } from '../testing/client-harness.ts';

it('a lost participant is an update, and the same object when it returns', async () => {
  const harness = new ClientHarness({
    others: [participant('ada'), participant('ben', { connection: 'lost' })],
  });
  const room = await harness.join();
  const [ada, ben] = ['ada', 'ben'].map((identity) => room.participants.get(identity));
  const emitted: string[] = [];
  room.on('participantUpdated', ({ participant: one }) => emitted.push(`${one.identity} ${one.connection}`));
  room.on('participantLeft', ({ participant: one }) => emitted.push(`${one.identity} left`));
  expect([ada?.connection, ben?.connection]).toEqual(['connected', 'lost']);
  const update = (identity: string, connection: string): unknown => ({
    type: 'participantUpdated',
    identity,
    epoch: 1,
    connection,
  });
  harness.roomChanged(11, update('ada', 'lost'));
  harness.roomChanged(12, update('ben', 'connected'));
  harness.roomChanged(13, update('ada', 'connected'));
  expect(emitted).toEqual(['ada lost', 'ben connected', 'ada connected']);
  expect(room.participants.get('ada')).toBe(ada);
});
