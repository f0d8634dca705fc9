export type Listener<Payload> = (payload: Payload) => void;

/**
 * Typed events: `Events` maps each event's name to its payload. A listener that throws never keeps the
 * others from being called; what it threw goes to `onListenerError`.
 */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>();
  readonly #onListenerError: (error: unknown, event: keyof Events) => void;

  constructor(onListenerError: (error: unknown, event: keyof Events) => void = reportLater) {
    this.#onListenerError = onListenerError;
  }

  /** Calls `listener` on every `event`; dispose the result to stop. */
  on<Name extends keyof Events>(event: Name, listener: Listener<Events[Name]>): Disposable {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener as Listener<never>));
    return { [Symbol.dispose]: () => listeners.delete(listener as Listener<never>) };
  }

  emit<Name extends keyof Events>(event: Name, payload: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        (listener as Listener<Events[Name]>)(payload);
      } catch (error) {
        this.#onListenerError(error, event);
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}

function reportLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
