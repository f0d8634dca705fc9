import { clientMethods, limits, PROTOCOL_VERSION, type SessionEndReason, SkeinError } from '@skein/protocol';

/** The errors that the gateway itself answers with. */
export const GatewayError = {
  unknownMethod: (method: string): SkeinError =>
    new SkeinError('UNKNOWN_METHOD', `unknown method; known are ${Object.keys(clientMethods).join(', ')}`, {
      details: { field: 'message.method', method },
    }),
  unsupportedProtocol: (offered: number): SkeinError =>
    new SkeinError(
      'UNSUPPORTED_PROTOCOL',
      `the client speaks protocol version ${offered}, this gateway ${PROTOCOL_VERSION}; use a matching client`,
      { details: { field: 'data.protocolVersion', offered, supported: PROTOCOL_VERSION } },
    ),
  notJoined: (method: string): SkeinError =>
    new SkeinError('NOT_JOINED', `join a room first; ${method} is for participants`, { details: { method } }),
  alreadyJoined: (): SkeinError =>
    new SkeinError('ALREADY_JOINED', 'a socket joins once; open another one to join again'),
  sessionOver: (reason: SessionEndReason): SkeinError =>
    new SkeinError('STALE_EPOCH', `this session is over (${reason}); open another socket to join again`, {
      details: { reason },
    }),
  takenOver: (): SkeinError => new SkeinError('STALE_EPOCH', 'another join with this identity took over'),
  sessionGone: (): SkeinError =>
    new SkeinError('SESSION_NOT_FOUND', 'the media node of this session is gone; join again'),
  sessionReplaced: (): SkeinError =>
    new SkeinError('STALE_EPOCH', 'another session has replaced this one; see sessionMoved'),
  resumedElsewhere: (): SkeinError =>
    new SkeinError('STALE_EPOCH', 'this session was resumed over another socket'),
  /** The session's media was lost; the gateway is placing another one. */
  recovering: (cause?: unknown): SkeinError =>
    new SkeinError('UNAVAILABLE', 'the session is being moved; sessionMoved will follow', {
      retryAfterMs: 500,
      cause,
    }),
  pageNotHeld: (version: number): SkeinError =>
    SkeinError.invalidArgument(
      'data.version',
      `the pages of version ${version} are no longer held here; sync from version 0`,
    ),
  tooManyRequests: (): SkeinError => {
    const { requestsInFlight: limit } = limits;
    return new SkeinError('TOO_MANY_REQUESTS', `a socket may have at most ${limit} requests in flight`, {
      details: { limit },
      retryAfterMs: 100,
    });
  },
  /** A loop of changes or reads. The answer is delayed a little, which slows a client that repeats at once. */
  tooOften: (method: string, perSecond: number, retryAfterMs: number): SkeinError =>
    new SkeinError(
      'TOO_MANY_REQUESTS',
      `${method} was called too often; retry in ${retryAfterMs} ms, with the latest value only`,
      { details: { method, perSecond }, retryAfterMs },
    ),
  nodeChoice: (): SkeinError =>
    new SkeinError(
      'PERMISSION_DENIED',
      'data.nodeId: this gateway chooses the media node; leave the field out, or set SKEIN_GATEWAY_NODE_CHOICE=true',
      { details: { field: 'data.nodeId' } },
    ),
  joinTimeout: (): SkeinError =>
    new SkeinError('JOIN_TIMEOUT', `no join succeeded within ${limits.joinDeadlineMs} ms of connecting`),
  /** Ends the work under way for a client; it does not reach the client. */
  socketClosed: (): SkeinError => new SkeinError('UNAVAILABLE', 'the socket closed meanwhile'),
  slowConsumer: (): SkeinError =>
    new SkeinError('SLOW_CONSUMER', 'messages came faster than they were read; reconnect and sync'),
} as const;
