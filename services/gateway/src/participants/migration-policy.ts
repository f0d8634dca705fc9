import type { MoveMode } from './participant-state.ts';

/** A participant without a session is tried to be placed for so long, not counting the time without a store or a bus. */
export const REBUILD_DEADLINE_MS = 30_000;
/** Nodes that fail are followed by others at once so many times; then there is something else wrong, and a wait. */
const AT_ONCE = 2;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2000;

export interface MoveFailureFacts {
  readonly mode: MoveMode;
  /** The store has raised the epoch: the earlier session is void, whatever comes of this. */
  readonly placed: boolean;
  /** The store was asked and did not answer: it may have raised the epoch. */
  readonly unsure: boolean;
  /** Attempts that failed, counting from 1. */
  readonly attempts: number;
  /** Time since the first attempt during which store and bus were there. */
  readonly spentMs: number;
}

export type AfterFailure =
  | { readonly do: 'giveUp'; readonly outcome: 'notBegun' | 'givenUp' }
  | { readonly do: 'retry'; readonly afterMs: number };

/** What to do after an attempt to move a client has failed. `afterMs` is to be jittered. */
export function afterFailure({ mode, placed, unsure, attempts, spentMs }: MoveFailureFacts): AfterFailure {
  if (mode === 'switch' && !placed && !unsure) return { do: 'giveUp', outcome: 'notBegun' };
  if (spentMs >= REBUILD_DEADLINE_MS) return { do: 'giveUp', outcome: 'givenUp' };
  if (attempts <= AT_ONCE && placed) return { do: 'retry', afterMs: 0 };
  return { do: 'retry', afterMs: Math.min(FIRST_WAIT_MS * 2 ** Math.min(attempts - 1, 10), LONGEST_WAIT_MS) };
}
