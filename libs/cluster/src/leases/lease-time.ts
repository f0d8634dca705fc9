import { SkeinError } from '@skein/protocol';

const LEASE_MS = { min: 500, max: 60_000 };

/** Whole milliseconds. Fails with `INVALID_ARGUMENT` for a lease of less than 500 ms or more than a minute. */
export function leaseTimeMs(ttlMs: number): number {
  if (!(ttlMs >= LEASE_MS.min && ttlMs <= LEASE_MS.max)) {
    throw SkeinError.invalidArgument('ttlMs', `must be ${LEASE_MS.min} to ${LEASE_MS.max}`);
  }
  return Math.round(ttlMs);
}
