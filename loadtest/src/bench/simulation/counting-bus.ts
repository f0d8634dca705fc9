import type { Bus, BusStatus, BusSubscription } from '@skein/bus';
import { SkeinError } from '@skein/protocol';

type Deliver = (data: unknown, subject: string) => void;

/** NATS' part inside one process, for thousands of connections: it counts what NATS would take in and give out. */
export class CountingHub {
  /** Messages that were sent, answers as well. */
  published = 0;
  /** Messages that were given to somebody, each time. */
  delivered = 0;
  readonly #exact = new Map<string, Set<Deliver>>();
  readonly #patterns = new Set<{ readonly pattern: RegExp; readonly deliver: Deliver }>();
  readonly #servers = new Map<string, (data: unknown) => Promise<unknown>>();

  connect(): Bus {
    return {
      status: { state: 'connected' } satisfies BusStatus,
      maxPayloadBytes: 1024 * 1024,
      publish: (subject, data) => this.#publish(subject, data),
      subscribe: (subject, handler) => this.#subscribe(subject, handler),
      request: async (subject, data) => {
        const serve = this.#servers.get(subject);
        if (!serve) throw SkeinError.unavailable('the peer');
        const answer = await serve(data);
        // The question and its answer.
        this.published += 2;
        this.delivered += 2;
        return answer;
      },
      serve: (subject, handler): BusSubscription => {
        this.#servers.set(subject, handler);
        return { close: () => this.#servers.delete(subject) };
      },
      ensure: () => Promise.resolve(),
      flush: () => Promise.resolve(),
      onRecovered: () => ({ [Symbol.dispose]: () => {} }),
      close: () => Promise.resolve(),
    };
  }

  #publish(subject: string, data: unknown): void {
    this.published++;
    queueMicrotask(() => {
      const patterns = [...this.#patterns].filter(({ pattern }) => pattern.test(subject));
      const all = [...(this.#exact.get(subject) ?? []), ...patterns.map(({ deliver }) => deliver)];
      this.delivered += all.length;
      for (const deliver of all) deliver(data, subject);
    });
  }

  #subscribe(subject: string, deliver: Deliver): BusSubscription {
    if (subject.includes('*')) {
      const pattern = new RegExp(`^${subject.replaceAll('.', '\\.').replaceAll('*', '[^.]+')}$`);
      const listener = { pattern, deliver };
      this.#patterns.add(listener);
      return { close: () => this.#patterns.delete(listener) };
    }
    const listeners = this.#exact.get(subject) ?? new Set();
    this.#exact.set(subject, listeners.add(deliver));
    return { close: () => listeners.delete(deliver) };
  }
}
