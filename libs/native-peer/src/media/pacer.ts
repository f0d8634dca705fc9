import type { Clock } from '@skein/runtime';

/** Recurring work with a due time. */
export interface Paced {
  /** When it is due, on the clock's monotonic time; `due` moves it on. */
  dueMs: number;
  /** Called at `dueMs` or somewhat later; called again until `dueMs` lies ahead. */
  due(nowMs: number): void;
}

const TICK_MS = 2;
const SLOTS = 128;
/** What is due further ahead than the wheel reaches waits in its last slot and is put off again. */
const REACH = SLOTS - 1;
/** A stream that is further behind than this skips to now: a burst of seconds would measure nothing. */
const CATCH_UP_MS = 500;

/** The one timer of a process: a wheel of slots, so that a tick touches only what is due. Late ones are caught up with. */
export class Pacer implements Disposable {
  readonly #clock: Clock;
  readonly #slots: Paced[][] = Array.from({ length: SLOTS }, () => []);
  readonly #members = new Set<Paced>();
  /** Ticks since the clock's zero that have been run. */
  #tick: number;
  #timer: Disposable | undefined;
  #running: Paced[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#tick = Math.floor(clock.monotonicMs() / TICK_MS);
  }

  get size(): number {
    return this.#members.size;
  }

  add(item: Paced): void {
    if (this.#members.size === 0) this.#tick = Math.floor(this.#clock.monotonicMs() / TICK_MS);
    this.#members.add(item);
    this.#place(item);
    this.#timer ??= this.#clock.every(TICK_MS, () => this.run());
  }

  remove(item: Paced): void {
    this.#members.delete(item);
    if (this.#members.size > 0) return;
    for (const slot of this.#slots) slot.length = 0;
    this[Symbol.dispose]();
  }

  /** Does all that is due. The timer calls it. */
  run(): void {
    const nowMs = this.#clock.monotonicMs();
    const last = Math.floor(nowMs / TICK_MS);
    // A stall longer than the wheel passes each slot once.
    if (last - this.#tick > SLOTS) this.#tick = last - SLOTS;
    while (this.#tick < last) {
      this.#tick++;
      const at = this.#tick % SLOTS;
      const items = this.#slots[at] ?? [];
      if (items.length === 0) continue;
      this.#slots[at] = this.#running;
      for (const item of items) this.#runOne(item, nowMs);
      items.length = 0;
      this.#running = items;
    }
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #runOne(item: Paced, nowMs: number): void {
    if (!this.#members.has(item)) return;
    if (nowMs - item.dueMs > CATCH_UP_MS) item.dueMs = nowMs;
    while (item.dueMs <= nowMs && this.#members.has(item)) item.due(nowMs);
    if (this.#members.has(item)) this.#place(item);
  }

  #place(item: Paced): void {
    const dueTick = Math.ceil(item.dueMs / TICK_MS);
    const tick = Math.min(this.#tick + REACH, Math.max(this.#tick + 1, dueTick));
    this.#slots[tick % SLOTS]?.push(item);
  }
}
