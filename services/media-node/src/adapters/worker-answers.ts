import { SkeinError } from '@skein/protocol';
import type { Clock } from '@skein/runtime';

/**
 * How long a worker may take for one request. A worker that hangs is found earlier, as a rule, and its end ends what waits
 * for it; beyond that nothing waits for an answer that does not come.
 */
export const ANSWER_DEADLINE_MS = 5000;
const RETRY_AFTER_MS = 500;

/** Deadlines for the requests to one worker: mediasoup itself waits for each answer without end. */
export class WorkerAnswers {
  readonly #clock: Clock;
  readonly #gone: () => boolean;
  #count = 0;

  /** `gone`: whether the worker has died or was closed. */
  constructor(clock: Clock, gone: () => boolean) {
    this.#clock = clock;
    this.#gone = gone;
  }

  /** Answers so far. Requests that mediasoup rejects without the worker do not count. */
  get count(): number {
    return this.#count;
  }

  /**
   * The answer. Fails `DEADLINE_EXCEEDED` when there is none within `ANSWER_DEADLINE_MS`, `UNAVAILABLE` when the worker is
   * gone, else as mediasoup does. `discard` gets what comes after that.
   */
  async to<Answer>(request: Promise<Answer>, discard?: (late: Answer) => void): Promise<Answer> {
    try {
      return await inTime(this.#clock, ANSWER_DEADLINE_MS, this.#counted(request), discard);
    } catch (error) {
      throw this.#gone() ? SkeinError.unavailable('the media worker', error, RETRY_AFTER_MS) : error;
    }
  }

  async #counted<Answer>(request: Promise<Answer>): Promise<Answer> {
    const answer = await request;
    this.#count++;
    return answer;
  }
}

/** Fails `DEADLINE_EXCEEDED` after `deadlineMs`; `discard` gets what comes later than that. */
export async function inTime<Answer>(
  clock: Clock,
  deadlineMs: number,
  request: Promise<Answer>,
  discard?: (late: Answer) => void,
): Promise<Answer> {
  const over = Promise.withResolvers<never>();
  const timer = clock.after(deadlineMs, () => {
    over.reject(SkeinError.deadline('the media worker', deadlineMs));
    request.then(discard, () => {});
  });
  try {
    return await Promise.race([request, over.promise]);
  } finally {
    timer[Symbol.dispose]();
  }
}
