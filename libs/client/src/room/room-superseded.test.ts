import { expect, it } from 'vitest';
import { Refusal } from '../testing/fake-gateway.ts';
import { Bench } from '../testing/client-harness.ts';

it('a client that was away leaves its identity to a newer device that took it meanwhile', async () => {
  const bench = new Bench();
  const room = await bench.join({ url: ['https://one.example.org', 'https://two.example.org'] });
  bench.welcomeAll();
  bench.gateway.answers.set('resume', () => new Refusal('SESSION_NOT_FOUND'));
  bench.gateway.answers.set('join', () => new Refusal('SUPERSEDED'));
  bench.gateway.drop();
  await bench.pass(1000);
  expect(room.connection).toMatchObject({ state: 'closed', reason: 'superseded' });
  expect(bench.gateway.sent('join')).toHaveLength(2);
});
