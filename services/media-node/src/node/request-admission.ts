import { SkeinError } from '@skein/protocol';

/** A quarter of the requests that the bus serves at once: below it, only the protocol limits the requests of a session. */
const BUSY_FROM = 1024;
/** Requests per session at or above that: the rest of the node's capacity is for the others. */
const FAIR_SHARE = 4;
const RETRY_AFTER_MS = 200;

/**
 * Keeps a few sessions from using up the node's concurrent requests, for example by subscribing to tracks that take
 * seconds to arrive: while many requests run, each session may have only a few.
 */
export class RequestAdmission {
  readonly #running = new Map<string, number>();
  #total = 0;

  /** The number of running requests. */
  get total(): number {
    return this.#total;
  }

  /** Runs a request of a session. Fails `TOO_MANY_REQUESTS` when the session has used its share. */
  async run<Answer>(sessionId: string, request: () => Promise<Answer>): Promise<Answer> {
    const own = this.#running.get(sessionId) ?? 0;
    if (this.#total >= BUSY_FROM && own >= FAIR_SHARE) throw busy();
    this.#total++;
    this.#running.set(sessionId, own + 1);
    try {
      return await request();
    } finally {
      this.#total--;
      const left = (this.#running.get(sessionId) ?? 1) - 1;
      if (left === 0) this.#running.delete(sessionId);
      else this.#running.set(sessionId, left);
    }
  }
}

function busy(): SkeinError {
  return new SkeinError(
    'TOO_MANY_REQUESTS',
    `the media node is busy: ${FAIR_SHARE} requests of a session may wait at once; try again`,
    { details: { limit: FAIR_SHARE }, retryAfterMs: RETRY_AFTER_MS },
  );
}
