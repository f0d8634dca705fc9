import { closeCodes } from '@skein/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryCluster } from '../../testing/memory-cluster.ts';
import { SILENCE_MS } from './connection.ts';
import { Heartbeat } from './heartbeat.ts';

let cluster: MemoryCluster;
beforeEach(async () => {
  cluster = await MemoryCluster.start();
});
afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

describe('the heartbeat', () => {
  it('the heartbeat pings a silent socket and closes it after 7 s', async () => {
    const heartbeat = new Heartbeat(cluster.clock);
    const [silent, alive] = [await cluster.joined('ada'), await cluster.joined('bob')];
    heartbeat.add(silent.connection);
    heartbeat.add(alive.connection);
    const pass = async (ms: number): Promise<void> => {
      for (let passedMs = 0; passedMs < ms; passedMs += 500) {
        await cluster.clock.advance(500);
        if (passedMs % 2000 === 0) alive.connection.handleHeartbeat();
      }
    };
    await pass(SILENCE_MS - 500);
    expect([silent.socket.pings, alive.socket.pings]).toEqual([2, 0]);
    expect(silent.socket.closed).toBeUndefined();
    await pass(500);
    expect(silent.socket.closed?.code).toBe(closeCodes.heartbeatLost);
    expect(alive.socket.closed).toBeUndefined();
    heartbeat.remove(silent.connection);
    heartbeat.close();
  });

  it('the heartbeat does not count a pause of this process as silence', async () => {
    const { clock } = cluster;
    const heartbeat = new Heartbeat(clock);
    const [silent, alive] = [await cluster.joined('ada'), await cluster.joined('bob')];
    heartbeat.add(silent.connection);
    heartbeat.add(alive.connection);
    await clock.advance(500);
    // Timers are 20 s late, and the clients' messages of that time are read after them.
    const monotonicMs = clock.monotonicMs.bind(clock);
    vi.spyOn(clock, 'monotonicMs').mockImplementation(() => monotonicMs() + 20_000);
    await clock.advance(500);
    expect([silent.socket.closed, alive.socket.closed]).toEqual([undefined, undefined]);
    alive.connection.handleHeartbeat();
    await clock.advance(1500);
    expect(silent.socket.closed?.code).toBe(closeCodes.heartbeatLost);
    expect(alive.socket.closed).toBeUndefined();
    vi.restoreAllMocks();
    heartbeat.close();
  });
});
