import { closeCodes } from './close-codes.ts';
import type { ErrorCode } from './errors.ts';

/** gRPC status codes, as the gRPC specification numbers them. */
export const grpcStatus = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;
export type GrpcStatusName = keyof typeof grpcStatus;

/** How an error shows on each wire. The exact code travels beside the status; the status serves peers that know only the wire. */
export interface ErrorStatus {
  /** `no`: the same request fails again. `yes`: it may succeed later. `newSocket`: connect, then `resume` or `join`. */
  readonly retry: 'no' | 'yes' | 'newSocket';
  readonly grpc: Exclude<GrpcStatusName, 'OK'>;
  /** RFC 9110 §15 and RFC 6585. */
  readonly http: number;
  /** The close code when this error ends the connection (RFC 6455 §7.4). `none`: the connection stays. */
  readonly webSocket: number | 'none';
}

/** The status of every error code on every wire. `docs/errors.md` shows it; a test compares the two. */
export const errorStatus: Readonly<Record<ErrorCode, ErrorStatus>> = {
  INVALID_MESSAGE: { retry: 'no', grpc: 'INVALID_ARGUMENT', http: 400, webSocket: 'none' },
  MESSAGE_TOO_LARGE: {
    retry: 'no',
    grpc: 'RESOURCE_EXHAUSTED',
    http: 413,
    webSocket: closeCodes.messageTooLarge,
  },
  UNKNOWN_METHOD: { retry: 'no', grpc: 'UNIMPLEMENTED', http: 404, webSocket: 'none' },
  INVALID_ARGUMENT: { retry: 'no', grpc: 'INVALID_ARGUMENT', http: 400, webSocket: 'none' },
  UNSUPPORTED_PROTOCOL: { retry: 'no', grpc: 'FAILED_PRECONDITION', http: 400, webSocket: 'none' },
  NOT_JOINED: { retry: 'no', grpc: 'FAILED_PRECONDITION', http: 409, webSocket: 'none' },
  ALREADY_JOINED: { retry: 'no', grpc: 'FAILED_PRECONDITION', http: 409, webSocket: 'none' },
  JOIN_TIMEOUT: {
    retry: 'newSocket',
    grpc: 'DEADLINE_EXCEEDED',
    http: 408,
    webSocket: closeCodes.joinTimeout,
  },
  ROOM_FULL: { retry: 'yes', grpc: 'RESOURCE_EXHAUSTED', http: 429, webSocket: 'none' },
  NO_NODE_AVAILABLE: { retry: 'yes', grpc: 'UNAVAILABLE', http: 503, webSocket: 'none' },
  NODE_NOT_FOUND: { retry: 'no', grpc: 'NOT_FOUND', http: 404, webSocket: 'none' },
  ROOM_NOT_FOUND: { retry: 'no', grpc: 'NOT_FOUND', http: 404, webSocket: 'none' },
  STALE_EPOCH: { retry: 'newSocket', grpc: 'FAILED_PRECONDITION', http: 409, webSocket: 'none' },
  SUPERSEDED: { retry: 'no', grpc: 'FAILED_PRECONDITION', http: 409, webSocket: 'none' },
  SESSION_NOT_FOUND: { retry: 'newSocket', grpc: 'NOT_FOUND', http: 404, webSocket: 'none' },
  TRACK_NOT_FOUND: { retry: 'no', grpc: 'NOT_FOUND', http: 404, webSocket: 'none' },
  SUBSCRIPTION_NOT_FOUND: { retry: 'no', grpc: 'NOT_FOUND', http: 404, webSocket: 'none' },
  OWN_TRACK: { retry: 'no', grpc: 'FAILED_PRECONDITION', http: 409, webSocket: 'none' },
  PERMISSION_DENIED: { retry: 'no', grpc: 'PERMISSION_DENIED', http: 403, webSocket: 'none' },
  RTP_PARAMETERS_REJECTED: { retry: 'no', grpc: 'INVALID_ARGUMENT', http: 400, webSocket: 'none' },
  INCOMPATIBLE_CODECS: { retry: 'no', grpc: 'FAILED_PRECONDITION', http: 409, webSocket: 'none' },
  TRANSPORT_STATE: { retry: 'no', grpc: 'FAILED_PRECONDITION', http: 409, webSocket: 'none' },
  LIMIT_EXCEEDED: { retry: 'no', grpc: 'RESOURCE_EXHAUSTED', http: 429, webSocket: 'none' },
  TOO_MANY_REQUESTS: { retry: 'yes', grpc: 'RESOURCE_EXHAUSTED', http: 429, webSocket: 'none' },
  SLOW_CONSUMER: {
    retry: 'newSocket',
    grpc: 'RESOURCE_EXHAUSTED',
    http: 429,
    webSocket: closeCodes.slowConsumer,
  },
  DEADLINE_EXCEEDED: { retry: 'yes', grpc: 'DEADLINE_EXCEEDED', http: 504, webSocket: 'none' },
  UNAVAILABLE: { retry: 'yes', grpc: 'UNAVAILABLE', http: 503, webSocket: 'none' },
  PIPE_FAILED: { retry: 'yes', grpc: 'FAILED_PRECONDITION', http: 502, webSocket: 'none' },
  INTERNAL: { retry: 'no', grpc: 'INTERNAL', http: 500, webSocket: 'none' },
};
