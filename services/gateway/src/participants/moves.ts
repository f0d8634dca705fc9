import type { RoomPublisher, RoomStore } from '@skein/cluster';
import type { Bus } from '@skein/bus';
import type { Clock, IdSource, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { NodeChoice } from './node-choice.ts';
import type { SessionEndings } from '../media-sessions/session-closer.ts';
import type { Openings } from '../media-sessions/session-opener.ts';
import { Move } from './migration.ts';
import type { MoveOrder } from './migration.ts';
import { Turns } from './semaphore.ts';

export interface MoveDeps {
  readonly bus: Bus;
  readonly store: RoomStore;
  readonly news: RoomPublisher;
  readonly choice: NodeChoice;
  readonly openings: Openings;
  readonly endings: SessionEndings;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdSource;
  readonly log: Logger;
  readonly maxParticipants: number;
}

/** Attempts of this gateway that run at once; others wait for their turn. */
export const MOVES_AT_ONCE = 16;

/** Places clients of this gateway again, on other nodes, while they stay where they are. */
export class Moves {
  readonly #deps: MoveDeps;
  readonly #turns = new Turns(MOVES_AT_ONCE);

  constructor(deps: MoveDeps) {
    this.#deps = deps;
  }

  /** Moves that wait for their turn. */
  get waiting(): number {
    return this.#turns.waiting;
  }

  /** Begins to move a client. At most one move of a client runs at a time. */
  start(order: MoveOrder): Move {
    return new Move(order, this.#turns, this.#deps);
  }
}
