import { SkeinError, type ErrorCode } from '@skein/protocol';

/** Errors of gRPC calls, as callers and handlers get them. gRPC's own texts hold addresses, so they stay in the cause. */
export const RpcError = {
  unavailable: (peer: string, cause?: unknown): SkeinError => SkeinError.unavailable(peer, cause),
  noAnswer: (method: string, deadlineMs: number, cause?: unknown): SkeinError =>
    SkeinError.deadline(method, deadlineMs, cause),
  /** This server closes. Retryable, at another one. */
  closing: (): SkeinError => SkeinError.unavailable('this server'),
  channelsClosed: (): SkeinError => SkeinError.unavailable('a peer whose connections were closed'),
  cannotListen: (port: number, cause: unknown): SkeinError =>
    new SkeinError('UNAVAILABLE', `cannot listen on gRPC port ${port}`, { cause }),
  callerGone: (): SkeinError => new SkeinError('UNAVAILABLE', 'the caller has gone'),
  callEnded: (): SkeinError => new SkeinError('UNAVAILABLE', 'the call has ended'),
  slowCaller: (unsent: number): SkeinError =>
    new SkeinError('SLOW_CONSUMER', `more than ${unsent} updates wait for the caller`),
  requestUnreadable: (): SkeinError => SkeinError.invalidArgument('request', 'is not of its message type'),
  answerUnreadable: (method: string, cause: unknown): SkeinError =>
    new SkeinError('INTERNAL', `${method} gave an answer that this version does not understand`, { cause }),
  tooLarge: (method: string, cause: unknown): SkeinError =>
    new SkeinError('MESSAGE_TOO_LARGE', `a message of ${method} is larger than allowed`, { cause }),
  /** A status that gRPC itself made, or a peer that is not ours. */
  status: (code: ErrorCode, method: string, status: string, cause: unknown): SkeinError =>
    new SkeinError(code, `${method} failed with gRPC status ${status}`, { cause }),
};
