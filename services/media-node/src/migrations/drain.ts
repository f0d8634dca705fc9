import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { Session } from '../sessions/session.ts';
import type { Migrations } from './migrations.ts';

/** Interval at which a drain checks whether it is over. */
const CHECK_EVERY_MS = 100;
/** How long no other node may be ready before a drain that needs one gives up. */
export const ALONE_FOR_MS = 3000;

export interface DrainDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly migrations: Migrations;
  readonly sessions: () => readonly Session[];
  /** Whether another node takes sessions. */
  readonly hasOtherNodes: () => boolean;
}

/** How a drain ended: no session left, its time was over, or there was no other node to move to. */
export type DrainEnd = 'empty' | 'deadline' | 'alone';

/** Migrates all sessions of the node. Runs once; when requested again, the earlier deadline counts. */
export class Drain {
  readonly #deps: DrainDeps;
  readonly #end = Promise.withResolvers<DrainEnd>();
  #untilMs = Infinity;
  #aloneSinceMs: number | undefined;
  #givesUpAlone = false;
  #checking: Disposable | undefined;

  constructor(deps: DrainDeps) {
    this.#deps = deps;
  }

  get begun(): boolean {
    return this.#untilMs < Infinity;
  }

  /** `givesUpAlone`: ends at once without another node, and soon after the last other node has gone. */
  begin({ withinMs, givesUpAlone }: { withinMs: number; givesUpAlone: boolean }): Promise<DrainEnd> {
    const { clock, log, migrations, sessions, hasOtherNodes } = this.#deps;
    const nowMs = clock.monotonicMs();
    const alreadyAlone = givesUpAlone && !hasOtherNodes();
    if (alreadyAlone) this.#aloneSinceMs = nowMs - ALONE_FOR_MS;
    this.#givesUpAlone ||= givesUpAlone;
    this.#untilMs = Math.min(this.#untilMs, nowMs + withinMs);
    log.info(
      { event: 'drain.started', sessions: sessions().length, withinMs, alreadyAlone },
      'a drain of this node began',
    );
    if (!alreadyAlone) migrations.add(sessions(), 'drain', this.#untilMs - nowMs);
    this.#checking ??= clock.every(CHECK_EVERY_MS, () => this.#check());
    this.#check();
    return this.#end.promise;
  }

  #check(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (this.#deps.hasOtherNodes()) this.#aloneSinceMs = undefined;
    else this.#aloneSinceMs ??= nowMs;
    const end = this.#endNow(nowMs);
    if (!end) return;
    this.#checking?.[Symbol.dispose]();
    this.#deps.log.info(
      { event: 'drain.ended', reason: end, sessions: this.#deps.sessions().length },
      'the drain of this node ended',
    );
    this.#end.resolve(end);
  }

  #endNow(nowMs: number): DrainEnd | undefined {
    if (this.#deps.sessions().length === 0) return 'empty';
    if (nowMs >= this.#untilMs) return 'deadline';
    const alone = this.#aloneSinceMs !== undefined && nowMs >= this.#aloneSinceMs + ALONE_FOR_MS;
    return this.#givesUpAlone && alone ? 'alone' : undefined;
  }
}
