import type { SessionEvent } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { Session } from '../sessions/session.ts';
import { planMoves, type MovePolicy } from './migration-plan.ts';

export type MoveReason = 'drain' | 'rebalance';

export interface MovesParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly policy: MovePolicy;
  readonly tell: (sessionId: string, event: SessionEvent) => void;
}

interface Wanted {
  readonly session: Session;
  readonly reason: MoveReason;
  readonly untilMs: number;
  timesAsked: number;
  lastAskedMs: number;
}

/** Asks the gateways to move sessions elsewhere, some at a time, until they have or their time is over. */
export class Moves {
  readonly #parts: MovesParts;
  readonly #wanted = new Map<string, Wanted>();
  #wake: Disposable | undefined;
  #closed = false;

  constructor(parts: MovesParts) {
    this.#parts = parts;
  }

  /** These are to move within `withinMs`. One that was to move for another reason does so for this one now. */
  want(sessions: readonly Session[], reason: MoveReason, withinMs: number): void {
    const untilMs = this.#parts.clock.monotonicMs() + withinMs;
    for (const session of sessions) {
      const { timesAsked = 0, lastAskedMs = 0 } = this.#wanted.get(session.name.sessionId) ?? {};
      this.#wanted.set(session.name.sessionId, { session, reason, untilMs, timesAsked, lastAskedMs });
    }
    this.#plan();
  }

  /** To be called when a session has ended: the next one may be asked. */
  ended({ name }: Session): void {
    if (this.#wanted.delete(name.sessionId)) this.#plan();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.[Symbol.dispose]();
    this.#wanted.clear();
  }

  #plan(): void {
    if (this.#closed) return;
    const { clock, policy } = this.#parts;
    const nowMs = clock.monotonicMs();
    for (const [sessionId, { untilMs }] of this.#wanted) if (untilMs <= nowMs) this.#wanted.delete(sessionId);
    const views = [...this.#wanted].map(([sessionId, { session, timesAsked, lastAskedMs }]) => ({
      ...{ sessionId, timesAsked, lastAskedMs },
      room: session.room,
      leaving: session.leaving,
    }));
    const { ask, wakeAtMs } = planMoves(views, nowMs, policy);
    for (const sessionId of ask) this.#ask(sessionId, nowMs);
    this.#wake?.[Symbol.dispose]();
    this.#wake =
      wakeAtMs === undefined ? undefined : clock.after(Math.max(1, wakeAtMs - nowMs), () => this.#plan());
  }

  #ask(sessionId: string, nowMs: number): void {
    const wanted = this.#wanted.get(sessionId);
    if (!wanted) return;
    wanted.timesAsked++;
    wanted.lastAskedMs = nowMs;
    const { log, tell } = this.#parts;
    const { session, reason, untilMs, timesAsked } = wanted;
    log.info({ room: session.room, sessionId, reason, timesAsked }, 'a session is asked to move elsewhere');
    tell(sessionId, { event: 'moveRequested', data: { reason, deadlineMs: Math.round(untilMs - nowMs) } });
  }
}
