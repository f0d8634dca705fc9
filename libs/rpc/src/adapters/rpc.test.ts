import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { Client, credentials } from '@grpc/grpc-js';
import { SkeinError } from '@skein/protocol';
import { systemClock } from '@skein/runtime';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { nodeService, type NodeServiceHandlers } from '../node-service.ts';
import { pipeService, type PipeEnd, type PipeServiceHandlers, type TrackUpdate } from '../pipe-service.ts';
import type { ServerStream } from '../service-definition.ts';
import { createRpcClients } from './rpc-clients.ts';
import { createRpcServer, type RpcLog, type RpcServer, type RpcServerOptions } from './rpc-server.ts';

const end: PipeEnd = {
  nodeId: 'node-a',
  routerId: 'router-a',
  instanceId: 'pip_1',
  ip: '127.0.0.1',
  port: 40000,
  srtp: { cryptoSuite: 'AEAD_AES_256_GCM', keyBase64: 'AAAA' },
};
const openRequest = { room: 'lobby', caller: end, routerId: 'router-b' };
const pullRequest = {
  ...{ room: 'lobby', trackId: 'trk_1', epoch: 1_700_000_000_000, pullId: 'pul_1' },
  ...{ callerInstanceId: 'pip_1', calleeInstanceId: 'pip_2' },
};
const opened: TrackUpdate = {
  update: 'opened',
  opened: { kind: 'audio', rtpParametersJson: '{}', muted: false },
};

const never = (): Promise<never> => new Promise(() => {});
const unused = (): Promise<never> => Promise.reject(new Error('not part of this test'));
const pipes: PipeServiceHandlers = {
  openPipe: unused,
  pullTrack: unused,
  releaseTrack: unused,
  probePipes: unused,
  offerRelay: unused,
  closePipe: unused,
};
const nodes: NodeServiceHandlers = {
  getStatus: unused,
  getRoomMedia: unused,
  listRooms: unused,
  findSessions: unused,
  drain: unused,
  moveSessions: unused,
};

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(
  handlers: { pipes?: Partial<PipeServiceHandlers>; nodes?: Partial<NodeServiceHandlers> },
  options: Partial<RpcServerOptions> = {},
): Promise<{ server: RpcServer; address: string }> {
  const server = createRpcServer({ host: '127.0.0.1', port: 0, ...options });
  server.addService(pipeService, { ...pipes, ...handlers.pipes });
  server.addService(nodeService, { ...nodes, ...handlers.nodes });
  const { port } = await server.listen();
  cleanups.push(() => server.close({ deadlineMs: 0 }));
  return { server, address: `127.0.0.1:${port}` };
}

function newClients(): ReturnType<typeof createRpcClients> {
  const clients = createRpcClients();
  cleanups.push(() => clients.close());
  return clients;
}

function connect(address: string) {
  return newClients().client(pipeService, address);
}

/** What a streaming call delivered to its caller. */
function listening() {
  const updates: TrackUpdate[] = [];
  const ends: (Error | undefined)[] = [];
  return {
    updates,
    ends,
    onUpdate: (one: TrackUpdate) => updates.push(one),
    onEnd: (error?: Error) => ends.push(error),
  };
}

function deferred<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => {};
  return { promise: new Promise<Value>((settle) => (resolve = settle)), resolve: (value) => resolve(value) };
}

async function failure(call: Promise<unknown>): Promise<SkeinError> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SkeinError);
  return error as SkeinError;
}

