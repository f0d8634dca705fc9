import type { MigrationMode } from './participant-state.ts';

/** Longest search for a node for a participant without a session, not counting the time without a store or a bus. */
export const REBUILD_DEADLINE_MS = 30_000;
/** Immediate retries on other nodes before backing off. */
const IMMEDIATE_RETRIES = 2;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2000;

export interface FailedAttempt {
  readonly mode: MigrationMode;
  /** The store has raised the epoch: the earlier session is void in any case. */
  readonly placed: boolean;
  /** The store did not answer: it may have raised the epoch. */
  readonly unsure: boolean;
  /** Failed attempts, counting from 1. */
  readonly attempts: number;
  /** Time since the first attempt during which store and bus were there. */
  readonly spentMs: number;
}

export type AfterFailure =
  | { readonly kind: 'giveUp'; readonly failure: 'notBegun' | 'givenUp' }
  | { readonly kind: 'retry'; readonly afterMs: number };

/** What to do after an attempt to move a client has failed. The caller jitters `afterMs`. */
export function planRetry({ mode, placed, unsure, attempts, spentMs }: FailedAttempt): AfterFailure {
  if (mode === 'switch' && !placed && !unsure) return { kind: 'giveUp', failure: 'notBegun' };
  if (spentMs >= REBUILD_DEADLINE_MS) return { kind: 'giveUp', failure: 'givenUp' };
  if (attempts <= IMMEDIATE_RETRIES && placed) return { kind: 'retry', afterMs: 0 };
  return {
    kind: 'retry',
    afterMs: Math.min(FIRST_WAIT_MS * 2 ** Math.min(attempts - 1, 10), LONGEST_WAIT_MS),
  };
}
