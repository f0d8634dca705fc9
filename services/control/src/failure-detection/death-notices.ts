import type { Bus } from '@skein/bus';
import { subjects, type NodeDeath } from '@skein/protocol';
import type { Clock } from '@skein/runtime';

const REPEAT_EVERY_MS = 1000;
const REPEATS = 10;

/** Publishes deaths: at once and, since the bus may lose a message, each second for 10 s. */
export class DeathNotices {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #running = new Set<Disposable>();

  constructor({ bus, clock }: { bus: Bus; clock: Clock }) {
    this.#bus = bus;
    this.#clock = clock;
  }

  publish(death: NodeDeath): void {
    this.#send(death);
    let left = REPEATS;
    const timer = this.#clock.every(REPEAT_EVERY_MS, () => {
      this.#send(death);
      if (--left > 0) return;
      timer[Symbol.dispose]();
      this.#running.delete(timer);
    });
    this.#running.add(timer);
  }

  stop(): void {
    for (const timer of this.#running) timer[Symbol.dispose]();
    this.#running.clear();
  }

  #send(death: NodeDeath): void {
    this.#bus.publish(subjects.nodeDead(death.nodeId), death);
  }
}
