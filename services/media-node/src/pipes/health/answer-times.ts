/** Margin beyond the usual time, for a node that is busy now and then. */
const MARGIN_MS = 200;
const MARGIN_TIMES = 2;
/**
 * Answers missed in a row after which the usual time is forgotten, because the line may have become slow. More than the
 * detection of a broken pipe takes, which would otherwise wait for the longest deadline.
 */
const FORGET_AFTER_MISSED = 10;
const WEIGHT = 0.25;

interface AnswerTime {
  /** `undefined`: unknown, or forgotten. */
  usualMs: number | undefined;
  missed: number;
}

/** The usual answer times of other nodes, so that the silence of a near node is noticed before that of a far one. */
export class AnswerTimes {
  readonly #maxMs: number;
  readonly #times = new Map<string, AnswerTime>();

  /** `maxMs`: the longest deadline, and the one for unknown nodes. */
  constructor(maxMs: number) {
    this.#maxMs = maxMs;
  }

  /** The deadline for the next answer: the usual time and a margin. */
  deadlineMs(nodeId: string): number {
    const { usualMs } = this.#of(nodeId);
    return usualMs === undefined ? this.#maxMs : Math.min(this.#maxMs, MARGIN_MS + MARGIN_TIMES * usualMs);
  }

  /** 0 while it is unknown. */
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

  /** Forgets all other nodes. */
  keepOnly(nodeIds: { has(nodeId: string): boolean }): void {
    for (const nodeId of this.#times.keys()) if (!nodeIds.has(nodeId)) this.#times.delete(nodeId);
  }

  #of(nodeId: string): AnswerTime {
    return this.#times.get(nodeId) ?? { usualMs: undefined, missed: 0 };
  }
}
