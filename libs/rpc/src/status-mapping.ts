import type { ErrorCode } from '@skein/protocol';

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

/**
 * The gRPC status of each of our codes. The exact code travels beside it; the status is for clients that only
 * know gRPC: whether to retry, whether the request or the state is at fault.
 */
export const statusOfCode: Readonly<Record<ErrorCode, GrpcStatusName>> = {
  INVALID_MESSAGE: 'INVALID_ARGUMENT',
  MESSAGE_TOO_LARGE: 'RESOURCE_EXHAUSTED',
  UNKNOWN_METHOD: 'UNIMPLEMENTED',
  INVALID_ARGUMENT: 'INVALID_ARGUMENT',
  UNSUPPORTED_PROTOCOL: 'FAILED_PRECONDITION',
  NOT_JOINED: 'FAILED_PRECONDITION',
  ALREADY_JOINED: 'FAILED_PRECONDITION',
  JOIN_TIMEOUT: 'DEADLINE_EXCEEDED',
  ROOM_FULL: 'RESOURCE_EXHAUSTED',
  NO_NODE_AVAILABLE: 'UNAVAILABLE',
  NODE_NOT_FOUND: 'NOT_FOUND',
  ROOM_NOT_FOUND: 'NOT_FOUND',
  STALE_EPOCH: 'FAILED_PRECONDITION',
  SUPERSEDED: 'FAILED_PRECONDITION',
  SESSION_NOT_FOUND: 'NOT_FOUND',
  TRACK_NOT_FOUND: 'NOT_FOUND',
  SUBSCRIPTION_NOT_FOUND: 'NOT_FOUND',
  OWN_TRACK: 'FAILED_PRECONDITION',
  PERMISSION_DENIED: 'PERMISSION_DENIED',
  RTP_PARAMETERS_REJECTED: 'INVALID_ARGUMENT',
  INCOMPATIBLE_CODECS: 'FAILED_PRECONDITION',
  TRANSPORT_STATE: 'FAILED_PRECONDITION',
  LIMIT_EXCEEDED: 'RESOURCE_EXHAUSTED',
  TOO_MANY_REQUESTS: 'RESOURCE_EXHAUSTED',
  SLOW_CONSUMER: 'RESOURCE_EXHAUSTED',
  DEADLINE_EXCEEDED: 'DEADLINE_EXCEEDED',
  UNAVAILABLE: 'UNAVAILABLE',
  PIPE_FAILED: 'FAILED_PRECONDITION',
  INTERNAL: 'INTERNAL',
};

/**
 * The code for an error that gRPC itself made, or a peer that is not ours. Without more knowledge a status that says
 * the peer cannot be reached or gave up is `UNAVAILABLE`, one that says something about its insides is `INTERNAL`.
 */
export const codeOfStatus: Readonly<Record<GrpcStatusName, ErrorCode>> = {
  OK: 'INTERNAL',
  CANCELLED: 'UNAVAILABLE',
  UNKNOWN: 'INTERNAL',
  INVALID_ARGUMENT: 'INVALID_ARGUMENT',
  DEADLINE_EXCEEDED: 'DEADLINE_EXCEEDED',
  NOT_FOUND: 'INTERNAL',
  ALREADY_EXISTS: 'INTERNAL',
  PERMISSION_DENIED: 'INTERNAL',
  // gRPC's own: a message over the limit.
  RESOURCE_EXHAUSTED: 'MESSAGE_TOO_LARGE',
  FAILED_PRECONDITION: 'INTERNAL',
  ABORTED: 'UNAVAILABLE',
  OUT_OF_RANGE: 'INVALID_ARGUMENT',
  UNIMPLEMENTED: 'UNKNOWN_METHOD',
  INTERNAL: 'INTERNAL',
  UNAVAILABLE: 'UNAVAILABLE',
  DATA_LOSS: 'INTERNAL',
  UNAUTHENTICATED: 'INTERNAL',
};

export function statusName(status: number): GrpcStatusName {
  const found = Object.entries(grpcStatus).find(([, number]) => number === status);
  return (found?.[0] as GrpcStatusName | undefined) ?? 'UNKNOWN';
}
