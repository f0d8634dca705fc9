import { grpcStatus, type ErrorCode, type GrpcStatusName } from '@skein/protocol';

/**
 * The code of an error that gRPC itself made, or a peer that is not ours: `UNAVAILABLE` for a status about reachability,
 * `INTERNAL` for one about the peer's inner state.
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
