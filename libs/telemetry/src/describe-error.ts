/** An error in a log line. */
export interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly details?: unknown;
  readonly stack?: string;
  readonly cause?: DescribedError;
}

const MAX_CAUSES = 5;
const MAX_TEXT = 2_000;
const MAX_STACK = 4_000;

/** Anything thrown, with its chain of causes (at most 5), long texts cut. Never throws. */
export function describeError(thrown: unknown): DescribedError {
  return describe(thrown, MAX_CAUSES);
}

function describe(thrown: unknown, causesLeft: number): DescribedError {
  if (!(thrown instanceof Error)) return { type: typeof thrown, message: cut(String(thrown), MAX_TEXT) };
  const { code, details, cause } = thrown as Error & { code?: unknown; details?: unknown };
  return {
    type: thrown.name,
    message: cut(thrown.message, MAX_TEXT),
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(details !== undefined && { details }),
    ...(thrown.stack !== undefined && { stack: cut(thrown.stack, MAX_STACK) }),
    ...(cause !== undefined && causesLeft > 0 && { cause: describe(cause, causesLeft - 1) }),
  };
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
