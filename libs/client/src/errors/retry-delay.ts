import { backoff } from '@skein/runtime/backoff';
import type { ClientErrorCode, SkeinClientError } from './client-error.ts';

const MAX_RETRY_DELAY_MS = 5000;
const backoffMs = backoff({ firstMs: 250, maxMs: MAX_RETRY_DELAY_MS });

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
  return Math.min(MAX_RETRY_DELAY_MS, Math.max(error.retryAfterMs ?? 0, backoffMs(failures)));
}
