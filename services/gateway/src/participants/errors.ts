import { clientMethods, limits, PROTOCOL_VERSION, SkeinError } from '@skein/protocol';
import type { SessionEndReason } from '@skein/protocol';

/** The errors that a connection itself answers with. */
export const refusals = {
  unknownMethod(method: string): SkeinError {
    const known = Object.keys(clientMethods).join(', ');
    return new SkeinError('UNKNOWN_METHOD', `there is no method of that name; known are ${known}`, {
      details: { field: 'message.method', method },
    });
  },
  unsupportedProtocol(offered: number): SkeinError {
    return new SkeinError(
      'UNSUPPORTED_PROTOCOL',
      `the client speaks protocol version ${offered}, this gateway ${PROTOCOL_VERSION}; use a matching client`,
      { details: { field: 'data.protocolVersion', offered, supported: PROTOCOL_VERSION } },
    );
  },
  notJoined(method: string): SkeinError {
    return new SkeinError('NOT_JOINED', `join a room first; ${method} is for participants`, {
      details: { method },
    });
  },
  alreadyJoined(): SkeinError {
    return new SkeinError('ALREADY_JOINED', 'a socket joins once; open another one to join again');
  },
  sessionOver(reason: SessionEndReason): SkeinError {
    return new SkeinError(
      'STALE_EPOCH',
      `this session is over (${reason}); open another socket to join again`,
      {
        details: { reason },
      },
    );
  },
  takenOver(): SkeinError {
    return new SkeinError('STALE_EPOCH', 'another join with this identity took over');
  },
  sessionGone(): SkeinError {
    return new SkeinError('SESSION_NOT_FOUND', 'the media node of this session is gone; join again');
  },
  sessionReplaced(): SkeinError {
    return new SkeinError(
      'STALE_EPOCH',
      'this is for a session that another one has replaced; see sessionMoved',
    );
  },
  resumedElsewhere(): SkeinError {
    return new SkeinError('STALE_EPOCH', 'this session was resumed over another socket');
  },
  /** The session's media was lost; the gateway has another one made. */
  recovering(cause?: unknown): SkeinError {
    return new SkeinError('UNAVAILABLE', 'the session is being moved; sessionMoved will follow', {
      retryAfterMs: 500,
      cause,
    });
  },
  pageNotHeld(version: number): SkeinError {
    return SkeinError.invalidArgument(
      'data.version',
      `no page of version ${version} is held here any more; sync from version 0`,
    );
  },
  tooManyRequests(): SkeinError {
    const { requestsInFlight: limit } = limits;
    return new SkeinError(
      'TOO_MANY_REQUESTS',
      `at most ${limit} requests of a socket may wait for their answers`,
      { details: { limit }, retryAfterMs: 100 },
    );
  },
  /** A loop of changes or reads. The answer is held back a little, so that a client that repeats at once is slowed. */
  tooOften(method: string, perSecond: number, retryAfterMs: number): SkeinError {
    return new SkeinError(
      'TOO_MANY_REQUESTS',
      `${method} was asked for too often; ask again in ${retryAfterMs} ms, and only for the last wish`,
      { details: { method, perSecond }, retryAfterMs },
    );
  },
  nodeChoice(): SkeinError {
    return new SkeinError(
      'PERMISSION_DENIED',
      'data.nodeId: this gateway chooses the media node; leave the field out, or set SKEIN_GATEWAY_NODE_CHOICE=true',
      { details: { field: 'data.nodeId' } },
    );
  },
  joinTimeout(): SkeinError {
    return new SkeinError(
      'JOIN_TIMEOUT',
      `no join succeeded within ${limits.joinDeadlineMs} ms of connecting`,
    );
  },
  /** Nobody hears it; it ends what ran for the socket. */
  socketClosed(): SkeinError {
    return new SkeinError('UNAVAILABLE', 'the socket closed meanwhile');
  },
  slowConsumer(): SkeinError {
    return new SkeinError('SLOW_CONSUMER', 'messages came faster than they were read; reconnect and sync');
  },
} as const;
