import { freePort, NatsServer, startNats } from '@skein/local-cluster';
import { limits } from '@skein/protocol';
import { ConfigError, systemClock } from '@skein/runtime';
import { describe, expect, it, vi } from 'vitest';
import { connectBus, type Bus, type BusStatus } from './index.ts';

const deadlineMs = 2000;

async function connected(server: NatsServer, name = 'test'): Promise<Bus> {
  return await connectBus({ url: server.url, name, clock: systemClock });
}

async function failureOf(call: Promise<unknown>): Promise<{ error: unknown; tookMs: number }> {
  const startedMs = performance.now();
  const error = await call.then(
    () => 'no failure',
    (thrown: unknown) => thrown,
  );
  return { error, tookMs: performance.now() - startedMs };
}

describe('a bus over NATS', () => {
  it('a server with too small a max_payload is rejected with one line that says what to set', async () => {
    await using server = await startNats({ maxPayloadBytes: 64 * 1024 });
    await expect(connected(server)).rejects.toThrow(
      new RegExp(
        `^SKEIN_NATS_URL cannot work: .* 65536 bytes; set its max_payload to ${limits.busMessageBytes} or more$`,
      ),
    );
    await expect(connected(server)).rejects.toBeInstanceOf(ConfigError);
  });

  it('calls fail at once while the server is away; all subscriptions survive the outage', async () => {
    await using server = await startNats();
    const [one, two] = [await connected(server), await connected(server)];
    const heard: unknown[] = [];
    let recoveries = 0;
    one.onRecovered(() => recoveries++);
    one.serve('a.echo', async (data) => data);
    one.subscribe('b.news', (data) => heard.push(data));
    await one.flush({ deadlineMs });
    await server.kill();
    await vi.waitFor(() =>
      expect([one.status.state, two.status.state]).toEqual(['disconnected', 'disconnected']),
    );
    const { error, tookMs } = await failureOf(two.request('a.echo', 1, { deadlineMs }));
    expect(error).toMatchObject({ code: 'UNAVAILABLE' });
    expect(tookMs).toBeLessThan(100);
    expect((await failureOf(two.flush({ deadlineMs }))).error).toMatchObject({ code: 'UNAVAILABLE' });
    two.publish('b.news', 'lost');
    await server.start();
    await vi.waitFor(
      () => expect([one.status, two.status]).toEqual([{ state: 'connected' }, { state: 'connected' }]),
      {
        timeout: 10_000,
      },
    );
    expect(recoveries).toBe(1);
    await one.flush({ deadlineMs });
    expect(await two.request('a.echo', 2, { deadlineMs })).toBe(2);
    two.publish('b.news', 'fresh');
    await vi.waitFor(() => expect(heard).toEqual(['fresh']));
    await Promise.all([one.close(), two.close()]);
  });

  it('a pending request fails when the connection is lost, long before its deadline', async () => {
    await using server = await startNats();
    const [one, two] = [await connected(server), await connected(server)];
    let asked = false;
    one.serve('a.slow', () => {
      asked = true;
      return new Promise(() => {});
    });
    await one.flush({ deadlineMs });
    const waiting = failureOf(two.request('a.slow', 1, { deadlineMs: 20_000 }));
    await vi.waitFor(() => expect(asked).toBe(true));
    await server.kill();
    const { error, tookMs } = await waiting;
    expect(error).toMatchObject({ code: 'UNAVAILABLE' });
    expect(tookMs).toBeLessThan(5000);
    await two.close();
    // Its handler never answers: the close ends it.
    await one.close();
  });

  it('a request keeps its deadline while the server hangs; the hang ends as a lost connection', async () => {
    await using server = await startNats();
    const bus = await connected(server);
    await server.freeze();
    try {
      expect((await failureOf(bus.request('a.any', 1, { deadlineMs: 200 }))).error).toMatchObject({
        code: 'DEADLINE_EXCEEDED',
      });
      expect((await failureOf(bus.flush({ deadlineMs: 200 }))).error).toMatchObject({
        code: 'DEADLINE_EXCEEDED',
      });
      await vi.waitFor(() => expect(bus.status.state).toBe('disconnected'), { timeout: 15_000 });
    } finally {
      server.thaw();
    }
    await vi.waitFor(() => expect(bus.status.state).toBe('connected'), { timeout: 10_000 });
    await bus.close();
  });

  it('a hanging server is detected within about a second while a request waits', async () => {
    await using server = await startNats();
    const [one, two] = [await connected(server), await connected(server)];
    await Promise.all([one.ensure(), two.ensure()]);
    await server.freeze();
    try {
      const [waiting, asked] = await Promise.all([
        failureOf(one.request('a.any', 1, { deadlineMs: 20_000 })),
        vi.waitFor(
          async () => {
            const failure = await failureOf(two.ensure());
            expect(failure.error).toMatchObject({ code: 'UNAVAILABLE' });
            return failure;
          },
          { timeout: 5000 },
        ),
      ]);
      expect(waiting.error).toMatchObject({ code: 'UNAVAILABLE' });
      expect(waiting.tookMs).toBeLessThan(3000);
      expect(asked.tookMs).toBeLessThan(2000);
      expect((await failureOf(two.request('a.any', 1, { deadlineMs }))).tookMs).toBeLessThan(100);
    } finally {
      server.thaw();
    }
    await vi.waitFor(() => Promise.all([one.ensure(), two.ensure()]), { timeout: 10_000 });
    await Promise.all([one.close(), two.close()]);
  });

  it('connecting waits for an absent server and reports that it is disconnected', async () => {
    await using server = new NatsServer(await freePort(), {});
    const seen: BusStatus['state'][] = [];
    const onStatus = ({ state }: BusStatus): void => void seen.push(state);
    const connecting = connectBus({ url: server.url, name: 'test', clock: systemClock, onStatus });
    await vi.waitFor(() => expect(seen).toEqual(['disconnected']), { timeout: 5000 });
    await server.start();
    const bus = await connecting;
    expect(seen).toEqual(['disconnected', 'connected']);
    await bus.close();
  });

  it('an aborted signal ends the wait for a server', async () => {
    const stop = new AbortController();
    const url = `nats://127.0.0.1:${await freePort()}`;
    const connecting = connectBus({
      url,
      name: 'test',
      clock: systemClock,
      signal: stop.signal,
      onStatus: () => stop.abort(),
    });
    await expect(connecting).rejects.toMatchObject({ name: 'AbortError' });
  });
});
