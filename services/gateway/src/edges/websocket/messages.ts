import { clientEnvelope, limits, SkeinError } from '@skein/protocol';
import type { ClientEvent, ClientEventName } from '@skein/protocol';

/** A client's message after its outer form was checked, or why it was refused and whom to tell. */
export type Incoming =
  | { readonly outcome: 'request'; readonly id: string; readonly method: string; readonly data: unknown }
  | { readonly outcome: 'refused'; readonly id: string | null; readonly error: SkeinError };

/** Reads one WebSocket message. `bytes` is only looked at during the call. */
export function readMessage(bytes: ArrayBuffer, isBinary: boolean): Incoming {
  if (bytes.byteLength > limits.messageBytes) return refused(tooLarge(bytes.byteLength));
  if (isBinary) return refused(invalid('message', 'must be text, not binary'));
  let message: unknown;
  try {
    message = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return refused(invalid('message', 'is not JSON'));
  }
  const parsed = clientEnvelope.safeParse(message);
  if (parsed.success) {
    const { id, method, data } = parsed.data;
    return { outcome: 'request', id, method, data: data ?? {} };
  }
  const issue = parsed.error.issues[0];
  const field = ['message', ...(issue?.path ?? [])].map(String).join('.');
  return refused(invalid(field, issue?.message ?? 'is not allowed'), readableId(message));
}

function refused(error: SkeinError, id: string | null = null): Incoming {
  return { outcome: 'refused', id, error };
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

/** The id of a message that is wrong elsewhere, so that the caller learns which of its requests failed. */
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

export function encodeEvent<Name extends ClientEventName>(
  event: Name,
  data: ClientEvent<Name>,
  version?: number,
): string {
  return JSON.stringify({ event, data, version });
}
