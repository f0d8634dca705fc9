import type { SessionEvent } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { Session } from '../sessions/session.ts';
import { planMigrations, type MigrationPolicy } from './migration-plan.ts';

export type MigrationReason = 'drain' | 'rebalance';

export interface MigrationsDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly policy: MigrationPolicy;
  readonly notify: (sessionId: string, event: SessionEvent) => void;
}

interface Pending {
  readonly session: Session;
  readonly reason: MigrationReason;
  readonly untilMs: number;
  requests: number;
  lastRequestMs: number;
}

/** Requests the migration of sessions from their gateways, some at a time, until they have moved or their time is over. */
export class Migrations {
  readonly #deps: MigrationsDeps;
  readonly #pending = new Map<string, Pending>();
  #wake: Disposable | undefined;
  #closed = false;

  constructor(deps: MigrationsDeps) {
    this.#deps = deps;
  }

  /** Migrates these sessions within `withinMs`. This reason replaces an earlier one. */
  add(sessions: readonly Session[], reason: MigrationReason, withinMs: number): void {
    const untilMs = this.#deps.clock.monotonicMs() + withinMs;
    for (const session of sessions) {
      const { requests = 0, lastRequestMs = 0 } = this.#pending.get(session.ref.sessionId) ?? {};
      this.#pending.set(session.ref.sessionId, { session, reason, untilMs, requests, lastRequestMs });
    }
    this.#plan();
  }

  /** To be called when a session has ended: the next migration may start. */
  sessionEnded({ ref }: Session): void {
    if (this.#pending.delete(ref.sessionId)) this.#plan();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.[Symbol.dispose]();
    this.#pending.clear();
  }

  #plan(): void {
    if (this.#closed) return;
    const { clock, policy } = this.#deps;
    const nowMs = clock.monotonicMs();
    for (const [sessionId, { untilMs }] of this.#pending)
      if (untilMs <= nowMs) this.#pending.delete(sessionId);
    const views = [...this.#pending].map(([sessionId, { session, requests, lastRequestMs }]) => ({
      ...{ sessionId, requests, lastRequestMs },
      room: session.room,
      leaving: session.leaving,
    }));
    const { request, wakeAtMs } = planMigrations(views, nowMs, policy);
    for (const sessionId of request) this.#request(sessionId, nowMs);
    this.#wake?.[Symbol.dispose]();
    this.#wake =
      wakeAtMs === undefined ? undefined : clock.after(Math.max(1, wakeAtMs - nowMs), () => this.#plan());
  }

  #request(sessionId: string, nowMs: number): void {
    const pending = this.#pending.get(sessionId);
    if (!pending) return;
    pending.requests++;
    pending.lastRequestMs = nowMs;
    const { log, notify } = this.#deps;
    const { session, reason, untilMs, requests } = pending;
    log.info(
      { event: 'migration.requested', room: session.room, sessionId, reason, requests },
      'the migration of a session was requested',
    );
    notify(sessionId, { event: 'moveRequested', data: { reason, deadlineMs: Math.round(untilMs - nowMs) } });
  }
}
