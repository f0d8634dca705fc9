import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { errorCodes, errorStatus, grpcStatus, SkeinError, text, type WireError } from '@skein/protocol';
import { z } from 'zod';
import { RpcError } from '../errors.ts';
import { codeOfStatus, statusName } from '../status-mapping.ts';

/** The metadata entry that carries a `WireError` as JSON; `-bin` entries may hold any text. */
const ERROR_KEY = 'skein-error-bin';
// HTTP/2 peers accept 8-16 KiB of headers in all.
const MAX_ERROR_BYTES = 4096;
const MAX_MESSAGE_LENGTH = 512;

const wireError = z.object({
  code: z.enum(errorCodes),
  message: text(),
  details: z.record(text(), z.union([text(), z.number(), z.boolean()])).optional(),
  retryAfterMs: z.number().optional(),
});

/** An error on the wire: a gRPC status for every client, and the whole error in the metadata for ours. */
export function statusFor(error: SkeinError): { code: number; details: string; metadata: Metadata } {
  const metadata = new Metadata();
  metadata.set(ERROR_KEY, encode(error.toWire()));
  const details = error.message.slice(0, MAX_MESSAGE_LENGTH);
  return { code: grpcStatus[errorStatus[error.code].grpc], details, metadata };
}

function encode(wire: WireError): Buffer {
  const whole = Buffer.from(JSON.stringify(wire));
  if (whole.byteLength <= MAX_ERROR_BYTES) return whole;
  const { details: _tooLong, ...rest } = wire;
  return Buffer.from(JSON.stringify({ ...rest, message: wire.message.slice(0, MAX_MESSAGE_LENGTH) }));
}

/** The call that failed, for the message of an error that gRPC made itself. */
export interface FailedCall {
  /** Such as `PipeService.openPipe`. */
  readonly method: string;
  readonly deadlineMs: number;
}

/** The error that a call failed with. gRPC's own texts hold addresses, so they stay in the cause. */
export function errorOf(failure: ServiceError, { method, deadlineMs }: FailedCall): SkeinError {
  const sent = decode(failure.metadata?.get(ERROR_KEY)[0]);
  if (sent) return SkeinError.fromWire(sent);
  const code = codeOfStatus[statusName(failure.code)];
  switch (code) {
    case 'DEADLINE_EXCEEDED':
      return RpcError.noAnswer(method, deadlineMs, failure);
    case 'UNAVAILABLE':
      return RpcError.unavailable(method, failure);
    case 'MESSAGE_TOO_LARGE':
      return RpcError.tooLarge(method, failure);
    default:
      return RpcError.status(code, method, statusName(failure.code), failure);
  }
}

function decode(entry: unknown): WireError | undefined {
  if (!Buffer.isBuffer(entry)) return undefined;
  try {
    return wireError.safeParse(JSON.parse(entry.toString())).data;
  } catch {
    return undefined;
  }
}
