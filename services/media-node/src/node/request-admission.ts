import { SkeinError } from '@skein/protocol';

/** A quarter of what the bus lets a node serve at once: up to here a session may have as many requests as the protocol lets it. */
const PRESSED_FROM = 1024;
/** Beyond that, only so many: what is left of the node's requests is for the others. */
const FAIR_SHARE = 4;
const RETRY_AFTER_MS = 200;

/**
 * Keeps some sessions from using up the requests that a node serves at once, such as by subscribing to tracks that take
 * seconds to come: while many requests run, each session may have a few.
 */
export class Admission {
  readonly #running = new Map<string, number>();
  #total = 0;

  /** Requests that run now. */
  get total(): number {
    return this.#total;
  }

  /** Runs a request of a session. Fails `TOO_MANY_REQUESTS` when the session has its share already. */
  async run<Answer>(sessionId: string, request: () => Promise<Answer>): Promise<Answer> {
    const own = this.#running.get(sessionId) ?? 0;
    if (this.#total >= PRESSED_FROM && own >= FAIR_SHARE) throw pressed();
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

function pressed(): SkeinError {
  return new SkeinError(
    'TOO_MANY_REQUESTS',
    `the media node is busy: ${FAIR_SHARE} requests of a session may wait at once; try again`,
    { details: { limit: FAIR_SHARE }, retryAfterMs: RETRY_AFTER_MS },
  );
}
