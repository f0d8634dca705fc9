import {
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import { parseInput, SkeinError } from '@skein/protocol';
import { systemClock, type Clock } from '@skein/runtime';
import type {
  AnyMethod,
  CallContext,
  ChunkedMethod,
  Handlers,
  ServerStream,
  ServiceDefinition,
} from '../service-definition.ts';
import { RpcError } from '../errors.ts';
import { MAX_MESSAGE_BYTES, serverKeepalive } from './channel-options.ts';
import { statusFor } from './error-metadata.ts';
import { wireMethod, wireService, type WireMethod } from './proto-files.ts';
import { GrpcServerStream, MAX_UNSENT_UPDATES } from './server-stream.ts';
import { servedSpan } from './trace-metadata.ts';

export interface RpcServerOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly clock?: Clock;
  /** Receives what handlers throw that is no `SkeinError`; their callers get `INTERNAL` only. */
  readonly log?: RpcLog;
  readonly maxUnsentUpdates?: number;
}

export interface RpcLog {
  error(fields: { err: unknown; method: string }, message: string): void;
}

/** Serves services of `proto/`. Requests are parsed by the definitions' schemas before a handler sees them. */
export interface RpcServer {
  /** Before `listen`. */
  addService<Definition extends ServiceDefinition>(
    definition: Definition,
    handlers: Handlers<Definition>,
  ): void;
  /** Fails with `UNAVAILABLE` when the address cannot be listened on. */
  listen(): Promise<{ port: number }>;
  /** Takes no new calls, ends streams with `UNAVAILABLE`, lets other calls end until `deadlineMs` (default 2000). */
  close(options?: { deadlineMs?: number }): Promise<void>;
}

export function createRpcServer(options: RpcServerOptions): RpcServer {
  return new GrpcServer(options);
}

type UnaryHandler = (request: unknown, context: CallContext) => Promise<unknown>;
type StreamHandler = (request: unknown, stream: ServerStream<unknown>) => Promise<void>;

interface Served {
  /** Such as `PipeService.openPipe`. */
  readonly name: string;
  readonly method: AnyMethod;
  readonly handler: unknown;
}

const undecodable = Symbol('a request that is not of its message type');

class GrpcServer implements RpcServer {
  readonly #server: Server;
  readonly #options: RpcServerOptions;
  readonly #streams = new Set<GrpcServerStream>();
  readonly #calls = new Set<AbortController>();
  #closing: Promise<void> | undefined;

  constructor(options: RpcServerOptions) {
    this.#options = options;
    this.#server = new Server({ ...serverKeepalive, 'grpc.max_receive_message_length': MAX_MESSAGE_BYTES });
  }

  addService<Definition extends ServiceDefinition>(
    definition: Definition,
    handlers: Handlers<Definition>,
  ): void {
    const wire = wireService(definition.name);
    const shortName = definition.name.split('.').at(-1) ?? definition.name;
    const entries = Object.entries(definition.methods).map(([key, method]) => {
      const served = { name: `${shortName}.${key}`, method, handler: handlers[key] };
      return { key, wire: tolerant(wireMethod(wire, key)), handle: this.#handle(served) };
    });
    this.#server.addService(
      Object.fromEntries(entries.map((entry) => [entry.key, entry.wire])),
      Object.fromEntries(entries.map((entry) => [entry.key, entry.handle])),
    );
  }

  async listen(): Promise<{ port: number }> {
    const { host, port } = this.#options;
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    return await new Promise((resolve, reject) => {
      this.#server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
        if (error) reject(RpcError.cannotListen(port, error));
        else resolve({ port: bound });
      });
    });
  }

  close({ deadlineMs = 2000 }: { deadlineMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#shutDown(deadlineMs);
    return this.#closing;
  }

  async #shutDown(deadlineMs: number): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    for (const stream of this.#streams) stream.end(RpcError.closing());
    const timer = (this.#options.clock ?? systemClock).after(deadlineMs, () => {
      for (const call of this.#calls) call.abort(RpcError.closing());
      this.#server.forceShutdown();
    });
    await ended;
    timer[Symbol.dispose]();
  }

  #handle(served: Served): UntypedHandleCall {
    switch (served.method.kind) {
      case 'unary':
        return (call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>) =>
          void this.#runUnary(served, call, callback);
      case 'chunked':
        return (call: ServerWritableStream<unknown, unknown>) => void this.#runChunked(served, call);
      case 'serverStream':
        return (call: ServerWritableStream<unknown, unknown>) => void this.#runStream(served, call);
    }
  }

  async #runUnary(
    served: Served,
    call: ServerUnaryCall<unknown, unknown>,
    callback: sendUnaryData<unknown>,
  ): Promise<void> {
    const gone = new AbortController();
    this.#calls.add(gone);
    call.on('cancelled', () => gone.abort(RpcError.callerGone()));
    try {
      const answer = await servedSpan(served.name, call.metadata, async () =>
        (served.handler as UnaryHandler)(parseRequest(served, call.request), { signal: gone.signal }),
      );
      callback(null, answer);
    } catch (error) {
      callback(statusFor(this.#reported(served, error)));
    } finally {
      this.#calls.delete(gone);
    }
  }

  async #runChunked(served: Served, call: ServerWritableStream<unknown, unknown>): Promise<void> {
    const { chunks } = served.method as ChunkedMethod<unknown, unknown, unknown>;
    const stream = new GrpcServerStream(call, MAX_UNSENT_UPDATES);
    const gone = new AbortController();
    this.#calls.add(gone);
    stream.closed.addEventListener('abort', () => gone.abort(stream.closed.reason), { once: true });
    gone.signal.addEventListener('abort', () => stream.end(gone.signal.reason), { once: true });
    try {
      const answer = await servedSpan(served.name, call.metadata, async () =>
        (served.handler as UnaryHandler)(parseRequest(served, call.request), { signal: gone.signal }),
      );
      await stream.sendAll(chunks.split(answer));
      stream.end();
    } catch (error) {
      stream.end(this.#reported(served, error));
    } finally {
      this.#calls.delete(gone);
    }
  }

  async #runStream(served: Served, call: ServerWritableStream<unknown, unknown>): Promise<void> {
    const stream = new GrpcServerStream(call, this.#options.maxUnsentUpdates ?? MAX_UNSENT_UPDATES);
    this.#streams.add(stream);
    stream.closed.addEventListener('abort', () => this.#streams.delete(stream), { once: true });
    try {
      if (this.#closing) throw RpcError.closing();
      await servedSpan(served.name, call.metadata, async () =>
        (served.handler as StreamHandler)(parseRequest(served, call.request), stream),
      );
    } catch (error) {
      stream.end(this.#reported(served, error));
    }
  }

  #reported({ name }: Served, thrown: unknown): SkeinError {
    const error = SkeinError.from(thrown);
    if (error.code === 'INTERNAL')
      this.#options.log?.error({ err: thrown, method: name }, 'a gRPC handler failed');
    return error;
  }
}

function parseRequest({ method }: Served, request: unknown): unknown {
  if (request === undecodable) throw RpcError.requestUnreadable();
  return parseInput(method.request, request, 'request');
}

/** grpc-js answers an undecodable request INTERNAL, but the caller is at fault: the handler rejects it instead. */
function tolerant(wire: WireMethod): WireMethod {
  return {
    ...wire,
    requestDeserialize: (bytes) => {
      try {
        return wire.requestDeserialize(bytes);
      } catch {
        return undecodable as unknown as object;
      }
    },
  };
}
