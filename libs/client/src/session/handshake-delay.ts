import type { Random } from '@skein/runtime/random';
import type { ClientErrorCode } from '../errors/client-error.ts';

const FIRST_MS = 100;
const LONGEST_MS = 5000;

/** Failures to enter a room that no other attempt mends. */
const FATAL: ReadonlySet<ClientErrorCode> = new Set<ClientErrorCode>([
  'UNSUPPORTED_PROTOCOL',
  'INVALID_ARGUMENT',
  'INVALID_MESSAGE',
  'MESSAGE_TOO_LARGE',
  'UNKNOWN_METHOD',
  'BROWSER_UNSUPPORTED',
  'ABORTED',
  'ROOM_CLOSED',
]);

export function isFatal(code: ClientErrorCode): boolean {
  return FATAL.has(code);
}

/** That this gateway has not answered, which says nothing of the others. */
export function isElsewhereBetter(code: ClientErrorCode): boolean {
  return code === 'GATEWAY_UNREACHABLE' || code === 'CONNECTION_LOST' || code === 'DEADLINE_EXCEEDED';
}

/** That a session is over for good, while its participant may join anew. */
export function isSessionOver(code: ClientErrorCode): boolean {
  return code === 'SESSION_NOT_FOUND' || code === 'STALE_EPOCH';
}

/**
 * How long to wait before a gateway is tried, after `failures` failures in a row. The first try comes within 100 ms, spread so
 * that the clients of a lost gateway don't arrive together; each round over all `addresses` doubles the wait, up to 5 s.
 */
export function entryDelayMs(
  failures: number,
  addresses: number,
  retryAfterMs: number | undefined,
  random: Random,
): number {
  if (failures === 0) return FIRST_MS * random();
  const round = Math.floor(failures / addresses);
  const delayMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** round) * (0.5 + random() / 2);
  return Math.max(delayMs, (retryAfterMs ?? 0) * (1 + random() / 4));
}
