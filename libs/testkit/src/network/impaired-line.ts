import type { Random } from '@skein/runtime';

/** What a link does to what crosses it, each way; what is absent is 0. */
export interface Impairment {
  /** How long a frame takes. */
  readonly delayMs?: number;
  /** The delay wanders by as much as this, to both sides; at most `delayMs`. */
  readonly jitterMs?: number;
  /** Share of the frames that is lost, each by its own chance; percent. */
  readonly lossPercent?: number;
  /** Each frame has a delay of its own and may overtake others. Default: the order is kept. */
  readonly reorders?: boolean;
}

/** What became of a frame. `no room`: too many waited. */
export type Offered = 'waits' | 'lost' | 'no room';

interface Waiting<Frame> {
  readonly frame: Frame;
  readonly dueMs: number;
}

/** What waits at most, in frames, some seconds of a busy link. What comes then is dropped: the tail, as by a full router. */
export const LINE_FRAMES = 8_192;
// A delay wanders because somebody's queue grows or drains: frames that come close together wait about equally long.
const WANDER_MS = 50;

/** One direction of an impaired link: which frames get through, and when. Times are any monotonic milliseconds. */
export class ImpairedLine<Frame> {
  readonly #random: Random;
  #impairment: Required<Impairment>;
  // By when they are due; what has been taken already lies before `#taken`.
  #waiting: Waiting<Frame>[] = [];
  #taken = 0;
  #wander = { ms: 0, untilMs: -Infinity };

  /** Throws a `RangeError` when the impairment makes no sense. */
  constructor(impairment: Impairment, random: Random) {
    this.#impairment = wholeImpairment(impairment);
    this.#random = random;
  }

  /** When `takeDue` has something again. */
  get nextDueMs(): number | undefined {
    return this.#waiting[this.#taken]?.dueMs;
  }

  /** A frame enters. */
  offer(frame: Frame, nowMs: number): Offered {
    const { lossPercent, reorders, delayMs } = this.#impairment;
    if (this.#random() * 100 < lossPercent) return 'lost';
    if (this.#waiting.length - this.#taken >= LINE_FRAMES) return 'no room';
    const ownMs = nowMs + delayMs + this.#jitterAt(nowMs);
    const lastMs = this.#waiting.at(-1)?.dueMs ?? ownMs;
    if (reorders) this.#insert({ frame, dueMs: ownMs });
    else this.#waiting.push({ frame, dueMs: Math.max(lastMs, ownMs) });
    return 'waits';
  }

  /** What leaves by now, in the order in which it does. */
  takeDue(nowMs: number): Frame[] {
    const from = this.#taken;
    while ((this.nextDueMs ?? Infinity) <= nowMs) this.#taken++;
    const due = this.#waiting.slice(from, this.#taken).map(({ frame }) => frame);
    if (this.#taken * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#taken);
      this.#taken = 0;
    }
    return due;
  }

  /** The link is another one from now on. What waits is due at once. Throws as the constructor. */
  change(impairment: Impairment): void {
    this.#impairment = wholeImpairment(impairment);
    this.#waiting = this.#waiting.slice(this.#taken).map(({ frame }) => ({ frame, dueMs: -Infinity }));
    this.#taken = 0;
    this.#wander = { ms: 0, untilMs: -Infinity };
  }

  #jitterAt(nowMs: number): number {
    const { jitterMs, reorders } = this.#impairment;
    if (reorders || nowMs >= this.#wander.untilMs) {
      this.#wander = { ms: jitterMs * (2 * this.#random() - 1), untilMs: nowMs + WANDER_MS };
    }
    return this.#wander.ms;
  }

  // Few are overtaken, so the place is near the end.
  #insert(entry: Waiting<Frame>): void {
    let at = this.#waiting.length;
    while (at > this.#taken && this.#waiting[at - 1]!.dueMs > entry.dueMs) at--;
    this.#waiting.splice(at, 0, entry);
  }
}

const HIGHEST_DELAY_MS = 10_000;

/** With its defaults. Throws a `RangeError` when it makes no sense. */
export function wholeImpairment(impairment: Impairment): Required<Impairment> {
  const { delayMs = 0, jitterMs = 0, lossPercent = 0, reorders = false } = impairment;
  within('delayMs', delayMs, HIGHEST_DELAY_MS);
  within('jitterMs', jitterMs, delayMs);
  within('lossPercent', lossPercent, 100);
  return { delayMs, jitterMs, lossPercent, reorders };
}

function within(what: string, value: number, highest: number): void {
  if (!(value >= 0 && value <= highest))
    throw new RangeError(`${what} is ${value}, not from 0 to ${highest}`);
}
