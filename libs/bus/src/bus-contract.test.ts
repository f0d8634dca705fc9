import { startNats, type NatsServer } from '@skein/local-cluster';
import { SkeinError } from '@skein/protocol';
import { systemClock } from '@skein/runtime';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectBus, type Bus } from './index.ts';
import { createMemoryBus } from './testing/memory-bus.ts';

const deadlineMs = 2000;

interface Gate<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
}

function openGate<Value = void>(): Gate<Value> {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((onOpen) => (resolve = onOpen));
  return { promise, resolve };
}

interface Rig {
  start(): Promise<void>;
  connect(name: string): Promise<Bus>;
  stop(): Promise<void>;
}

const MAX_PAYLOAD_BYTES = 300 * 1024;

function memoryRig(): Rig {
  const hub = createMemoryBus({ maxPayloadBytes: MAX_PAYLOAD_BYTES });
  return { start: async () => {}, connect: async (name) => hub.connect(name), stop: async () => {} };
}

function natsRig(): Rig {
  let server: NatsServer;
  return {
    start: async () => {
      server = await startNats({ maxPayloadBytes: MAX_PAYLOAD_BYTES });
    },
    connect: (name) => connectBus({ url: server.url, name, clock: systemClock }),
    stop: () => server.stop(),
  };
}

