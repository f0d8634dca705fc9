import type { ClientErrorCode, SkeinClientError } from './client-error.ts';

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5000;

/** Errors that a retry does not fix. */
const FINAL: ReadonlySet<ClientErrorCode> = new Set<ClientErrorCode>([
  'INVALID_MESSAGE',
  'INVALID_ARGUMENT',
  'UNKNOWN_METHOD',
  'OWN_TRACK',
  'INCOMPATIBLE_CODECS',
  'STALE_EPOCH',
  'SESSION_NOT_FOUND',
  'CONNECTION_LOST',
  'ROOM_CLOSED',
  'ABORTED',
  'BROWSER_UNSUPPORTED',
]);

/**
 * Delay before a request about a track is retried after `failures` consecutive failures (at least 1), in milliseconds; undefined
 * when a retry is useless. A track of the room may not have reached this client's node yet.
 */
export function retryDelayMs(error: SkeinClientError, failures: number): number | undefined {
  if (FINAL.has(error.code)) return undefined;
  return Math.min(LONGEST_RETRY_MS, Math.max(error.retryAfterMs ?? 0, FIRST_RETRY_MS * 2 ** (failures - 1)));
}
