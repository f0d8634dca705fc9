import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { parseInput, SkeinError } from '@skein/protocol';
import { systemClock, type Clock } from '@skein/runtime';
import type {
  ChunkedMethod,
  AnyMethod,
  CallOptions,
  ClientStream,
  ServiceClient,
  ServiceDefinition,
  StreamListener,
  StreamOptions,
} from '../service-definition.ts';
import { RpcError } from '../errors.ts';
import { Channels, type ChannelUse } from './channels.ts';
import { errorOf } from './error-metadata.ts';
import { wireMethod, wireService, type WireMethod } from './proto-files.ts';
import { calledSpan, traceMetadata } from './trace-metadata.ts';

const DEFAULT_DEADLINE_MS = 2_000;

/** Clients of services at any address, over one connection per address, opened on first use. */
export interface RpcClients {
  /** `address`: `host:port`. Cheap enough to call for each request. */
  client<Definition extends ServiceDefinition>(
    definition: Definition,
    address: string,
  ): ServiceClient<Definition>;
  /** Ends the address's connection with all of its calls (`UNAVAILABLE`); the next call opens a new one. */
  closeChannel(address: string): void;
  /**
   * Calls `listener` with the address whenever an established connection ends that this side did not close: the peer's
   * process ended, a network device cut it, or it was idle for a minute. Disposing unsubscribes.
   */
  onConnectionLost(listener: (address: string) => void): Disposable;
  /** Ends all connections; calls made afterwards fail, streams throw, with `UNAVAILABLE`. */
  close(): void;
}

export interface RpcClientsOptions {
  readonly clock?: Clock;
  /** The most open connections; beyond it the least recently used are closed. Default 256. */
  readonly maxChannels?: number | undefined;
  /** Receives the size of each incoming message, bytes; for benches. */
  readonly onMessage?: ((bytes: number) => void) | undefined;
}

export function createRpcClients(options: RpcClientsOptions = {}): RpcClients {
  const { clock = systemClock, maxChannels, onMessage } = options;
  const lossListeners = new Set<(address: string) => void>();
  const channels = new Channels(maxChannels, (address) => {
    for (const listener of lossListeners) listener(address);
  });
  return {
    client: (definition, address) => clientFor(definition, { channels, clock, address, onMessage }),
    closeChannel: (address) => channels.close(address),
    onConnectionLost: (listener) => {
      lossListeners.add(listener);
      return { [Symbol.dispose]: () => lossListeners.delete(listener) };
    },
    close: () => channels.closeAll(),
  };
}

interface Target {
  readonly channels: Channels;
  readonly clock: Clock;
  readonly address: string;
  readonly onMessage: ((bytes: number) => void) | undefined;
}

interface Called {
  /** Such as `PipeService.openPipe`. */
  readonly name: string;
  readonly method: AnyMethod;
  readonly wire: WireMethod;
}

function clientFor<Definition extends ServiceDefinition>(
  definition: Definition,
  target: Target,
): ServiceClient<Definition> {
  const service = wireService(definition.name);
  const shortName = definition.name.split('.').at(-1) ?? definition.name;
  const calls = Object.entries(definition.methods).map(([key, method]) => {
    const wire = measured(wireMethod(service, key), target.onMessage);
    const called = { name: `${shortName}.${key}`, method, wire };
    return [key, callOf(called, target)];
  });
  return Object.fromEntries(calls) as ServiceClient<Definition>;
}

function measured(wire: WireMethod, onMessage: Target['onMessage']): WireMethod {
  if (!onMessage) return wire;
  return {
    ...wire,
    responseDeserialize: (bytes) => {
      onMessage(bytes.length);
      return wire.responseDeserialize(bytes);
    },
  };
}

function callOf(called: Called, target: Target): unknown {
  switch (called.method.kind) {
    case 'unary':
      return unaryCall(called, target);
    case 'chunked':
      return chunkedCall(called, target);
    case 'serverStream':
      return streamCall(called, target);
  }
}

/** Rejects as a unary call does; the deadline is for all parts together. */
function chunkedCall({ name, method, wire }: Called, { channels, address }: Target) {
  const { chunks } = method as ChunkedMethod<unknown, unknown, unknown>;
  return async (
    request: object,
    { deadlineMs = DEFAULT_DEADLINE_MS, signal }: CallOptions = {},
  ): Promise<unknown> => {
    signal?.throwIfAborted();
    using use = channels.use(address);
    const parts = await calledSpan(name, () => {
      const options = { deadline: Date.now() + deadlineMs };
      const { path, requestSerialize, responseDeserialize } = wire;
      const call = use.client.makeServerStreamRequest(
        ...[path, requestSerialize, responseDeserialize, request, traceMetadata(), options],
      );
      return partsOf(call, use, { name, deadlineMs, signal });
    });
    return parseAnswer(name, method, chunks.merge(parts));
  };
}

