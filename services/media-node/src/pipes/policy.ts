import type { Backoff } from '../retry/backoff.ts';

export interface PipePolicy {
  /** How long an idle pipe is kept for the next need. */
  readonly lingerMs: number;
  readonly openDeadlineMs: number;
  readonly closeDeadlineMs: number;
  /** How long a pull may take until its first update. */
  readonly pullDeadlineMs: number;
  /** Between tries of what failed, while it is needed. */
  readonly backoff: Backoff;
}

export const defaultPipePolicy: PipePolicy = {
  lingerMs: 5000,
  openDeadlineMs: 2000,
  closeDeadlineMs: 1000,
  pullDeadlineMs: 2000,
  backoff: { baseMs: 100, maxMs: 5000 },
};
