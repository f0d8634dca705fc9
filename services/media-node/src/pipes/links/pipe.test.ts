import { FakeClock } from '@skein/runtime/testing';
import { describe, expect, it } from 'vitest';
import type { EndCounters, PipeEndpoint } from '../../media/engine.ts';
import { NodePipe, type PipeStatus } from './pipe.ts';

async function setUp(counters: () => Promise<EndCounters>) {
  const clock = new FakeClock();
  const address = { ip: '127.0.0.1', port: 4000, srtp: undefined };
  const endpoint = {
    address,
    counters,
    sendProbes: async () => {},
    close: () => {},
  } as unknown as PipeEndpoint;
  const peer = { nodeId: 'other', routerId: 'there' };
  const names = { key: 'here~there', local: 'here', peer, instanceId: 'pip-1', trial: false };
  const status: PipeStatus = { phase: { kind: 'opening' }, idleSinceMs: undefined, outgoing: new Map() };
  const pipe = new NodePipe(names, status, Promise.resolve(endpoint), clock);
  await pipe.end('this');
  return { clock, pipe };
}

describe('an end of a pipe', () => {
  it('an end of a pipe reports its counters', async () => {
    const { pipe } = await setUp(async () => ({ sentBytes: 5, receivedBytes: 6 }));
    expect(await pipe.count()).toEqual({ sentBytes: 5, receivedBytes: 6 });
    expect(pipe.sentBytes).toBe(5);
  });

  it('a count ends without the worker`s answer, and a late answer is used', async () => {
    const answer = Promise.withResolvers<EndCounters>();
    const { pipe, clock } = await setUp(() => answer.promise);
    const counted = pipe.count();
    await clock.advance(150);
    expect(await counted).toBe('late');
    answer.resolve({ sentBytes: 7, receivedBytes: 8 });
    await clock.advance(0);
    expect(pipe.sentBytes).toBe(7);
  });

  it('an end is gone when its worker died, or it was closed', async () => {
    const { pipe } = await setUp(() => Promise.reject(new Error('closed')));
    expect(await pipe.count()).toBe('gone');
    pipe.close('not needed any more');
    expect(await pipe.count()).toBe('gone');
  });
});
