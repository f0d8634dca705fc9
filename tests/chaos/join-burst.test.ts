import { runJoinBurst } from '@skein/loadtest/chaos';
import { expect, it } from 'vitest';

it('a burst of joins is spread over the nodes, for one room and for a hundred', async () => {
  const { failed } = await runJoinBurst({ seed: 1, clients: 100, form: 'short', say: () => {} });
  expect(failed).toBeUndefined();
}, 90_000);
