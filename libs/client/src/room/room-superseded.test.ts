import { expect, it } from 'vitest';
import { Refusal } from '../testing/fake-gateway.ts';
import { ClientHarness } from '../testing/client-harness.ts';

it('a reconnecting client leaves its identity to a newer device that has taken it', async () => {
  const harness = new ClientHarness();
  const room = await harness.join({ url: ['https://one.example.org', 'https://two.example.org'] });
  harness.welcomeAll();
  harness.gateway.answers.set('resume', () => new Refusal('SESSION_NOT_FOUND'));
  harness.gateway.answers.set('join', () => new Refusal('SUPERSEDED'));
  harness.gateway.drop();
  await harness.pass(1000);
  expect(room.connection).toMatchObject({ state: 'closed', reason: 'superseded' });
  expect(harness.gateway.sent('join')).toHaveLength(2);
});