describe('a unary call', () => {
  it('a call carries the request to the handler and the answer back', async () => {
    const openPipe = vi.fn<PipeServiceHandlers['openPipe']>(async () => ({
      callee: { ...end, nodeId: 'node-b' },
    }));
    const { address } = await serve({ pipes: { openPipe } });
    const answer = await connect(address).openPipe(openRequest);
    expect(answer).toEqual({ callee: { ...end, nodeId: 'node-b' } });
    expect(openPipe.mock.calls[0]?.[0]).toEqual(openRequest);
  });

  it("a call to a slow handler fails DEADLINE_EXCEEDED and aborts the handler's signal", async () => {
    let signal: AbortSignal | undefined;
    const { address } = await serve({
      pipes: {
        openPipe: (_request, context) => {
          signal = context.signal;
          return never();
        },
      },
    });
    const error = await failure(connect(address).openPipe(openRequest, { deadlineMs: 100 }));
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', details: { deadlineMs: 100 } });
    await vi.waitFor(() => expect(signal?.aborted).toBe(true));
  });

  it('a call fails with the error that the handler threw', async () => {
    const thrown = new SkeinError('TRACK_NOT_FOUND', 'no track trk_é here', {
      details: { trackId: 'trk_é', count: 2, known: false },
      retryAfterMs: 250,
    });
    const { address } = await serve({ pipes: { closePipe: () => Promise.reject(thrown) } });
    const { trackId: _none, ...request } = pullRequest;
    const error = await failure(connect(address).closePipe(request));
    expect(error.toWire()).toEqual(thrown.toWire());
  });

  it("a handler's bug arrives as INTERNAL and is logged", async () => {
    const error = vi.fn<RpcLog['error']>();
    const log: RpcLog = { error };
    const { address } = await serve(
      { pipes: { openPipe: () => Promise.reject(new Error('secret 10.1.2.3')) } },
      { log },
    );
    const failed = await failure(connect(address).openPipe(openRequest));
    expect(failed.code).toBe('INTERNAL');
    expect(JSON.stringify(failed.toWire())).not.toContain('secret');
    expect(error).toHaveBeenCalledWith(
      expect.objectContaining({ method: 'PipeService.openPipe' }),
      expect.anything(),
    );
  });

  it.each([
    ['a missing room', { ...openRequest, room: '' }, 'request.room'],
    ['a room with control characters', { ...openRequest, room: 'a\u0000b' }, 'request.room'],
    ['a missing message', { ...openRequest, caller: undefined as unknown as PipeEnd }, 'request.caller'],
    ['a port of 0', { ...openRequest, caller: { ...end, port: 0 } }, 'request.caller.port'],
    ['no IP address', { ...openRequest, caller: { ...end, ip: 'example.org' } }, 'request.caller.ip'],
    [
      'a suite that does not exist',
      {
        ...openRequest,
        caller: { ...end, srtp: { ...end.srtp, cryptoSuite: 'ROT13' as 'AEAD_AES_256_GCM' } },
      },
      'request.caller.srtp.cryptoSuite',
    ],
  ])('with %s is refused, naming the field, before the handler sees it', async (_what, request, field) => {
    const openPipe = vi.fn<PipeServiceHandlers['openPipe']>(unused);
    const { address } = await serve({ pipes: { openPipe } });
    const error = await failure(connect(address).openPipe(request));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', details: { field } });
    expect(openPipe).not.toHaveBeenCalled();
  });

  it('a request of another message type fails INVALID_ARGUMENT', async () => {
    const { address } = await serve({});
    const raw = new Client(address, credentials.createInsecure());
    cleanups.push(() => raw.close());
    const bytes = (value: Buffer): Buffer => value;
    const status = await new Promise((resolve) => {
      const path = '/skein.pipe.v1.PipeService/OpenPipe';
      raw.makeUnaryRequest(path, bytes, bytes, Buffer.from([0xff, 0xff]), (error) => resolve(error?.code));
    });
    expect(status).toBe(3);
  });

  it('a message over 1 MiB is rejected', async () => {
    const { address } = await serve({});
    const huge = { ...openRequest, room: 'x'.repeat(1024 * 1024) };
    expect((await failure(connect(address).openPipe(huge))).code).toBe('MESSAGE_TOO_LARGE');
  });

  it("an aborted call rejects with its signal's reason", async () => {
    const { address } = await serve({ pipes: { openPipe: never } });
    const abort = new AbortController();
    const call = connect(address).openPipe(openRequest, { signal: abort.signal });
    abort.abort(new Error('no longer needed'));
    await expect(call).rejects.toThrow('no longer needed');
  });

  it('a call to a closed port fails UNAVAILABLE without an address in the message', async () => {
    const { server, address } = await serve({});
    await server.close();
    const error = await failure(connect(address).openPipe(openRequest));
    expect(error.code).toBe('UNAVAILABLE');
    expect(error.message).not.toContain('127.0.0.1');
  });

  it('a closed channel fails its call UNAVAILABLE, and the next call opens a new one', async () => {
    const { address } = await serve({
      pipes: { openPipe: never, closePipe: async () => ({ closed: true }) },
    });
    const clients = newClients();
    const call = clients.client(pipeService, address).openPipe(openRequest);
    clients.closeChannel(address);
    expect((await failure(call)).code).toBe('UNAVAILABLE');
    const { trackId: _none, ...request } = pullRequest;
    await expect(clients.client(pipeService, address).closePipe(request)).resolves.toEqual({ closed: true });
  });

  it('a second service on the same port is reachable', async () => {
    const { address } = await serve({
      nodes: {
        getRoomMedia: async ({ room }) => ({
          room,
          nodeId: 'node-a',
          version: 7,
          routerIds: ['r'],
          sessions: [],
          pipes: [],
        }),
      },
    });
    const media = await newClients().client(nodeService, address).getRoomMedia({ room: 'lobby' });
    expect(media).toEqual({
      room: 'lobby',
      nodeId: 'node-a',
      version: 7,
      routerIds: ['r'],
      sessions: [],
      pipes: [],
    });
  });
});

