/** Beyond its usual time, which a busy node needs now and then. */
const MARGIN_MS = 200;
const MARGIN_TIMES = 2;
/**
 * Answers missed in a row after which the usual time says nothing any more: the line may have become slow. More than it takes
 * to find a pipe broken, which would wait for the longest deadline.
 */
const FORGET_AFTER_MISSED = 10;
const WEIGHT = 0.25;

interface AnswerTime {
  /** `undefined`: not known, or not any more. */
  usualMs: number | undefined;
  missed: number;
}

/** How long other nodes take to answer, so that a near one's silence is noticed before a far one's. */
export class AnswerTimes {
  readonly #maxMs: number;
  readonly #times = new Map<string, AnswerTime>();

  /** `maxMs`: the longest deadline, and the one for nodes of which nothing is known. */
  constructor(maxMs: number) {
    this.#maxMs = maxMs;
  }

  /** How long the next answer may take: the usual time and a margin. */
  deadlineMs(nodeId: string): number {
    const { usualMs } = this.#of(nodeId);
    return usualMs === undefined ? this.#maxMs : Math.min(this.#maxMs, MARGIN_MS + MARGIN_TIMES * usualMs);
  }

  /** 0 while it is not known. */
  usualMs(nodeId: string): number {
    return this.#of(nodeId).usualMs ?? 0;
  }

  answered(nodeId: string, tookMs: number): void {
    const { usualMs = tookMs } = this.#of(nodeId);
    this.#times.set(nodeId, { usualMs: usualMs + (tookMs - usualMs) * WEIGHT, missed: 0 });
  }

  missed(nodeId: string): void {
    const { usualMs, missed } = this.#of(nodeId);
    const now = missed + 1;
    this.#times.set(nodeId, { usualMs: now < FORGET_AFTER_MISSED ? usualMs : undefined, missed: now });
  }

  /** The other nodes are asked nothing any more. */
  keepOnly(nodeIds: { has(nodeId: string): boolean }): void {
    for (const nodeId of this.#times.keys()) if (!nodeIds.has(nodeId)) this.#times.delete(nodeId);
  }

  #of(nodeId: string): AnswerTime {
    return this.#times.get(nodeId) ?? { usualMs: undefined, missed: 0 };
  }
}
