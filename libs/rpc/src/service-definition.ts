import type { z } from 'zod';

export type MethodKind = 'unary' | 'serverStream' | 'chunked';

/** One method of a service: its requests are parsed by the server, its answers by the client. */
export interface Method<Kind extends MethodKind, Request, Response> {
  readonly kind: Kind;
  readonly request: z.ZodType<Request>;
  readonly response: z.ZodType<Response>;
}

export type AnyMethod = Method<MethodKind, unknown, unknown>;

/** Splits an answer of any size into messages well below the limit of a channel. */
export interface Chunks<Response, Part> {
  /** Never empty. */
  readonly split: (answer: Response) => Iterable<Part>;
  readonly merge: (parts: readonly Part[]) => Response;
}

export interface ChunkedMethod<Request, Response, Part> extends Method<'chunked', Request, Response> {
  readonly chunks: Chunks<Response, Part>;
}

/** A service of `proto/` with the schemas of its messages. */
export interface ServiceDefinition<
  Methods extends Readonly<Record<string, AnyMethod>> = Record<string, AnyMethod>,
> {
  /** As in the proto file, such as `skein.pipe.v1.PipeService`. */
  readonly name: string;
  /** Keys in camelCase. */
  readonly methods: Methods;
}

interface Schemas<Request, Response> {
  readonly request: z.ZodType<Request>;
  readonly response: z.ZodType<Response>;
}

/** One request, one answer. */
export function unary<Request, Response>(
  schemas: Schemas<Request, Response>,
): Method<'unary', Request, Response> {
  return { kind: 'unary', ...schemas };
}

/** One request, answered by updates for as long as the call lasts. */
export function serverStream<Request, Update>(
  schemas: Schemas<Request, Update>,
): Method<'serverStream', Request, Update> {
  return { kind: 'serverStream', ...schemas };
}

/** One request, one unbounded answer: `unary` for handlers and callers, a stream of chunks on the wire. */
export function chunked<Request, Response, Part>(
  schemas: Schemas<Request, Response>,
  chunks: Chunks<Response, Part>,
): ChunkedMethod<Request, Response, Part> {
  return { kind: 'chunked', ...schemas, chunks };
}

interface GeneratedMethod<RequestInput, ResponseInput> {
  readonly requestSerialize: (value: RequestInput) => unknown;
  readonly responseSerialize: (value: ResponseInput) => unknown;
}

/** A chunked method as its proto file has it: the whole answer is not on the wire. */
interface SentInChunks<Request, Part> {
  readonly kind: 'chunked';
  readonly request: z.ZodType<Request>;
  readonly response: z.ZodType;
  readonly chunks: { readonly split: (answer: never) => Iterable<Part> };
}

/** What the generated types of a service ask of its definition: every method, with messages that fit the wire. */
type MethodsOf<Generated> = {
  readonly [
    Name in Extract<keyof Generated, string> as Uncapitalize<Name>
  ]: Generated[Name] extends GeneratedMethod<infer RequestInput, infer ResponseInput>
    ? | Method<'unary' | 'serverStream', RequestInput, ResponseInput>
      | SentInChunks<RequestInput, ResponseInput>
    : never;
};

/** Ties a definition to the types that were generated from its proto file, so that the two cannot drift apart. */
export function defineService<Generated>() {
  return <const Methods extends MethodsOf<Generated> & Record<string, AnyMethod>>(
    name: string,
    methods: Methods,
  ): ServiceDefinition<Methods> => ({ name, methods });
}

export interface CallContext {
  /** Aborted when the caller disconnects, cancels or reaches its deadline, and when the server closes. */
  readonly signal: AbortSignal;
}

/** The server's end of a streaming call. It stays open until one side ends it, also after the handler has returned. */
export interface ServerStream<Update> {
  /**
   * Sends an update. At most `maxUnsentUpdates` (default 256) may wait for a slow caller: one more ends the call with
   * `SLOW_CONSUMER`, because a dropped update would leave the caller with a wrong state. Returns whether
   * the call still runs.
   */
  send(update: Update): boolean;
  /** Aborted once either side has ended the call. */
  readonly closed: AbortSignal;
  /** Ends the call after what was sent; with an error, the caller gets it. Ending twice does nothing. */
  end(error?: unknown): void;
}

/** The implementation of a service. A `SkeinError` that a handler throws reaches the caller unchanged. */
export type Handlers<Definition extends ServiceDefinition> = {
  readonly [Name in keyof Definition['methods']]: Definition['methods'][Name] extends Method<
    infer Kind,
    infer Request,
    infer Response
  >
    ? Kind extends 'serverStream'
      ? (request: Request, stream: ServerStream<Response>) => Promise<void>
      : (request: Request, context: CallContext) => Promise<Response>
    : never;
};

export interface CallOptions {
  /** Default 2000. */
  readonly deadlineMs?: number;
  /** Aborting it cancels the call, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface StreamOptions {
  /** How long to wait for the first update before the call ends with `DEADLINE_EXCEEDED`. Default 2000. */
  readonly firstUpdateDeadlineMs?: number;
}

/** Called in order; never after `onEnd` or `cancel()`. */
export interface StreamListener<Update> {
  onUpdate(update: Update): void;
  /** The server has ended the call, or an error has. */
  onEnd(error?: Error): void;
}

export interface ClientStream {
  /** Ends the call from this side. Cancelling twice, or after the end, does nothing. */
  cancel(): void;
}

/** A service at one address. Calls fail with the server's `SkeinError`, `DEADLINE_EXCEEDED` or `UNAVAILABLE`. */
export type ServiceClient<Definition extends ServiceDefinition> = {
  readonly [Name in keyof Definition['methods']]: Definition['methods'][Name] extends Method<
    infer Kind,
    infer Request,
    infer Response
  >
    ? Kind extends 'serverStream'
      ? (request: Request, listener: StreamListener<Response>, options?: StreamOptions) => ClientStream
      : (request: Request, options?: CallOptions) => Promise<Response>
    : never;
};