describe.each([
  ['the memory bus', memoryRig()],
  ['the NATS bus', natsRig()],
])('%s', (_, rig) => {
  const open: Bus[] = [];
  const connect = async (name: string): Promise<Bus> => {
    const bus = await rig.connect(name);
    open.push(bus);
    return bus;
  };

  beforeAll(() => rig.start());
  afterAll(() => rig.stop());
  afterEach(async () => {
    await Promise.all(open.splice(0).map((bus) => bus.close()));
  });

  async function pair(): Promise<{ server: Bus; client: Bus }> {
    return { server: await connect('server'), client: await connect('client') };
  }

  it('a request gets what the handler returns', async () => {
    const { server, client } = await pair();
    server.serve('a.double', async (data) => ({ twice: (data as { n: number }).n * 2 }));
    await server.flush({ deadlineMs });
    expect(await client.request('a.double', { n: 21 }, { deadlineMs })).toEqual({ twice: 42 });
  });

  it('a request without data gets an answer without data', async () => {
    const { server, client } = await pair();
    server.serve('a.nothing', async () => undefined);
    await server.flush({ deadlineMs });
    expect(await client.request('a.nothing', undefined, { deadlineMs })).toBeUndefined();
  });

  it("a handler's error arrives with its code, message, details and retry time", async () => {
    const { server, client } = await pair();
    server.serve('a.full', async () => {
      throw new SkeinError('ROOM_FULL', 'the room is full', { details: { limit: 3 }, retryAfterMs: 50 });
    });
    await server.flush({ deadlineMs });
    await expect(client.request('a.full', {}, { deadlineMs })).rejects.toMatchObject({
      name: 'SkeinError',
      code: 'ROOM_FULL',
      message: 'the room is full',
      details: { limit: 3 },
      retryAfterMs: 50,
    });
  });

  it('a thrown value that is no SkeinError arrives as INTERNAL', async () => {
    const { server, client } = await pair();
    server.serve('a.bug', async () => {
      throw new TypeError('secret text');
    });
    await server.flush({ deadlineMs });
    const failure = await client.request('a.bug', {}, { deadlineMs }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'INTERNAL' });
    expect((failure as SkeinError).message).not.toContain('secret');
  });

  it('a request without a server fails UNAVAILABLE at once', async () => {
    const { client } = await pair();
    const startedMs = performance.now();
    await expect(client.request('a.nobody', {}, { deadlineMs })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    expect(performance.now() - startedMs).toBeLessThan(deadlineMs / 2);
  });

  it('a request to a slow handler fails DEADLINE_EXCEEDED', async () => {
    const { server, client } = await pair();
    const slow = openGate<void>();
    server.serve('a.slow', () => slow.promise);
    await server.flush({ deadlineMs });
    await expect(client.request('a.slow', {}, { deadlineMs: 50 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    slow.resolve();
  });

  it('a full server rejects one more request and serves again when one has ended', async () => {
    const { server, client } = await pair();
    const gate = openGate<string>();
    let running = 0;
    const handler = async (): Promise<string> => {
      running++;
      return await gate.promise;
    };
    server.serve('a.bounded', handler, { maxInFlight: 2 });
    await server.flush({ deadlineMs });
    const held = [1, 2].map(() => client.request('a.bounded', {}, { deadlineMs }));
    await vi.waitFor(() => expect(running).toBe(2));
    await expect(client.request('a.bounded', {}, { deadlineMs })).rejects.toMatchObject({
      code: 'TOO_MANY_REQUESTS',
    });
    gate.resolve('done');
    expect(await Promise.all(held)).toEqual(['done', 'done']);
    expect(await client.request('a.bounded', {}, { deadlineMs })).toBe('done');
  });

  it.each(['x', 'ж'])(
    'a result with more bytes than the transport takes fails MESSAGE_TOO_LARGE (%s)',
    async (letter) => {
      const { server, client } = await pair();
      server.serve('a.long', async (data) => letter.repeat((data as { characters: number }).characters));
      await server.flush({ deadlineMs });
      const bytes = Buffer.byteLength(letter);
      const fits = Math.floor((server.maxPayloadBytes - 100) / bytes);
      expect(await client.request('a.long', { characters: fits }, { deadlineMs })).toHaveLength(fits);
      const startedMs = performance.now();
      await expect(
        client.request('a.long', { characters: fits + 100 }, { deadlineMs }),
      ).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE', details: { limitBytes: server.maxPayloadBytes } });
      expect(performance.now() - startedMs).toBeLessThan(deadlineMs / 2);
    },
  );

  it('a request that is too long fails at once, and the bus keeps working', async () => {
    const { server, client } = await pair();
    const handler = vi.fn<() => Promise<string>>(async () => 'here');
    server.serve('a.short', handler);
    await server.flush({ deadlineMs });
    const long = 'x'.repeat(client.maxPayloadBytes);
    await expect(client.request('a.short', long, { deadlineMs })).rejects.toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
    });
    expect(handler).not.toHaveBeenCalled();
    expect(await client.request('a.short', {}, { deadlineMs })).toBe('here');
  });

  it('a message that is too long is dropped, and the next one is delivered', async () => {
    const { server, client } = await pair();
    const heard: unknown[] = [];
    server.subscribe('b.long', (data) => heard.push(data));
    await server.flush({ deadlineMs });
    client.publish('b.long', 'x'.repeat(client.maxPayloadBytes));
    client.publish('b.long', 'next');
    await vi.waitFor(() => expect(heard).toEqual(['next']));
  });

  it('a request goes to one server of its subject, and to the others once that one has closed', async () => {
    const [one, other, client] = await Promise.all(['one', 'other', 'client'].map(connect));
    if (!one || !other || !client) throw new Error('a bus is missing');
    const first = one.serve('a.shared', async () => 'one');
    other.serve('a.shared', async () => 'other');
    await Promise.all([one.flush({ deadlineMs }), other.flush({ deadlineMs })]);
    const ask = async (): Promise<ReadonlySet<unknown>> =>
      new Set(
        await Promise.all(Array.from({ length: 64 }, () => client.request('a.shared', {}, { deadlineMs }))),
      );
    expect(await ask()).toEqual(new Set(['one', 'other']));
    first.close();
    await one.flush({ deadlineMs });
    expect(await ask()).toEqual(new Set(['other']));
  });

  it('a closed subscription answers no more requests', async () => {
    const { server, client } = await pair();
    const served = server.serve('a.closed', async () => 'here');
    await server.flush({ deadlineMs });
    expect(await client.request('a.closed', {}, { deadlineMs })).toBe('here');
    served.close();
    await server.flush({ deadlineMs });
    await expect(client.request('a.closed', {}, { deadlineMs })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
  });

  it('a message reaches every subscriber in order, with its subject behind a wildcard', async () => {
    const { server, client } = await pair();
    const heard: unknown[][] = [[], []];
    server.subscribe('b.*.beat', (data, subject) => heard[0]?.push([subject, data]));
    client.subscribe('b.one.beat', (data) => heard[1]?.push(data));
    await Promise.all([server.flush({ deadlineMs }), client.flush({ deadlineMs })]);
    for (let n = 0; n < 100; n++) client.publish('b.one.beat', n);
    client.publish('b.one.other', 'not for them');
    client.publish('b.two.beat', 'end');
    await vi.waitFor(() => expect(heard[0]).toHaveLength(101));
    await vi.waitFor(() => expect(heard[1]).toHaveLength(100));
    expect(heard[0]?.slice(0, 2)).toEqual([
      ['b.one.beat', 0],
      ['b.one.beat', 1],
    ]);
    expect(heard[0]?.at(-1)).toEqual(['b.two.beat', 'end']);
    expect(heard[1]).toEqual(Array.from({ length: 100 }, (__, n) => n));
  });

  it('a throwing subscriber does not stop the bus', async () => {
    const { client } = await pair();
    const heard: unknown[] = [];
    client.subscribe('b.throws', (data) => {
      heard.push(data);
      throw new Error('a bug in the listener');
    });
    await client.flush({ deadlineMs });
    client.publish('b.throws', 1);
    client.publish('b.throws', 2);
    await vi.waitFor(() => expect(heard).toEqual([1, 2]));
  });

  it('a closing bus lets running handlers answer and is down afterwards', async () => {
    const { server, client } = await pair();
    const gate = openGate<string>();
    const begun = openGate<void>();
    server.serve('a.last', async () => {
      begun.resolve();
      return await gate.promise;
    });
    await server.flush({ deadlineMs });
    const answer = client.request('a.last', {}, { deadlineMs });
    await begun.promise;
    const closed = server.close();
    gate.resolve('the last answer');
    expect(await answer).toBe('the last answer');
    await closed;
    await expect(server.request('a.last', {}, { deadlineMs })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    server.publish('b.gone', 1);
  });
});
