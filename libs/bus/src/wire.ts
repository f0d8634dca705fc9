import { errorCodes, SkeinError, type WireError } from '@skein/protocol';

/** How an answer travels: what was asked for, or why not. */
type Reply = { readonly data?: unknown } | { readonly error: WireError };

export function encodeData(data: unknown): string {
  return JSON.stringify(data ?? null);
}

export function decodeData(text: string): unknown {
  return JSON.parse(text);
}

export function encodeAnswer(data: unknown): string {
  return JSON.stringify({ data } satisfies Reply);
}

export function encodeFailure(thrown: unknown): string {
  return JSON.stringify({ error: SkeinError.from(thrown).toWire() } satisfies Reply);
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
