/** Bounds how many tasks run at once; the others wait in order. Its callers bound how many wait: one task for each client. */
export class Semaphore {
  readonly #permits: number;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(permits: number) {
    this.#permits = permits;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Resolves with a permit, which is returned when it is disposed. Rejects when `signal` aborts first. */
  async acquire(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#running < this.#permits) this.#running++;
    else await this.#wait(signal);
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (isHeld) this.#release();
        isHeld = false;
      },
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.#waiting.delete(begin);
        reject(signal.reason as Error);
      };
      this.#waiting.add(begin);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** Passes the permit to the task that waits longest. */
  #release(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#running--;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
