import { backoff } from '@skein/runtime/backoff';
import type { Random } from '@skein/runtime/random';
import type { ClientErrorCode } from '../errors/client-error.ts';

const FIRST_DELAY_MS = 100;
const roundDelayMs = backoff({ firstMs: FIRST_DELAY_MS, maxMs: 5000 });

/** Errors of a handshake that no further attempt fixes. */
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

/** Whether the error concerns this gateway only, so that another one may answer. */
export function mayAnotherGatewayHelp(code: ClientErrorCode): boolean {
  return code === 'GATEWAY_UNREACHABLE' || code === 'CONNECTION_LOST' || code === 'DEADLINE_EXCEEDED';
}

/** Whether the session is over for good, while its participant may join again. */
export function isSessionOver(code: ClientErrorCode): boolean {
  return code === 'SESSION_NOT_FOUND' || code === 'STALE_EPOCH';
}

/**
 * Delay before a gateway is tried after `failures` consecutive failures, in milliseconds. The first attempt starts within 100 ms,
 * with jitter so that the clients of a lost gateway do not arrive together. Each round over all `addresses` doubles the delay, up
 * to 5 s.
 */
export function handshakeDelayMs(
  failures: number,
  addresses: number,
  retryAfterMs: number | undefined,
  random: Random,
): number {
  if (failures === 0) return FIRST_DELAY_MS * random();
  const round = Math.floor(failures / addresses);
  const delayMs = roundDelayMs(round + 1) * (0.5 + random() / 2);
  return Math.max(delayMs, (retryAfterMs ?? 0) * (1 + random() / 4));
}
