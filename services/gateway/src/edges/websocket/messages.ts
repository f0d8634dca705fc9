import { clientEnvelope, limits, SkeinError } from '@skein/protocol';
import type { ClientNotification } from '../../participants/client-port.ts';

/** A client's message after its envelope was checked, or the error to answer with. */
export type Incoming =
  | { readonly kind: 'request'; readonly id: string; readonly method: string; readonly data: unknown }
  | { readonly kind: 'rejected'; readonly id: string | null; readonly error: SkeinError };

/** Reads one WebSocket message. `bytes` is only read during the call. */
export function readMessage(bytes: ArrayBuffer, isBinary: boolean): Incoming {
  if (bytes.byteLength > limits.messageBytes) return rejected(tooLarge(bytes.byteLength));
  if (isBinary) return rejected(invalid('message', 'must be text, not binary'));
  let message: unknown;
  try {
    message = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return rejected(invalid('message', 'is not JSON'));
  }
  const parsed = clientEnvelope.safeParse(message);
  if (parsed.success) {
    const { id, method, data } = parsed.data;
    return { kind: 'request', id, method, data: data ?? {} };
  }
  const issue = parsed.error.issues[0];
  const field = ['message', ...(issue?.path ?? [])].map(String).join('.');
  return rejected(invalid(field, issue?.message ?? 'is not allowed'), readableId(message));
}

function rejected(error: SkeinError, id: string | null = null): Incoming {
  return { kind: 'rejected', id, error };
}

function invalid(field: string, problem: string): SkeinError {
  return new SkeinError('INVALID_MESSAGE', `${field}: ${problem}`, { details: { field } });
}

function tooLarge(messageBytes: number): SkeinError {
  const { messageBytes: limitBytes } = limits;
  return new SkeinError('MESSAGE_TOO_LARGE', `a message may have at most ${limitBytes} bytes`, {
    details: { field: 'message', messageBytes, limitBytes },
  });
}

/** The id of a message that is invalid elsewhere, so that the client learns which of its requests failed. */
function readableId(message: unknown): string | null {
  const id = clientEnvelope.shape.id.safeParse((message as { id?: unknown } | null)?.id);
  return id.success ? id.data : null;
}

export function encodeAnswer(id: string, data: unknown): string {
  return JSON.stringify({ id, data });
}

/** `id` is null when the request's own could not be read. */
export function encodeFailure(id: string | null, error: SkeinError): string {
  return JSON.stringify({ id, error: error.toWire() });
}

export function encodeEvent({ type, data, version }: ClientNotification): string {
  return JSON.stringify({ event: type, data, version });
}
