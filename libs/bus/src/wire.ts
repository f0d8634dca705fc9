import { errorCodes, SkeinError, type WireError } from '@skein/protocol';

/** How an answer travels: what was asked for, or why not. */
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

/** An event's payload, or `undefined` when it is too large; `onTooLarge` is then told. */
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

/** Short always: codes, messages and details are the cluster's own. */
export function encodeFailure(thrown: unknown): Uint8Array {
  return utf8.encode(JSON.stringify({ error: SkeinError.from(thrown).toWire() } satisfies Reply));
}

/** The answer's data. Throws the error that the server answered, or `INTERNAL` for what is no answer at all. */
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
    throw notAnAnswer(cause);
  }
  if (typeof reply !== 'object' || reply === null) throw notAnAnswer();
  if ('error' in reply) return { error: knownError(reply.error) };
  return reply;
}

/** A newer peer may know codes that this build does not. */
function knownError(error: unknown): WireError {
  const wire = error as Partial<WireError> | null;
  if (typeof wire?.code !== 'string' || typeof wire.message !== 'string') throw notAnAnswer();
  return (errorCodes as readonly string[]).includes(wire.code)
    ? (wire as WireError)
    : { ...(wire as WireError), code: 'INTERNAL' };
}

function notAnAnswer(cause?: unknown): SkeinError {
  return new SkeinError('INTERNAL', 'the answer could not be read', { cause });
}