describe('a streaming call', () => {
  function sending(): {
    pullTrack: PipeServiceHandlers['pullTrack'];
    stream: Promise<ServerStream<TrackUpdate>>;
  } {
    const { promise, resolve } = deferred<ServerStream<TrackUpdate>>();
    const pullTrack: PipeServiceHandlers['pullTrack'] = async (_request, stream) => {
      stream.send(opened);
      resolve(stream);
    };
    return { pullTrack, stream: promise };
  }

  it('a stream delivers updates in order and ends when the server ends it', async () => {
    const { pullTrack, stream } = sending();
    const { address } = await serve({ pipes: { pullTrack } });
    const heard = listening();
    connect(address).pullTrack(pullRequest, heard);
    const sender = await stream;
    sender.send({ update: 'muted', muted: { muted: true } });
    sender.send({ update: 'closed', closed: { reason: 'unpublished' } });
    sender.end();
    await vi.waitFor(() => expect(heard.ends).toEqual([undefined]));
    expect(heard.updates).toEqual([
      opened,
      { update: 'muted', muted: { muted: true } },
      { update: 'closed', closed: { reason: 'unpublished' } },
    ]);
    expect(sender.send(opened)).toBe(false);
  });

  it('a cancelled stream aborts `closed` at the server and delivers nothing more', async () => {
    const { pullTrack, stream } = sending();
    const { address } = await serve({ pipes: { pullTrack } });
    const heard = listening();
    const call = connect(address).pullTrack(pullRequest, heard);
    const sender = await stream;
    call.cancel();
    await vi.waitFor(() => expect(sender.closed.aborted).toBe(true));
    expect(heard.ends).toEqual([]);
  });

  it('a stream that the server ends with an error delivers that error', async () => {
    const { pullTrack, stream } = sending();
    const { address } = await serve({ pipes: { pullTrack } });
    const heard = listening();
    connect(address).pullTrack(pullRequest, heard);
    (await stream).end(new SkeinError('PIPE_FAILED', 'the pipe is gone', { details: { trackId: 'trk_1' } }));
    await vi.waitFor(() => expect(heard.ends).toHaveLength(1));
    expect(heard.ends[0]).toMatchObject({ code: 'PIPE_FAILED', details: { trackId: 'trk_1' } });
    expect(heard.updates).toEqual([opened]);
  });

  it('a stream with an invalid request ends INVALID_ARGUMENT', async () => {
    const { address } = await serve({});
    const heard = listening();
    connect(address).pullTrack({ ...pullRequest, trackId: 'not an id' }, heard);
    await vi.waitFor(() => expect(heard.ends).toHaveLength(1));
    expect(heard.ends[0]).toMatchObject({ code: 'INVALID_ARGUMENT', details: { field: 'request.trackId' } });
  });

  it('a stream without a first update ends DEADLINE_EXCEEDED, cancelled at the server', async () => {
    const { promise, resolve } = deferred<ServerStream<TrackUpdate>>();
    const { address } = await serve({ pipes: { pullTrack: async (_request, stream) => resolve(stream) } });
    const heard = listening();
    connect(address).pullTrack(pullRequest, heard, { firstUpdateDeadlineMs: 100 });
    await vi.waitFor(() => expect(heard.ends).toHaveLength(1));
    expect(heard.ends[0]).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const { closed } = await promise;
    await vi.waitFor(() => expect(closed.aborted).toBe(true));
  });

  it('a stream with too many unsent updates ends SLOW_CONSUMER', async () => {
    const sent: boolean[] = [];
    const { address } = await serve(
      {
        pipes: {
          pullTrack: async (_request, stream) => {
            for (let count = 0; count < 20; count++) sent.push(stream.send(opened));
          },
        },
      },
      { maxUnsentUpdates: 10 },
    );
    const heard = listening();
    connect(address).pullTrack(pullRequest, heard);
    await vi.waitFor(() => expect(heard.ends).toHaveLength(1));
    expect(heard.ends[0]).toMatchObject({ code: 'SLOW_CONSUMER' });
    expect(sent.filter(Boolean)).toHaveLength(10);
    expect(heard.updates).toHaveLength(10);
  });

  it('a stream ends UNAVAILABLE when the server closes', async () => {
    const { pullTrack, stream } = sending();
    const { server, address } = await serve({ pipes: { pullTrack } });
    const heard = listening();
    connect(address).pullTrack(pullRequest, heard);
    const sender = await stream;
    await server.close();
    await vi.waitFor(() => expect(heard.ends).toHaveLength(1));
    expect(heard.ends[0]).toMatchObject({ code: 'UNAVAILABLE' });
    expect(sender.closed.aborted).toBe(true);
  });

  it('a stream over a silent link ends on both sides within 5 s', async () => {
    const { pullTrack, stream } = sending();
    const { address } = await serve({ pipes: { pullTrack } });
    const line = await startLine(Number(address.split(':')[1]));
    const heard = listening();
    connect(`127.0.0.1:${line.port}`).pullTrack(pullRequest, heard);
    const sender = await stream;
    await vi.waitFor(() => expect(heard.updates).toHaveLength(1));
    const silentSince = systemClock.monotonicMs();
    line.silence();
    await vi.waitFor(
      () => {
        expect(heard.ends).toHaveLength(1);
        expect(sender.closed.aborted).toBe(true);
      },
      { timeout: 10_000 },
    );
    expect(heard.ends[0]).toMatchObject({ code: 'UNAVAILABLE' });
    expect(systemClock.monotonicMs() - silentSince).toBeLessThan(5_500);
  });
});

/** A TCP relay to `target` that can stop carrying anything without closing a connection. */
async function startLine(target: number): Promise<{ port: number; silence(): void }> {
  const pairs: Socket[] = [];
  const server = createServer((near) => {
    const far = createConnection(target, '127.0.0.1');
    pairs.push(near, far);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    for (const socket of pairs) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    silence: () => {
      for (const socket of pairs) {
        socket.unpipe();
        socket.pause();
      }
    },
  };
}
