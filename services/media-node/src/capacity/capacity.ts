import { CapacityLedger } from './ledger.ts';
import {
  blocksSession,
  CapacityError,
  shareInUse,
  type CapacityLimits,
  type ResourceCounts,
  type SessionNeeds,
} from './limits.ts';

/** The resources in use on this node and each of its workers, against their hard limits. */
export class Capacity {
  readonly #limits: CapacityLimits;
  readonly #node: CapacityLedger;
  readonly #facts: () => Pick<ResourceCounts, 'sessions' | 'rooms'>;

  /** `facts`: the present sessions and rooms, counted by their owners. */
  constructor(limits: CapacityLimits, facts: () => Pick<ResourceCounts, 'sessions' | 'rooms'>) {
    this.#limits = limits;
    this.#node = new CapacityLedger('node', { ...limits.node, sessions: Infinity, rooms: Infinity });
    this.#facts = facts;
  }

  /** The ledger of one start of a worker. */
  workerLedger(): CapacityLedger {
    return new CapacityLedger('worker', this.#limits.worker, this.#node);
  }

  /** Fails `LIMIT_EXCEEDED` when the node has no capacity for one more session. */
  checkSession(needs: SessionNeeds): void {
    const { node } = this.#limits;
    const resource = blocksSession(this.#counts, node, needs);
    if (resource) throw CapacityError.full('node', resource, node[resource]);
  }

  /** The highest share in use of a limit of the node; 1: it takes no more. */
  get share(): number {
    return shareInUse(this.#counts, this.#limits.node);
  }

  get #counts(): ResourceCounts {
    return { ...this.#node.counts, ...this.#facts() };
  }
}
