import { describe, expect, it } from 'vitest';
import { Bench, welcome } from '../testing/client-harness.ts';

/** Sockets are welcomed so long after they were asked for. */
function welcomeAfter(bench: Bench, ms: () => number): void {
  bench.gateway.onOpen = () => {
    const socket = bench.gateway.sockets.at(-1)!;
    bench.clock.after(ms(), () => {
      socket.handlers.opened();
      socket.handlers.message(JSON.stringify({ event: 'welcome', data: welcome }));
    });
  };
}

describe('a link with a round trip of 1.2 s', () => {
  async function joined(): Promise<{ bench: Bench; connecting: ReturnType<Bench['connect']> }> {
    const bench = new Bench();
    bench.gateway.answers.set('resume', () => ({ resumeToken: 'tok_next', state: { changes: [] } }));
    welcomeAfter(bench, () => 4800);
    const connecting = bench.connect();
    await bench.pass(5000);
    return { bench, connecting };
  }

  it('takes a lost socket up again at the first attempt, four round trips before the welcome', async () => {
    const { bench, connecting } = await joined();
    const room = await connecting;
    bench.gateway.drop();
    await bench.pass(5000);
    expect(room.connection.state).toBe('connected');
    expect(bench.gateway.sockets).toHaveLength(2);
  });
});

describe('a link that has become slow since the last measurement', () => {
  it('is given more time in each round of attempts, until one succeeds', async () => {
    const bench = new Bench();
    bench.gateway.answers.set('resume', () => ({ resumeToken: 'tok_next', state: { changes: [] } }));
    const room = await bench.join();
    welcomeAfter(bench, () => 5000);
    bench.gateway.drop();
    await bench.pass(11_000);
    expect(room.connection.state).toBe('connected');
  });
});