function partsOf(
  call: ClientReadableStream<object>,
  use: ChannelUse,
  { name, deadlineMs, signal }: { name: string; deadlineMs: number; signal: AbortSignal | undefined },
): Promise<readonly unknown[]> {
  return new Promise((resolve, reject) => {
    const parts: unknown[] = [];
    const cancel = (): void => call.cancel();
    const done = (settle: () => void): void => {
      signal?.removeEventListener('abort', cancel);
      settle();
    };
    call.on('data', (part: unknown) => void parts.push(part));
    call.on('end', () => done(() => resolve(parts)));
    call.on('error', (failure: ServiceError) =>
      done(() =>
        reject(signal?.aborted ? (signal.reason as Error) : errorOf(failure, { method: name, deadlineMs })),
      ),
    );
    use.onClosed = cancel;
    signal?.addEventListener('abort', cancel, { once: true });
  });
}

function unaryCall(called: Called, { channels, address }: Target) {
  return async (
    request: object,
    { deadlineMs = DEFAULT_DEADLINE_MS, signal }: CallOptions = {},
  ): Promise<unknown> => {
    signal?.throwIfAborted();
    using use = channels.use(address);
    const answer = await calledSpan(called.name, () =>
      exchange(called, use, request, { deadlineMs, signal }),
    );
    return parseAnswer(called.name, called.method, answer);
  };
}

interface Exchange {
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
}

function exchange(
  { name, wire }: Called,
  use: ChannelUse,
  request: object,
  { deadlineMs, signal }: Exchange,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = use.client.makeUnaryRequest(
      wire.path,
      wire.requestSerialize,
      wire.responseDeserialize,
      request,
      traceMetadata(),
      { deadline: Date.now() + deadlineMs },
      (failure, response) => {
        signal?.removeEventListener('abort', cancel);
        if (signal?.aborted) reject(signal.reason as Error);
        else if (failure) reject(errorOf(failure, { method: name, deadlineMs }));
        else resolve(response);
      },
    );
    const cancel = (): void => call.cancel();
    use.onClosed = cancel;
    signal?.addEventListener('abort', cancel, { once: true });
  });
}

function streamCall({ name, method, wire }: Called, { channels, clock, address }: Target) {
  return (
    request: object,
    listener: StreamListener<unknown>,
    { firstUpdateDeadlineMs = DEFAULT_DEADLINE_MS }: StreamOptions = {},
  ): ClientStream => {
    const use = channels.use(address);
    const call = use.client.makeServerStreamRequest(
      wire.path,
      wire.requestSerialize,
      wire.responseDeserialize,
      request,
      traceMetadata(),
      {},
    );
    const stream = new GrpcClientStream({ name, method, call, use, listener });
    stream.awaitFirst(firstUpdateDeadlineMs, clock);
    return stream;
  };
}

interface ClientStreamDeps {
  readonly name: string;
  readonly method: AnyMethod;
  readonly call: ClientReadableStream<object>;
  readonly use: ChannelUse;
  readonly listener: StreamListener<unknown>;
}

class GrpcClientStream implements ClientStream {
  readonly #deps: ClientStreamDeps;
  #firstTimer: Disposable | undefined;
  #over = false;

  constructor(deps: ClientStreamDeps) {
    this.#deps = deps;
    const { call, name, use } = deps;
    use.onClosed = () => this.#fail(RpcError.unavailable(name));
    call.on('data', (update: unknown) => this.#onUpdate(update));
    call.on('end', () => this.#finish());
    call.on('error', (failure: ServiceError) =>
      this.#finish(errorOf(failure, { method: name, deadlineMs: 0 })),
    );
  }

  awaitFirst(deadlineMs: number, clock: Clock): void {
    const { name } = this.#deps;
    this.#firstTimer = clock.after(deadlineMs, () => this.#fail(RpcError.noAnswer(name, deadlineMs)));
  }

  cancel(): void {
    if (!this.#finalize()) return;
    this.#deps.call.cancel();
  }

  #onUpdate(update: unknown): void {
    if (this.#over) return;
    this.#firstTimer?.[Symbol.dispose]();
    const { name, method, listener } = this.#deps;
    try {
      listener.onUpdate(parseAnswer(name, method, update));
    } catch (error) {
      this.#fail(SkeinError.from(error));
    }
  }

  #fail(error: SkeinError): void {
    if (!this.#finalize()) return;
    this.#deps.call.cancel();
    this.#deps.listener.onEnd(error);
  }

  #finish(error?: SkeinError): void {
    if (this.#finalize()) this.#deps.listener.onEnd(error);
  }

  #finalize(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#firstTimer?.[Symbol.dispose]();
    this.#deps.use[Symbol.dispose]();
    return true;
  }
}

function parseAnswer(name: string, method: AnyMethod, answer: unknown): unknown {
  try {
    return parseInput(method.response, answer, 'answer');
  } catch (error) {
    throw RpcError.answerUnreadable(name, error);
  }
}
