import { CapacityError, type Resource, type ResourceCounts } from './limits.ts';

/** Counts the resources in use on one worker, or the node. Counting is synchronous, so that a burst cannot exceed a limit. */
export class CapacityLedger {
  readonly limits: ResourceCounts;
  readonly #scope: 'node' | 'worker';
  readonly #parent: CapacityLedger | undefined;
  readonly #counts: Record<Resource, number> = {
    sessions: 0,
    rooms: 0,
    transports: 0,
    tracks: 0,
    subscriptions: 0,
  };

  constructor(scope: 'node' | 'worker', limits: ResourceCounts, parent?: CapacityLedger) {
    this.#scope = scope;
    this.limits = limits;
    this.#parent = parent;
  }

  get counts(): ResourceCounts {
    return this.#counts;
  }

  /** Counts one more here and for the node. Fails `LIMIT_EXCEEDED`, and counts nothing, when either is full. */
  take(resource: Resource): Disposable {
    this.check(resource);
    return this.add(resource);
  }

  /** Counts one more regardless of the limit, for example a pipe that running sessions depend on. */
  add(resource: Resource): Disposable {
    const parent = this.#parent?.add(resource);
    this.#counts[resource]++;
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.#counts[resource]--;
        parent?.[Symbol.dispose]();
      },
    };
  }

  /** Fails `LIMIT_EXCEEDED` when there is no capacity for one more. */
  check(resource: Resource): void {
    this.#parent?.check(resource);
    const limit = this.limits[resource];
    if (this.#counts[resource] >= limit) throw CapacityError.full(this.#scope, resource, limit);
  }
}
