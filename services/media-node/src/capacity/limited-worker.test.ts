import { Emitter } from '@skein/runtime';
import { describe, expect, it } from 'vitest';
import type {
  ClientTransport,
  MediaRouter,
  MediaSink,
  MediaSource,
  MediaWorker,
  PipeEndpoint,
} from '../media/engine.ts';
import { anyReceiver, audioParameters } from '../testing/rtp-parameters.ts';
import { CapacityLedger } from './ledger.ts';
import { limitedWorker } from './limited-worker.ts';
import type { ResourceCounts } from './limits.ts';

const MEDIA = { kind: 'audio', rtpParameters: audioParameters({ ssrc: 1 }), muted: false } as const;

/** A worker whose parts are classes with private fields, and fail to be made when told to. */
class FakeTransport {
  readonly events = new Emitter<{ path: { path: 'connected' } }>();
  readonly #sources: FakeSource[] = [];
  fails = false;
  async receive(): Promise<MediaSource> {
    if (this.fails) throw new Error('rejected');
    const source = new FakeSource();
    this.#sources.push(source);
    return source as unknown as MediaSource;
  }
  async send(): Promise<MediaSink> {
    return { paused: true, close: () => {} } as unknown as MediaSink;
  }
  close(): void {
    for (const source of this.#sources) source.close();
  }
}
class FakeSource {
  readonly events = new Emitter<{ closed: { reason: string } }>();
  #closed = false;
  get closed(): boolean {
    return this.#closed;
  }
  close(): void {
    this.#closed = true;
    this.events.emit('closed', { reason: 'test' });
  }
}

function setUp(limits: Partial<ResourceCounts> = {}) {
  const plenty = { sessions: 9, rooms: 9, transports: 9, tracks: 9, subscriptions: 9 };
  const node = new CapacityLedger('node', { ...plenty, transports: 5 });
  const ledger = new CapacityLedger('worker', { ...plenty, ...limits }, node);
  const events: MediaWorker['events'] = new Emitter();
  const transports: FakeTransport[] = [];
  const transport = (): FakeTransport => {
    const made = new FakeTransport();
    transports.push(made);
    return made;
  };
  const router = (): MediaRouter =>
    ({
      createClientTransport: async () => transport() as unknown as ClientTransport,
      createPipeEnd: async () => transport() as unknown as PipeEndpoint,
      close: () => {},
    }) as unknown as MediaRouter;
  const raw = { events, createRouter: async () => router(), close: () => {} } as unknown as MediaWorker;
  return { worker: limitedWorker(raw, ledger), events, ledger, node, transports };
}

const NOTHING = { sessions: 0, rooms: 0, transports: 0, tracks: 0, subscriptions: 0 };

describe('a worker with hard limits', () => {
  it.each(['rooms', 'transports', 'tracks', 'subscriptions'] as const)(
    'a worker at its limit of %s refuses one more, and takes one again when one is gone',
    async (resource) => {
      const { worker, ledger } = setUp({ [resource]: 1 });
      const router = await worker.createRouter();
      const transport = await router.createClientTransport('send');
      const source = await transport.receive(MEDIA);
      const sink = await transport.send(source, anyReceiver);
      const more = {
        rooms: () => worker.createRouter(),
        transports: () => router.createClientTransport('receive'),
        tracks: () => transport.receive(MEDIA),
        subscriptions: () => transport.send(source, anyReceiver),
      }[resource];
      await expect(more()).rejects.toMatchObject({
        code: 'LIMIT_EXCEEDED',
        details: { scope: 'worker', resource, limit: 1 },
        retryAfterMs: expect.any(Number) as number,
      });
      expect(ledger.counts[resource]).toBe(1);
      ({ rooms: router, transports: transport, tracks: source, subscriptions: sink })[resource].close();
      expect(ledger.counts[resource]).toBe(0);
    },
  );

  it('a burst is counted before anything is created', async () => {
    const { worker } = setUp({ transports: 2 });
    const router = await worker.createRouter();
    const burst = Array.from({ length: 5 }, () => router.createClientTransport('send'));
    const outcomes = await Promise.allSettled(burst);
    expect(outcomes.map(({ status }) => status)).toEqual([
      ...['fulfilled', 'fulfilled'],
      ...['rejected', 'rejected', 'rejected'],
    ]);
  });

  it('a worker enforces the limits of its node as well', async () => {
    const { worker, node } = setUp();
    const router = await worker.createRouter();
    const held = node.add('transports');
    for (let made = 0; made < 4; made++) await router.createClientTransport('send');
    await expect(router.createClientTransport('send')).rejects.toMatchObject({ details: { scope: 'node' } });
    held[Symbol.dispose]();
    await router.createClientTransport('send');
  });

  it('a failed creation is not counted', async () => {
    const { worker, ledger, transports } = setUp();
    const router = await worker.createRouter();
    const transport = await router.createClientTransport('send');
    transports[0]!.fails = true;
    await expect(transport.receive(MEDIA)).rejects.toThrow('rejected');
    expect(ledger.counts.tracks).toBe(0);
  });

  it('pipes are counted and never refused', async () => {
    const { worker, ledger } = setUp({ transports: 1 });
    const router = await worker.createRouter();
    await router.createClientTransport('send');
    const pipe = await router.createPipeEnd({ listen: { ip: '127.0.0.1' }, secure: false });
    expect(ledger.counts.transports).toBe(2);
    pipe.close();
    expect(ledger.counts.transports).toBe(1);
  });

  it.each(['router', 'worker', 'dead worker'] as const)(
    'gives back all at once with its %s',
    async (what) => {
      const { worker, events, ledger, node } = setUp();
      const router = await worker.createRouter();
      const transport = await router.createClientTransport('send');
      const source = await transport.receive(MEDIA);
      const sink = await transport.send(source, anyReceiver);
      if (what === 'router') router.close();
      else if (what === 'worker') worker.close();
      else events.emit('died', { error: new Error('killed') });
      expect([ledger.counts, node.counts]).toEqual([NOTHING, NOTHING]);
      for (const one of [sink, source, transport, router]) one.close();
      expect([ledger.counts, node.counts]).toEqual([NOTHING, NOTHING]);
    },
  );
});
