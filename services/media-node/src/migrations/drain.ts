import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { Session } from '../sessions/session.ts';
import type { Moves } from './migrations.ts';

/** How often it is looked whether the node is empty, or its time over. */
const CHECK_EVERY_MS = 100;
/** For how long no other node may be ready before a drain that needs one gives up. */
export const ALONE_FOR_MS = 3000;

export interface DrainParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly moves: Moves;
  readonly sessions: () => readonly Session[];
  /** Whether another node could take them. */
  readonly elsewhere: () => boolean;
}

/** How a drain ended: nobody was left, its time was over, or there was no other node to move to. */
export type DrainEnd = 'empty' | 'deadline' | 'alone';

/** Empties the node: its sessions move elsewhere. Once only; asked again, the earlier deadline counts. */
export class Drain {
  readonly #parts: DrainParts;
  readonly #end = Promise.withResolvers<DrainEnd>();
  #untilMs = Infinity;
  #aloneSinceMs: number | undefined;
  #givesUpAlone = false;
  #checking: Disposable | undefined;

  constructor(parts: DrainParts) {
    this.#parts = parts;
  }

  get begun(): boolean {
    return this.#untilMs < Infinity;
  }

  /** `givesUpAlone`: ends at once without another node, and soon when the last other one goes. */
  begin({ withinMs, givesUpAlone }: { withinMs: number; givesUpAlone: boolean }): Promise<DrainEnd> {
    const { clock, log, moves, sessions, elsewhere } = this.#parts;
    const nowMs = clock.monotonicMs();
    const alreadyAlone = givesUpAlone && !elsewhere();
    if (alreadyAlone) this.#aloneSinceMs = nowMs - ALONE_FOR_MS;
    this.#givesUpAlone ||= givesUpAlone;
    this.#untilMs = Math.min(this.#untilMs, nowMs + withinMs);
    log.info({ sessions: sessions().length, withinMs, alreadyAlone }, 'draining');
    if (!alreadyAlone) moves.want(sessions(), 'drain', this.#untilMs - nowMs);
    this.#checking ??= clock.every(CHECK_EVERY_MS, () => this.#check());
    this.#check();
    return this.#end.promise;
  }

  #check(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    if (this.#parts.elsewhere()) this.#aloneSinceMs = undefined;
    else this.#aloneSinceMs ??= nowMs;
    const end = this.#endNow(nowMs);
    if (!end) return;
    this.#checking?.[Symbol.dispose]();
    this.#parts.log.info({ reason: end, sessions: this.#parts.sessions().length }, 'drained');
    this.#end.resolve(end);
  }

  #endNow(nowMs: number): DrainEnd | undefined {
    if (this.#parts.sessions().length === 0) return 'empty';
    if (nowMs >= this.#untilMs) return 'deadline';
    const alone = this.#aloneSinceMs !== undefined && nowMs >= this.#aloneSinceMs + ALONE_FOR_MS;
    return this.#givesUpAlone && alone ? 'alone' : undefined;
  }
}
