import { describe, expect, it } from 'vitest';
import { ClientHarness, welcome } from '../testing/client-harness.ts';

/** Time from opening a socket to its welcome. */
function welcomeAfter(harness: ClientHarness, ms: () => number): void {
  harness.gateway.onOpen = () => {
    const socket = harness.gateway.sockets.at(-1)!;
    harness.clock.after(ms(), () => {
      socket.handlers.opened();
      socket.handlers.message(JSON.stringify({ event: 'welcome', data: welcome }));
    });
  };
}

describe('a link with a round trip of 1.2 s', () => {
  async function joined(): Promise<{
    harness: ClientHarness;
    connecting: ReturnType<ClientHarness['connect']>;
  }> {
    const harness = new ClientHarness();
    harness.gateway.answers.set('resume', () => ({ resumeToken: 'tok_next', state: { changes: [] } }));
    welcomeAfter(harness, () => 4800);
    const connecting = harness.connect();
    await harness.pass(5000);
    return { harness, connecting };
  }

  it('reconnects at the first attempt, with four round trips before the welcome', async () => {
    const { harness, connecting } = await joined();
    const room = await connecting;
    harness.gateway.drop();
    await harness.pass(5000);
    expect(room.connection.state).toBe('connected');
    expect(harness.gateway.sockets).toHaveLength(2);
  });
});

describe('a link that has become slow', () => {
  it('gets more time in each round of attempts until one succeeds', async () => {
    const harness = new ClientHarness();
    harness.gateway.answers.set('resume', () => ({ resumeToken: 'tok_next', state: { changes: [] } }));
    const room = await harness.join();
    welcomeAfter(harness, () => 5000);
    harness.gateway.drop();
    await harness.pass(11_000);
    expect(room.connection.state).toBe('connected');
  });
});
