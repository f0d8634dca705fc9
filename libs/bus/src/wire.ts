import { errorCodes, SkeinError, type WireError } from '@skein/protocol';
import { BusError } from './errors.ts';

/** An answer on the wire: data or an error. */
type Reply = { readonly data?: unknown } | { readonly error: WireError };

const utf8 = new TextEncoder();

/** A payload as it is sent. Fails `MESSAGE_TOO_LARGE` when it has more than `maxBytes`. */
export function encodeData(data: unknown, maxBytes: number): Uint8Array {
  const payload = utf8.encode(JSON.stringify(data ?? null));
  if (payload.length > maxBytes) throw SkeinError.tooLarge('the message', payload.length, maxBytes);
  return payload;
}

export function decodeData(text: string): unknown {
  return JSON.parse(text);
}

/** An event's payload, or `undefined` after `onTooLarge` was called. */
export function encodeEvent(
  data: unknown,
  maxBytes: number,
  onTooLarge: (error: SkeinError) => void,
): Uint8Array | undefined {
  try {
    return encodeData(data, maxBytes);
  } catch (error) {
    if (!(error instanceof SkeinError)) throw error;
    onTooLarge(error);
    return undefined;
  }
}

/** An answer as it is sent. Fails `MESSAGE_TOO_LARGE` when it has more than `maxBytes`. */
export function encodeAnswer(data: unknown, maxBytes: number): Uint8Array {
  const payload = utf8.encode(JSON.stringify({ data } satisfies Reply));
  if (payload.length > maxBytes) throw SkeinError.tooLarge('the answer', payload.length, maxBytes);
  return payload;
}

/** Always short: codes, messages and details are the cluster's own. */
export function encodeFailure(thrown: unknown): Uint8Array {
  return utf8.encode(JSON.stringify({ error: SkeinError.from(thrown).toWire() } satisfies Reply));
}

/** The answer's data. Throws the error that the server answered, or `INTERNAL` for a text that is no answer. */
export function decodeReply(text: string): unknown {
  const reply = parseReply(text);
  if ('error' in reply) throw SkeinError.fromWire(reply.error);
  return reply.data;
}

function parseReply(text: string): Reply {
  let reply: unknown;
  try {
    reply = JSON.parse(text);
  } catch (cause) {
    throw BusError.answerUnreadable(cause);
  }
  if (typeof reply !== 'object' || reply === null) throw BusError.answerUnreadable();
  if ('error' in reply) return { error: knownError(reply.error) };
  return reply;
}

/** A newer peer may know codes that this build does not. */
function knownError(error: unknown): WireError {
  const wire = error as Partial<WireError> | null;
  if (typeof wire?.code !== 'string' || typeof wire.message !== 'string') throw BusError.answerUnreadable();
  return (errorCodes as readonly string[]).includes(wire.code)
    ? (wire as WireError)
    : { ...(wire as WireError), code: 'INTERNAL' };
}
